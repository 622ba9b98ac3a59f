"""A unit moves from one suite to the other: nothing of it is lost, its history stays as it was, and what it was before goes last."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import ConflictError, IntegrityError, NotFoundError, UnavailableError
from jianlu.core.formats.segment import HEAD_BYTES, read_suite
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.entry.leftovers import parts_of, spots_of
from jianlu.entry.resealing import reseal_home
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.custody.chain import lift_hold, new_hold_id, place_hold
from jianlu.vault.keys import custody_chain, open_unit_key, tenant_secret
from jianlu.vault.open import open_whole
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reindex import reindex
from jianlu.vault.reseal import Holds, UnitResealed, reseal_unit
from jianlu.vault.reseals import read_forms
from jianlu.vault.stores.copies import remains_of
from jianlu.vault.stores.copying import Named, objects_named
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs, MemoryLog, SteppingClock
from tests.fakes.vault.sale import destroy, give_up, record_sale, segment
from tests.fakes.vault.stores import DAYS, LockingBlobs, said, scrubber, settle, store_of, with_stores

BANK, UNIT = tenant_id(TENANT), CaseRef(CASE)
OBJECTS = 8


def reseal(using: VaultPorts) -> UnitResealed:
    return reseal_unit(using, BANK, UNIT, holds=Holds(using, BANK))


def sealed(blobs: object) -> dict[str, bytes]:
    assert isinstance(blobs, MemoryBlobs)
    return {name: content for name, content in blobs.contents.items() if f"/{CASE}/" in name}


def suites(blobs: object) -> set[Suite]:
    return {read_suite(content[:HEAD_BYTES]) for content in sealed(blobs).values()}


def plaintexts(log: CaseLog) -> dict[tuple[str, int], bytes]:
    named = [named.place for event in log.events for named in objects_named(event)]
    return {(place.object, place.version): log.open_object(place.object, place.version) for place in named}


class World:
    """A sale sealed in the international suite into `here`, with a copy in `near`."""

    def __init__(self, using: VaultPorts, near: MemoryBlobs) -> None:
        self.here, self.near = MemoryBlobs(), near
        locks = near if isinstance(near, LockingBlobs) else None
        self.first = with_stores(using, store_of("here", self.here), store_of("near", near, locks))
        self.log = record_sale(self.first)
        settle(scrubber(self.first))
        self.plain = plaintexts(self.log)
        self.events = self.log.events
        self.using = replace(self.first, suite=Suite.SM)
        self.custody = open_case_log(self.using, BANK, custody_chain(tenant_secret(self.using, BANK), CASE))


@pytest.fixture
def world(kept_vault: VaultPorts) -> World:
    return World(kept_vault, MemoryBlobs())


@pytest.fixture
def locking(kept_vault: VaultPorts) -> World:
    return World(kept_vault, LockingBlobs())


def test_every_object_is_in_the_other_suite_everywhere_and_its_history_is_as_it_was(world: World) -> None:
    assert reseal(world.using) == UnitResealed(OBJECTS, OBJECTS, 0, "")
    assert suites(world.here) == suites(world.near) == {Suite.SM}
    assert sealed(world.here) == sealed(world.near) and len(sealed(world.here)) == OBJECTS
    records = {name: json.loads(record)["suite"] for name, record in sealed(world.using.key_blobs).items()}
    assert len(records) == OBJECTS + 1 and set(records.values()) == {"SM4-GCM"}
    reader = open_case_log(world.using, BANK, CASE)
    assert reader.events == world.events and plaintexts(reader) == world.plain
    assert reader.open_object_range("seg-000002", 5, 100) == segment(2)[5:105]
    assert b"".join(reader.open_object_stream("seg-000003")) == segment(3)
    assert plaintexts(world.log) == world.plain  # who had it open before goes on
    bodies = [event.body for event in said(world.using, EventType.OBJECT_RESEALED)]
    named = {each.place.object: each for event in world.events for each in objects_named(event)}
    assert [(body["of"], body["was"], body["bytes"]) for body in bodies] == [
        (CASE, named[body["object"]].digest, named[body["object"]].bytes) for body in bodies
    ]
    assert {(body["from"], body["to"]) for body in bodies} == {(Suite.INTERNATIONAL.value, Suite.SM.value)}
    size = world.using.ledger.size
    assert reseal(world.using) == UnitResealed(0, 0, 0, "") and world.using.ledger.size == size


def test_it_moves_back_and_forth(world: World) -> None:
    for suite in (Suite.SM, Suite.INTERNATIONAL, Suite.SM):
        assert reseal(replace(world.using, suite=suite)).removed == OBJECTS
        assert suites(world.here) == {suite}
        assert plaintexts(open_case_log(world.using, BANK, CASE)) == world.plain
    assert {each.form for each in read_forms(world.using, BANK, CASE).newest.values()} == {3}


def test_index_and_scrub_know_it(world: World) -> None:
    reseal(world.using)
    assert compare_index(world.using, BANK, UNIT) == []
    assert reindex(world.using).objects_gone == 0
    settle(scrubber(world.using))
    assert isinstance(world.using.clock, SteppingClock)
    world.using.clock.moment += timedelta(days=DAYS)
    victim = next(iter(sealed(world.near)))
    del world.near.contents[victim]
    settle(scrubber(world.using))
    assert len(said(world.using, EventType.STORE_COPY_ALARMED)) == 1 and sealed(world.near) == sealed(world.here)
    assert {event.body["lost"] for event in said(world.using, EventType.STORE_SCRUB_COMPLETED)} == {0}


def test_an_object_whose_newest_form_is_nowhere_counts_as_missing(world: World) -> None:
    reseal(world.using)
    lost = next(iter(sealed(world.here)))
    for blobs in (world.here, world.near):
        del blobs.contents[lost]
    assert reindex(world.using).objects_gone == 1
    with pytest.raises(NotFoundError):
        plaintexts(open_case_log(world.using, BANK, CASE))


def test_a_home_leaves_open_cases_and_names_what_fails_and_goes_on_with_the_others(world: World) -> None:
    """One closed case, one open, one given up, one altered, and the custody chain of the first: each by its own rule."""
    hold, clock = new_hold_id(), world.first.clock
    custody = open_case_log(world.first, BANK, world.custody.case)
    place_hold(custody, CASE, hold=hold, matter="a matter", reason="a reason", by="a", using=world.first, clock=clock)
    lift_hold(custody, CASE, hold, reason="it is over", by="a", second="b", request="r", clock=clock)
    running, ended, bad = (open_case_log(world.first, BANK, f"c{'b3' * 12}{end}2") for end in "bcd")
    for log in (running, ended, bad):
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAINTEXT-OF-PLAN", {"packs": []})
    ended.abandon("broken_source")
    bad.append(EventType.CASE_CLOSED, {"events": 2})
    name = f"{BANK}/{bad.case}/plan.v1.sealed"
    world.here.contents[name] = world.here.contents[name][:-1] + b"x"
    steps: list[tuple[int, int]] = []
    done = reseal_home(world.using, BANK, lambda at, due: steps.append((at, due)))
    assert (done.units, done.open, done.destroyed, set(done.failed), done.is_whole) == (2, 1, 1, {bad.case}, False)
    assert done.objects == done.removed == OBJECTS + 2 and steps[0] == (0, 5) and steps[-1] == (5, 5)
    assert suites(world.here) == {Suite.SM} and running.open_object("plan") == b"PLAINTEXT-OF-PLAN"
    running.append(EventType.CASE_CLOSED, {"events": running.next_n + 1})
    again = reseal_home(world.using, BANK, lambda at, due: None)
    assert (again.units, again.open, again.objects, set(again.failed)) == (3, 0, 1, {bad.case})


def test_destruction_leaves_neither_form_that_opens(world: World) -> None:
    reseal(world.using)
    forms = [each for event in said(world.using, EventType.OBJECT_RESEALED) for each in objects_named(event)]
    firsts = [each for event in world.events for each in objects_named(event)]
    destroy(open_case_log(world.using, BANK, CASE), world.using)
    assert remains_of(world.using, f"{BANK}/{CASE}/") == []
    assert [name for name in sealed(world.using.key_blobs) if not name.endswith("/shredded")] == []
    for each in (*forms, *firsts):
        with pytest.raises((NotFoundError, ConflictError)):
            open_whole(each.place, using=world.using)
    with pytest.raises(ConflictError):
        reseal(world.using)


def test_the_places_that_a_destruction_clears_hold_every_form(world: World, tmp_path: Path) -> None:
    reseal(world.using)
    parts = parts_of(UNIT, world.events, BANK)
    spots = {each.place: each for each in spots_of(UNIT, parts, home=tmp_path, tenant=BANK, vault=world.using)}
    assert (spots["openings"].left(), spots["objects"].left()) == (OBJECTS, 2 * OBJECTS)
    give_up(world.using)
    spots["keys"].clear()
    assert [spots[name].left() for name in ("keys", "objects", "openings")] == [0, 0, 0]


def test_while_a_hold_stands_everything_former_stays_and_is_declared(world: World) -> None:
    before, keys = sealed(world.here), sealed(world.using.key_blobs)
    hold = new_hold_id()
    place_hold(
        world.custody, CASE, hold=hold, matter="a matter", reason="a reason", by="a", using=world.using, clock=world.using.clock
    )
    for _ in range(2):
        found = reseal(world.using)
        assert (found.removed, found.kept, found.reason) == (0, OBJECTS, "hold")
    assert before.items() <= sealed(world.here).items()
    assert {name for name in keys if not name.endswith("unit.key")} <= set(sealed(world.using.key_blobs))
    (kept,) = [event.body for event in said(world.using, EventType.FORMERS_RETAINED)]
    assert kept == {"of": CASE, "objects": OBJECTS, "reason": "hold"}
    for event in world.events:
        for each in objects_named(event):
            assert open_whole(each.place, using=world.using, sealed_digest=each.digest)
    settle(scrubber(world.using))
    assert said(world.using, EventType.STORE_COPY_ALARMED) == []
    lift_hold(world.custody, CASE, hold, reason="it is over", by="a", second="b", request="r", clock=world.using.clock)
    assert reseal(world.using) == UnitResealed(0, OBJECTS, 0, "") and suites(world.here) == {Suite.SM}


def test_what_a_store_locks_stays_with_its_key_until_the_lock_ends(locking: World) -> None:
    found = reseal(locking.using)
    assert (found.objects, found.removed, found.kept, found.reason) == (OBJECTS, 0, OBJECTS, "lock")
    assert suites(locking.here) == {Suite.SM, Suite.INTERNATIONAL}
    assert isinstance(locking.near, LockingBlobs) and locking.near.hidden == {}
    (kept,) = [event.body for event in said(locking.using, EventType.FORMERS_RETAINED)]
    assert kept["until"] > "2036-11-22"
    news = [each.place.blob_name for event in said(locking.using, EventType.OBJECT_RESEALED) for each in objects_named(event)]
    assert all(locking.near.untils[name] >= max(locking.near.untils.values()) for name in news)
    assert isinstance(locking.using.clock, SteppingClock)
    locking.using.clock.moment += timedelta(days=11 * 365)
    assert reseal(locking.using) == UnitResealed(0, OBJECTS, 0, "")
    settle(scrubber(locking.using))
    assert said(locking.using, EventType.STORE_COPY_ALARMED) == []


def test_no_lock_of_what_was_replaced_is_lengthened(locking: World) -> None:
    """Else the rolling lock of a case whose end is not known would keep it for ever."""
    reseal(locking.using)
    near = locking.near
    assert isinstance(near, LockingBlobs) and isinstance(locking.using.clock, SteppingClock)
    settle(scrubber(locking.using))
    before = dict(near.untils)
    locking.using.clock.moment += timedelta(days=11 * 365)
    held = new_hold_id()
    place_hold(
        locking.custody,
        CASE,
        hold=held,
        matter="a matter",
        reason="a reason",
        by="a",
        using=locking.using,
        clock=locking.using.clock,
    )
    settle(scrubber(locking.using))
    longer = {name for name, until in near.untils.items() if f"/{CASE}/" in name and until > before[name]}
    assert longer == {name for name in before if ".v1.r1." in name} and len(longer) == OBJECTS


def test_a_store_that_joins_later_gets_what_is_there_and_no_more(world: World) -> None:
    reseal(world.using)
    late = LockingBlobs()
    using = with_stores(world.using, *world.using.stores, store_of("late", late, late))
    settle(scrubber(using))
    assert sealed(late) == sealed(world.here) and set(late.untils) >= set(sealed(late))
    assert said(using, EventType.STORE_COPY_ALARMED) == []


def test_an_altered_object_is_refused_and_left_alone(world: World) -> None:
    named: Named = objects_named(world.events[3])[0]
    whole = world.here.contents[named.place.blob_name]
    world.here.contents[named.place.blob_name] = whole[:-1] + bytes([whole[-1] ^ 1])
    with pytest.raises(IntegrityError):
        reseal(world.using)
    assert said(world.using, EventType.REMOVAL_STARTED) == []
    assert set(sealed(world.near)) <= set(sealed(world.here)) and len(sealed(world.near)) == OBJECTS


def test_a_copy_that_cannot_be_made_keeps_everything_former(locking: World) -> None:
    before = set(sealed(locking.here))
    assert isinstance(locking.near, LockingBlobs)
    locking.near.is_away = True
    with pytest.raises(UnavailableError):
        reseal(locking.using)
    assert before <= set(sealed(locking.here)) and said(locking.using, EventType.REMOVAL_STARTED) == []


class _KilledError(BaseException):
    """The process ends here: nothing that would tidy up runs."""


class Budget:
    """So many writes, then the end."""

    def __init__(self, left: int) -> None:
        self.left = left

    def counted(self, write: Callable[..., Any]) -> Callable[..., Any]:
        """`write`, while there is something left."""

        def call(*given: Any) -> Any:
            if not self.left:
                raise _KilledError
            self.left -= 1
            return write(*given)

        return call


class SmallWorld:
    """Two objects in two stores, to be put back to how they were as often as it takes."""

    def __init__(self, using: VaultPorts, suite: Suite) -> None:
        self.blobs = [MemoryBlobs(), MemoryBlobs()]
        before = next(each for each in Suite if each is not suite)
        stores = [store_of(name, blobs) for name, blobs in zip(("here", "near"), self.blobs, strict=True)]
        self.using = replace(with_stores(using, *stores), suite=before)
        log = open_case_log(self.using, BANK, UNIT)
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAINTEXT-OF-PLAN", {"packs": []})
        log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", segment(1), {"no": 1})
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
        settle(scrubber(self.using))
        self.using, self.plain, self.events = replace(self.using, suite=suite), plaintexts(log), log.events
        assert isinstance(self.using.key_blobs, MemoryBlobs) and isinstance(self.using.ledger, MemoryLog)
        self.keys, self.ledger = self.using.key_blobs, self.using.ledger
        self._kept = [dict(each.contents) for each in (*self.blobs, self.keys)]
        self._entries = list(self.ledger.entries)

    def put_back(self) -> None:
        for each, contents in zip((*self.blobs, self.keys), self._kept, strict=True):
            each.contents = dict(contents)
        self.ledger.entries = list(self._entries)
        with transaction(self.using.index) as connection:
            _records.clear_index(connection)

    def reseal_until(self, writes: int) -> bool:
        """Whether it came to its end before its write number `writes`."""
        budget = Budget(writes)
        with pytest.MonkeyPatch.context() as patched:
            for blobs in (*self.blobs, self.keys):
                for name in ("put", "delete"):
                    patched.setattr(blobs, name, budget.counted(getattr(blobs, name)))
            patched.setattr(self.ledger, "append", budget.counted(self.ledger.append))
            try:
                reseal(self.using)
            except _KilledError:
                return False
        return True

    def agrees(self) -> bool:
        """What the ledger names is everywhere where it must be, and opens."""
        forms = read_forms(self.using, BANK, CASE)
        there = [f"{BANK}/{CASE}/{each.object}.v{each.version}.r{each.form}.sealed" for each in forms.newest.values()]
        log = open_case_log(self.using, BANK, UNIT)
        return set(there) <= set(self.blobs[0].contents) and plaintexts(log) == self.plain and log.events == self.events


@pytest.mark.parametrize("suite", [Suite.SM, pytest.param(Suite.INTERNATIONAL, marks=pytest.mark.thorough)])
def test_killed_before_any_write_it_goes_on_and_nothing_is_lost(kept_vault: VaultPorts, suite: Suite) -> None:
    """Each time: events and objects agree, everything opens, and the next run comes to its end and leaves nothing behind."""
    world, writes = SmallWorld(kept_vault, suite), 0
    while not world.reseal_until(writes):
        assert world.agrees(), writes
        reseal(world.using)
        assert world.agrees(), writes
        for blobs in world.blobs:
            assert (suites(blobs), len(sealed(blobs))) == ({suite}, 2), writes
        assert len(sealed(world.keys)) == 3, writes
        world.put_back()
        writes += 1
    assert writes > 15


def test_an_orphan_never_gives_way_and_goes_when_a_higher_form_is_recorded(kept_vault: VaultPorts) -> None:
    """Decision 0123: the event of a killed try may still be on its way, so its object stays until that event would be refused."""
    world = SmallWorld(kept_vault, Suite.SM)
    assert not world.reseal_until(2)  # key and object are there, the event is not
    orphan = f"{BANK}/{CASE}/plan.v1.r1.sealed"
    there: list[bool] = []

    def append(entry: bytes) -> int:
        there.append(orphan in world.blobs[0].contents)
        return MemoryLog.append(world.ledger, entry)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.ledger, "append", append)
        reseal(world.using)
    assert there[0] and orphan not in world.blobs[0].contents
    assert {each.object: each.form for each in read_forms(world.using, BANK, CASE).newest.values()} == {
        "plan": 2,
        "seg-000001": 1,
    }


def test_an_answer_that_is_lost_after_the_commit_doubles_nothing(kept_vault: VaultPorts) -> None:
    world, lost = SmallWorld(kept_vault, Suite.SM), [True]

    def append(entry: bytes) -> int:
        position = MemoryLog.append(world.ledger, entry)
        if lost and b"vault:object:resealed" in entry:
            lost.pop()
            raise UnavailableError("the answer was lost")
        return position

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.ledger, "append", append)
        with pytest.raises(UnavailableError):
            reseal(world.using)
        reseal(world.using)
    assert world.agrees() and not lost
    assert {each.form for each in read_forms(world.using, BANK, CASE).all} == {1}


def test_salts_stay_and_the_unit_key_is_wrapped_anew(world: World) -> None:
    before = open_unit_key(world.using, BANK, CASE).salt("0/commit")
    reseal(world.using)
    assert open_unit_key(world.using, BANK, CASE).salt("0/commit") == before
    assert [name for name in sealed(world.using.key_blobs) if "/unit." in name] == [f"{BANK}/{CASE}/unit.r1.key"]
