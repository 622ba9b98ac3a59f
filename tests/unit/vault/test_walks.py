"""Stores are walked side by side: none holds up another, new copies are put unlooked and read back all the same, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.vault.case_log import open_case_log
from jianlu.vault.ports import Buffer, VaultPorts
from jianlu.vault.reseal import Holds, reseal_unit
from jianlu.vault.reseals import GoneForms
from jianlu.vault.shred import shred_unit
from jianlu.vault.stores import scrub as scrubbing
from jianlu.vault.stores.copies import remains_of
from jianlu.vault.stores.copying import Named, objects_named
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs, SteppingClock
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import LockingBlobs, said, scrubber, settle, store_of, with_stores

BANK = tenant_id(TENANT)
OBJECTS = 8


class Beside:
    """A sale recorded into `here` after its walks began, so that each of its copies is a new one."""

    def __init__(self, using: VaultPorts, near: MemoryBlobs, far: MemoryBlobs) -> None:
        self.here, self.near, self.far = MemoryBlobs(), near, far
        locks = far if isinstance(far, LockingBlobs) else None
        self.using = with_stores(using, store_of("here", self.here), store_of("near", near), store_of("far", far, locks))
        self.scrub = scrubber(self.using)

    def record(self) -> list[Named]:
        """The sale; its objects."""
        return [named for event in record_sale(self.using).events for named in objects_named(event)]


class Counted(LockingBlobs):
    """Counts what it is asked of each blob, and says whether a name was free."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self.fresh: list[bool] = []

    def put_unread(self, name: str, parts: Iterable[Buffer]) -> bool:
        is_free = name not in self.contents
        self.asked.append(("put", name))
        super().put(name, parts)
        return is_free

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        self.asked.append(("get", name))
        return super().get(name, start, length)

    def lock(self, name: str, until: object, *, is_new: bool = False) -> object:  # type: ignore[override]
        self.fresh.append(is_new)
        return super().lock(name, until, is_new=is_new)  # type: ignore[arg-type]


def test_a_new_copy_is_put_once_and_read_back_once_before_it_is_locked(kept_vault: VaultPorts) -> None:
    far = Counted()
    world = Beside(kept_vault, MemoryBlobs(), far)
    named = world.record()
    while world.scrub.turn() is not None and len(far.contents) < OBJECTS:
        pass
    assert far.contents == world.here.contents
    first = far.asked[: 2 * OBJECTS]
    assert sorted(first) == sorted((deed, each.place.blob_name) for each in named for deed in ("put", "get"))
    assert far.fresh[:OBJECTS] == [True] * OBJECTS


def test_what_was_recorded_before_the_walk_began_is_looked_for_first(kept_vault: VaultPorts) -> None:
    far = Counted()
    world = Beside(kept_vault, MemoryBlobs(), far)
    world.record()
    settle(scrubber(world.using))
    far.asked.clear()
    settle(scrubber(world.using))
    assert not [deed for deed, _ in far.asked if deed == "put"]


def test_a_put_that_somebody_else_was_faster_with_is_found_out_told_and_mended(kept_vault: VaultPorts) -> None:
    world = Beside(kept_vault, MemoryBlobs(), Counted())
    named = world.record()
    for blobs in (world.near, world.far):
        blobs.contents[named[3].place.blob_name] = b"put there by somebody else"
        blobs.contents[named[4].place.blob_name] = world.here.contents[named[4].place.blob_name]
    settle(world.scrub)
    assert world.near.contents == world.here.contents == world.far.contents
    told = [(event.body["store"], event.body["object"]) for event in said(world.using, EventType.STORE_COPY_ALARMED)]
    assert sorted(told) == [("far", named[3].place.object), ("near", named[3].place.object)]
    assert len(said(world.using, EventType.STORE_COPY_REPAIRED)) == 2


class Stuck(MemoryBlobs):
    """Does not come to the end of a put until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        self.goes_on.wait()
        super().put(name, parts)


def test_a_store_that_does_not_answer_is_not_waited_for_by_the_others(
    kept_vault: VaultPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "PATIENCE_S", 0.01)
    stuck = Stuck()
    world = Beside(kept_vault, stuck, LockingBlobs())
    world.record()
    try:
        while not any(event.body["store"] == "far" for event in said(world.using, EventType.STORE_SCRUB_COMPLETED)):
            assert world.scrub.turn() is not None
        assert world.far.contents == world.here.contents
        assert stuck.contents == {}
    finally:
        stuck.goes_on.set()
    world.scrub.begin()  # waits for the piece that is under way, and forgets nothing of it
    settle(world.scrub)
    assert stuck.contents == world.here.contents


class Failing(MemoryBlobs):
    """Takes so many blobs and then no more."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        if len(self.contents) >= self.takes:
            raise UnavailableError("the store is full")
        super().put(name, parts)


def test_a_store_that_fails_in_the_middle_goes_on_where_it_stood_and_the_others_went_on(kept_vault: VaultPorts) -> None:
    failing = Failing(3)
    world = Beside(kept_vault, failing, LockingBlobs())
    world.record()
    settle(world.scrub)
    assert world.far.contents == world.here.contents
    assert 3 <= len(failing.contents) < OBJECTS  # those that were under way came to their end
    failing.takes = OBJECTS
    assert isinstance(world.using.clock, SteppingClock)
    world.using.clock.moment = world.using.clock.now().replace(year=2027)
    settle(world.scrub)
    assert failing.contents == world.here.contents
    assert not said(world.using, EventType.STORE_COPY_ALARMED)


class Overtaken(Counted):
    """While it takes its first copy, the case is destroyed."""

    using: VaultPorts

    def put_unread(self, name: str, parts: Iterable[Buffer]) -> bool:
        is_free = super().put_unread(name, parts)
        shred_unit(self.using, BANK, CASE)
        return is_free


def test_a_destruction_that_overtakes_new_copies_leaves_none_and_locks_none(kept_vault: VaultPorts) -> None:
    far = Overtaken()
    world = Beside(kept_vault, MemoryBlobs(), far)
    world.record()
    far.using = with_stores(kept_vault, store_of("here", MemoryBlobs()))  # the destruction does not reach these stores yet
    open_case_log(world.using, TENANT, "c" + "c4" * 13).append(EventType.DESTRUCTION_STARTED, {"of": CASE})
    settle(world.scrub)
    assert ("put" in {deed for deed, _ in far.asked}, far.contents, far.fresh) == (True, {}, [])
    assert [each.store for each in remains_of(world.using, f"{TENANT}/{CASE}/") if each.store == "far"] == []


class Doubted(MemoryBlobs):
    """Once it is armed, the first answer to whoever reads is wrong, as a cable's may be. Both stores meet over it, and as they delete."""

    looking: threading.Barrier
    deleting: threading.Barrier
    other: Doubted

    def __init__(self) -> None:
        super().__init__()
        self.is_armed = self.both_gone = False

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        content = super().get(name, start, length)
        if not self.is_armed:
            return content
        self.is_armed = False
        with suppress(threading.BrokenBarrierError):
            self.looking.wait(5)
        return bytes(len(content))

    def delete(self, name: str) -> None:
        with suppress(threading.BrokenBarrierError):
            self.deleting.wait(0.2)
        super().delete(name)
        with suppress(threading.BrokenBarrierError):
            self.deleting.wait(0.2)
        self.both_gone |= name not in self.other.contents


def test_two_stores_that_each_take_their_own_copy_for_altered_never_both_lose_it(kept_vault: VaultPorts) -> None:
    near, far = Doubted(), Doubted()
    near.other, far.other = far, near
    near.looking = far.looking = threading.Barrier(2)
    near.deleting = far.deleting = threading.Barrier(2)
    using = with_stores(kept_vault, store_of("near", near), store_of("far", far))
    open_case_log(using, TENANT, CASE).seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
    walk = scrubber(using)
    settle(walk)
    near.is_armed = far.is_armed = True
    walk.begin()
    settle(walk)
    assert near.contents == far.contents and len(far.contents) == 1
    assert not near.both_gone and not far.both_gone
    assert len(said(using, EventType.STORE_COPY_REPAIRED)) == 2


def test_a_form_that_was_removed_since_is_gone_for_whoever_asked_before(kept_vault: VaultPorts) -> None:
    world = Beside(kept_vault, MemoryBlobs(), MemoryBlobs())
    named = world.record()
    settle(world.scrub)
    gone = GoneForms(world.using, BANK)
    assert gone.among(each.place for each in named) == set()
    sm = replace(world.using, suite=Suite.SM)
    reseal_unit(sm, BANK, CaseRef(CASE), holds=Holds(sm, BANK))
    assert gone.among(each.place for each in named) == {each.place for each in named}
