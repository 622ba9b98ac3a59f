"""A unit is sealed anew in a real bucket that locks: former forms stay as long as the server's lock on them, and are gone after it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.backends.blobs.s3.locks import whole_second
from jianlu.core.errors import NotFoundError
from jianlu.core.formats.segment import HEAD_BYTES, read_suite
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.core.terms.suites import Suite
from jianlu.runtime.clock import SystemClock
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.open import open_whole
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.reseal import Holds, UnitResealed, reseal_unit
from jianlu.vault.stores.copying import Named, objects_named
from tests.fakes.eventually import eventually
from tests.fakes.vault.buckets import BucketServer
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs, SteppingClock
from tests.fakes.vault.sale import record_sale, segment
from tests.fakes.vault.stores import said, scrubber, settle, store_of, with_stores

pytestmark = pytest.mark.thorough

BANK, UNIT = tenant_id(TENANT), CaseRef(CASE)
_numbers = itertools.count()


@dataclass
class World:
    """Two objects in the international suite, sealed into the bucket and copied into a dictionary; the home seals in the other suite."""

    using: VaultPorts
    far: S3Blobs
    near: MemoryBlobs
    former: list[Named]

    def reseal(self) -> UnitResealed:
        return reseal_unit(self.using, BANK, UNIT, holds=Holds(self.using, BANK))

    def newer(self) -> list[Named]:
        """The forms that replaced them."""
        return [each for event in said(self.using, EventType.OBJECT_RESEALED) for each in objects_named(event)]

    def kept(self) -> dict[str, int]:
        """Of which names the bucket has bytes, and in how many versions, hidden ones included."""
        return {kept.name: kept.versions for kept in self.far.kept(f"{TENANT}/{CASE}/")}

    def require_open(self) -> None:
        log = open_case_log(self.using, BANK, UNIT)
        assert (log.open_object("plan"), log.open_object("seg-000001")) == (b"PLAINTEXT-OF-PLAN", segment(1))


@contextmanager
def make_world(server: BucketServer, folder: Path) -> Iterator[World]:
    number = next(_numbers)
    far, near = server.blobs("locking", f"resealed/{number}"), MemoryBlobs()
    with memory_vault(f"sqlite:///{folder}/index-{number}.sqlite") as vault:
        first = with_stores(vault, Store("far", "s3+https://far.example/b", far, far), store_of("near", near))
        first = replace(first, clock=SystemClock())
        log = open_case_log(first, BANK, UNIT)
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAINTEXT-OF-PLAN", {"packs": []})
        log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", segment(1), {"no": 1})
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
        settle(scrubber(first))
        former = [named for event in log.events for named in objects_named(event)]
        yield World(replace(first, suite=Suite.SM), far, near, former)


def test_former_forms_stay_while_the_server_locks_them_and_go_when_it_does_no_more(seaweed: BucketServer, tmp_path: Path) -> None:
    """Locks of some seconds; where the machine took longer than that, of more."""
    for seconds in (25, 80, 240):
        with make_world(seaweed, tmp_path) as world:
            until = whole_second(datetime.now(UTC) + timedelta(seconds=seconds))
            for each in world.former:
                world.far.lock(each.place.blob_name, until)
            if _stays_and_goes(world, seaweed, until):
                return
    raise AssertionError("this machine does not seal two objects anew in four minutes")


def _stays_and_goes(world: World, server: BucketServer, until: datetime) -> bool:
    """False when the lock was over before everything was looked at that is true only while it lasts."""
    found = world.reseal()
    old, new = ([each.place.blob_name for each in forms] for forms in (world.former, world.newer()))
    client, places = server.bucket("locking").client, [world.far.bucket.of(name) for name in old]
    refused = 0
    for place in places:
        version = client.head_object(**place)["VersionId"]
        try:
            client.delete_object(**place, VersionId=version)
        except ClientError:
            refused += 1
    opened = (
        [open_whole(each.place, using=world.using, sealed_digest=each.digest) for each in world.former] if refused == 2 else []
    )
    again, kept = world.reseal(), world.kept()
    if datetime.now(UTC) >= until:
        return False
    assert (found, again) == (UnitResealed(2, 0, 2, "lock"), UnitResealed(0, 0, 2, "lock"))
    assert refused == 2 and opened == [b"PLAINTEXT-OF-PLAN", segment(1)], (
        "the server keeps what it locked, and its keys are there"
    )
    assert kept == dict.fromkeys([*old, *new], 1)
    assert all((world.far.locked_until(name) or until) >= until for name in new)
    (retained,) = [event.body for event in said(world.using, EventType.FORMERS_RETAINED)]
    assert (retained["until"], retained["reason"]) == (instant_text(until), "lock")
    world.require_open()

    eventually(lambda: datetime.now(UTC) > until + timedelta(seconds=1), "the end of the locks")
    assert world.reseal() == UnitResealed(0, 2, 0, "")
    assert world.kept() == dict.fromkeys(new, 1), "no version of a former form is left behind a marker"
    assert {read_suite(world.far.get(name, 0, HEAD_BYTES)) for name in new} == {Suite.SM} and set(world.near.contents) >= set(new)
    assert not set(world.near.contents) & set(old)
    for each in world.former:
        with pytest.raises(NotFoundError):
            open_whole(each.place, using=world.using)
    world.require_open()
    assert compare_index(world.using, BANK, UNIT) == []
    settle(scrubber(world.using))
    assert said(world.using, EventType.STORE_COPY_ALARMED) == []
    return True


def test_a_clock_of_ours_that_runs_ahead_of_the_server_s_destroys_keys_and_no_locked_byte(
    seaweed: BucketServer, tmp_path: Path
) -> None:
    """The locks last until the retention ends, and our clock says that it has: the server refuses, and keeps what opens no more."""
    far = seaweed.blobs("locking", f"resealed/{next(_numbers)}")
    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as vault:
        using = with_stores(vault, store_of("here", MemoryBlobs()), store_of("far", far, far))
        log = record_sale(using)
        settle(scrubber(using))
        former = [named for event in log.events for named in objects_named(event)]
        using = replace(using, suite=Suite.SM)
        found = reseal_unit(using, BANK, UNIT, holds=Holds(using, BANK))
        assert (found.objects, found.removed, found.kept, found.reason) == (len(former), 0, len(former), "lock")
        assert isinstance(using.clock, SteppingClock)
        using.clock.moment += timedelta(days=11 * 365)
        assert reseal_unit(using, BANK, UNIT, holds=Holds(using, BANK)) == UnitResealed(0, len(former), 0, "")
        kept = {each.name: each.until for each in far.kept(f"{TENANT}/{CASE}/")}
        assert {str(kept[each.place.blob_name])[:10] for each in former} == {"2036-11-23"}, "the server still keeps them"
        assert len(kept) == 2 * len(former)
        assert not {each.place.blob_name for each in former} & set(far.names(f"{TENANT}/{CASE}/")), "hidden"
        assert not [each for each in former if using.key_blobs.exists(each.place.key_name)]
        assert open_case_log(using, BANK, UNIT).open_object("seg-000002") == segment(2)
        settle(scrubber(using))
        assert said(using, EventType.STORE_COPY_ALARMED) == []
