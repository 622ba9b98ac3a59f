"""Copies are made, read back, watched and mended, and what was destroyed is on no store any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import open_case_log
from jianlu.vault.ports import Buffer, Store, VaultPorts
from jianlu.vault.reindex import reindex
from jianlu.vault.shred import shred_unit
from jianlu.vault.stores._states import read_states
from jianlu.vault.stores.copies import remains_of
from jianlu.vault.stores.copying import Ensured, Found, Named, ensure_copy, objects_named
from jianlu.vault.stores.reports import store_reports
from jianlu.vault.stores.retaining import end_of
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs, SteppingClock
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import DAYS, LockingBlobs, said, scrubber, settle, store_of, with_stores

OBJECTS = 8
BANK = tenant_id(TENANT)


class World:
    """A sale sealed into `here`, with copies `near` (no locks) and `far` (locks)."""

    def __init__(self, using: VaultPorts) -> None:
        self.here, self.near, self.far = MemoryBlobs(), MemoryBlobs(), LockingBlobs()
        self.stores = (store_of("here", self.here), store_of("near", self.near), store_of("far", self.far, self.far))
        self.using = with_stores(using, *self.stores)
        self.log = record_sale(self.using)
        self.scrub = scrubber(self.using)

    def later(self, days: int) -> None:
        """So many days go by."""
        assert isinstance(self.using.clock, SteppingClock)
        self.using.clock.moment += timedelta(days=days)

    def named(self, index: int = 0) -> Named:
        """An object that the ledger names."""
        return [named for event in self.log.events for named in objects_named(event)][index]


@pytest.fixture
def world(kept_vault: VaultPorts) -> World:
    return World(kept_vault)


def test_every_object_has_its_copy_everywhere_and_it_was_read_back(world: World) -> None:
    settle(world.scrub)
    assert world.near.contents == world.here.contents == world.far.contents
    assert len(world.near.contents) == OBJECTS
    placed = {event.body["store"]: event.body for event in said(world.using, EventType.STORE_COPIES_PLACED)}
    assert {name: body["objects"] for name, body in placed.items()} == {"near": OBJECTS, "far": OBJECTS}
    assert placed["far"]["bytes"] == sum(len(content) for content in world.here.contents.values())
    scrubbed = [event.body for event in said(world.using, EventType.STORE_SCRUB_COMPLETED)]
    assert [(body["objects"], body["repaired"], body["lost"]) for body in scrubbed] == [(OBJECTS, 0, 0)] * 3


def test_nothing_is_done_twice_until_the_next_scrub_is_due(world: World) -> None:
    settle(world.scrub)
    before = world.using.ledger.size
    assert settle(world.scrub) == 0
    assert settle(scrubber(world.using)) == 0
    assert world.using.ledger.size == before
    world.later(DAYS)
    settle(world.scrub)
    assert len(said(world.using, EventType.STORE_SCRUB_COMPLETED)) == 6


@pytest.mark.parametrize("victim", ["here", "near", "far"])
@pytest.mark.parametrize("harm", ["missing", "altered", "longer"])
def test_what_somebody_deleted_or_edited_is_noticed_and_mended(world: World, victim: str, harm: str) -> None:
    settle(world.scrub)
    contents, name = getattr(world, victim).contents, world.named(3).place.blob_name
    whole = contents[name]
    contents[name] = {"altered": bytes([whole[0] ^ 1]) + whole[1:], "longer": whole + b"!", "missing": b""}[harm]
    if harm == "missing":
        del contents[name]
    world.later(DAYS)
    settle(world.scrub)
    assert contents[name] == whole
    assert len(said(world.using, EventType.STORE_COPY_ALARMED)) == 1
    (repaired,) = [event.body for event in said(world.using, EventType.STORE_COPY_REPAIRED)]
    assert (repaired["store"], repaired["of"], repaired["object"]) == (victim, CASE, world.named(3).place.object)
    assert repaired["reason"] == ("missing" if harm == "missing" else "altered")
    assert repaired["from"] != victim


@pytest.mark.parametrize("kept", ["here", "near", "far"])
def test_one_right_copy_of_all_mends_every_other(world: World, kept: str) -> None:
    settle(world.scrub)
    whole = dict(world.here.contents)
    for name in ("here", "near", "far"):
        if name != kept:
            contents = getattr(world, name).contents
            contents.update({blob: b"\x00" * len(content) for blob, content in contents.items()})
    world.later(DAYS)
    settle(world.scrub)
    assert world.here.contents == world.near.contents == world.far.contents == whole
    alarmed, repaired = (said(world.using, kind) for kind in (EventType.STORE_COPY_ALARMED, EventType.STORE_COPY_REPAIRED))
    assert len(alarmed) == len(repaired) == 2 * OBJECTS


def test_what_no_store_has_any_more_is_said_and_left_for_people_to_see(world: World) -> None:
    settle(world.scrub)
    name = world.named(3).place.blob_name
    for blobs in (world.here, world.near, world.far):
        blobs.contents[name] = b"other"
    world.later(DAYS)
    settle(world.scrub)
    alarms = [event.body for event in said(world.using, EventType.STORE_COPY_ALARMED)]
    assert sorted(body["store"] for body in alarms) == ["far", "here", "near"]
    assert {body["object"] for body in alarms} == {world.named(3).place.object}
    assert world.here.contents[name] == b"other"
    assert [event.body["lost"] for event in said(world.using, EventType.STORE_SCRUB_COMPLETED)][3:] == [1, 1, 1]


def test_objects_are_locked_until_the_retention_ends_and_never_less(world: World) -> None:
    settle(world.scrub)
    assert set(world.far.untils.values()) == {end_of("2036-11-22")}
    assert end_of("2036-11-22") == datetime(2036, 11, 23, 12, tzinfo=UTC)
    (locked,) = [event.body for event in said(world.using, EventType.STORE_LOCKS_EXTENDED)]
    assert (locked["store"], locked["of"], locked["objects"]) == ("far", CASE, OBJECTS)
    open_case_log(world.using, TENANT, "c" + "c4" * 13).append(
        EventType.RETENTION_EXTENDED, {"of": CASE, "until": "2040-01-31", "by": "0" * 64}
    )
    settle(world.scrub)
    assert set(world.far.untils.values()) == {end_of("2040-01-31")}


def test_a_case_without_an_end_is_locked_from_scrub_to_scrub(kept_vault: VaultPorts) -> None:
    far = LockingBlobs()
    using = with_stores(kept_vault, store_of("far", far, far))
    open_case_log(using, TENANT, CASE).seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
    scrub, clock = scrubber(using), using.clock
    assert isinstance(clock, SteppingClock)
    settle(scrub)
    first = far.untils[f"{TENANT}/{CASE}/plan.v1.sealed"]
    assert first > clock.moment + timedelta(days=2 * DAYS - 1)
    clock.moment += timedelta(days=DAYS)
    settle(scrub)
    assert far.untils[f"{TENANT}/{CASE}/plan.v1.sealed"] >= first + timedelta(days=DAYS - 1)


def test_a_destroyed_case_is_on_no_store_and_is_not_copied_again(world: World) -> None:
    settle(world.scrub)
    backup = dict(world.near.contents)
    world.here.contents.clear()  # the first store lost everything: copies are found all the same
    world.far.untils.clear()
    open_case_log(world.using, TENANT, "c" + "c4" * 13).append(EventType.DESTRUCTION_STARTED, {"of": CASE})
    shred_unit(world.using, BANK, CASE)
    assert remains_of(world.using, f"{TENANT}/{CASE}/") == []
    world.near.contents.update(backup)
    world.later(DAYS)
    settle(world.scrub)
    assert remains_of(world.using, f"{TENANT}/{CASE}/") == []
    assert not said(world.using, EventType.STORE_COPY_REPAIRED)


class Overtaken(MemoryBlobs):
    """While it takes a copy, the case is destroyed."""

    def __init__(self, using: VaultPorts) -> None:
        super().__init__()
        self.using = using

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        shred_unit(self.using, BANK, CASE)
        super().put(name, parts)


def test_a_destruction_that_overtakes_a_copy_leaves_nothing_of_it(world: World) -> None:
    open_case_log(world.using, TENANT, "c" + "c4" * 13).append(EventType.DESTRUCTION_STARTED, {"of": CASE})
    kept = MemoryBlobs()
    kept.contents = dict(world.here.contents)
    overtaken = Overtaken(with_stores(world.using, world.stores[0]))
    using = with_stores(world.using, store_of("copied-from", kept), store_of("slow", overtaken))
    assert ensure_copy(using, using.stores[1], world.named()).ensured is Ensured.GONE
    assert overtaken.contents == {}


def test_bytes_that_a_lock_keeps_are_named_in_the_proof(world: World) -> None:
    settle(world.scrub)
    open_case_log(world.using, TENANT, "c" + "c4" * 13).append(EventType.DESTRUCTION_STARTED, {"of": CASE})
    shred_unit(world.using, BANK, CASE)
    left = remains_of(world.using, f"{TENANT}/{CASE}/")
    assert {each.store for each in left} == {"far"}
    assert len(left) == OBJECTS
    assert all(each.kept.until is not None for each in left)


def test_a_store_that_is_away_holds_up_no_other_and_is_caught_up_later(world: World) -> None:
    world.far.is_away = True
    settle(world.scrub)
    assert world.near.contents == world.here.contents
    assert _problem(world) == "the store is away"
    world.far.is_away = False
    world.later(1)
    settle(world.scrub)
    assert world.far.contents == world.here.contents
    assert _problem(world) == ""


def test_a_source_that_is_away_is_asked_again_and_told_once(world: World) -> None:
    settle(world.scrub)
    lone = with_stores(world.using, world.stores[0], world.stores[2])
    del world.here.contents[world.named().place.blob_name]
    world.far.is_away = True
    world.later(DAYS)
    walk = scrubber(lone)
    for _ in range(3):
        settle(walk)
        world.later(1)
    assert len(said(lone, EventType.STORE_COPY_ALARMED)) == 1
    world.far.is_away = False
    settle(walk)
    assert [event.body["from"] for event in said(lone, EventType.STORE_COPY_REPAIRED)] == ["far"]


def test_reading_falls_back_to_a_copy(world: World) -> None:
    settle(world.scrub)
    world.here.contents.clear()
    assert open_case_log(world.using, TENANT, CASE).open_object("plan") == b'{"PLAINTEXT-OF-PLAN":1}'
    world.near.contents.clear()
    world.far.is_away = True
    with pytest.raises(UnavailableError):
        ensure_copy(world.using, world.stores[0], world.named())


def test_an_altered_source_is_never_copied(world: World) -> None:
    name = world.named().place.blob_name
    world.here.contents[name] = b"\x00" * len(world.here.contents[name])
    outcome = ensure_copy(world.using, world.stores[1], world.named())
    assert (outcome.found, outcome.ensured) == (Found.MISSING, Ensured.LOST)
    assert name not in world.near.contents


def test_a_lost_table_of_states_costs_a_reading_and_nothing_else(world: World) -> None:
    settle(world.scrub)
    reindex(world.using)
    settle(scrubber(world.using))
    assert len(said(world.using, EventType.STORE_SCRUB_COMPLETED)) == 6
    assert not said(world.using, EventType.STORE_COPY_REPAIRED)


def test_a_lone_folder_is_read_again_after_an_interval_and_says_nothing_before(kept_vault: VaultPorts) -> None:
    record_sale(kept_vault)
    lone = with_stores(kept_vault, store_of("vault", kept_vault.blobs))
    before = lone.ledger.size
    settle(scrubber(lone))
    assert lone.ledger.size == before
    assert isinstance(lone.clock, SteppingClock)
    lone.clock.moment += timedelta(days=DAYS)
    settle(scrubber(lone))
    assert [event.body["objects"] for event in said(lone, EventType.STORE_SCRUB_COMPLETED)] == [OBJECTS]


def test_how_the_stores_stand_is_kept_in_either_database(vault: VaultPorts) -> None:
    world = World(vault)
    assert [each.is_complete for each in store_reports(world.using)] == [False, False, False]
    settle(world.scrub)
    world.here.contents[world.named().place.blob_name] = b"other"
    world.far.contents[world.named().place.blob_name] = b"other"
    world.near.contents.clear()
    world.scrub.begin()
    settle(world.scrub)
    found = store_reports(world.using)
    assert [(each.store.name, each.is_first, each.behind, each.state.scrub_lost) for each in found] == [
        ("here", True, 0, 1),
        ("near", False, 0, 1),
        ("far", False, 0, 1),
    ]
    assert [each.is_complete for each in found] == [False, False, False]
    assert {each.state.objects for each in found} == {OBJECTS}


def test_a_vault_without_named_stores_is_looked_at_all_the_same(kept_vault: VaultPorts) -> None:
    record_sale(kept_vault)
    assert len(remains_of(kept_vault, f"{TENANT}/{CASE}/")) == OBJECTS
    assert remains_of(kept_vault, f"{TENANT}/other/") == []


def test_a_scrub_that_is_asked_for_begins_at_once(world: World) -> None:
    settle(world.scrub)
    world.scrub.begin()
    settle(world.scrub)
    assert len(said(world.using, EventType.STORE_SCRUB_COMPLETED)) == 6


def test_scrubbing_reads_no_faster_than_it_may(world: World) -> None:
    settle(world.scrub)
    world.later(DAYS)
    slow = scrubber(world.using, bytes_s=1000)
    waits = [wait for _ in range(20) if (wait := slow.turn()) is not None]
    read = sum(len(content) for content in world.here.contents.values())
    assert sum(waits) >= read / 1000
    assert sum(wait > max(map(len, world.here.contents.values())) / 1100 for wait in waits) >= 3  # a segment a turn, of three


def _problem(world: World) -> str:
    with transaction(world.using.index, writes=False) as connection:
        return read_states(connection)["far"].problem


def test_a_store_without_a_name_of_its_own_is_not_its_own_source(world: World) -> None:
    lone = with_stores(world.using, Store("here", "memory:here", world.here))
    del world.here.contents[world.named().place.blob_name]
    assert ensure_copy(lone, lone.stores[0], world.named()).ensured is Ensured.LOST


def test_what_a_clause_confines_is_not_copied_abroad_and_the_ledger_says_by_which_clause(kept_vault: VaultPorts) -> None:
    near, far, nowhere = MemoryBlobs(), MemoryBlobs(), MemoryBlobs()
    places = [("here", kept_vault.blobs, "CN"), ("near", near, "CN-31"), ("far", far, "SG"), ("nowhere", nowhere, "")]
    stores = tuple(replace(store_of(name, blobs), place=place) for name, blobs, place in places)
    using = replace(kept_vault, stores=stores)
    confined = {"place": "CN", "within": "CN", "confined_by": "p:onshore"}
    log = open_case_log(using, TENANT, CASE)
    log.append(EventType.FINDINGS_RECORDED, {**log.seal_part("findings-speech", b"words"), **confined})
    log.seal_and_append(EventType.FINDINGS_RECORDED, "findings-faces", b"faces", {})
    settle(scrubber(using))
    assert len(near.contents) == 2
    assert [name.split("/")[-1] for name in far.contents] == ["findings-faces.v1.sealed"]
    assert far.contents == nowhere.contents
    refused = {event.body["store"]: event.body for event in said(using, EventType.STORE_COPIES_REFUSED)}
    assert {(name, body["place"], body["objects"]) for name, body in refused.items()} == {("far", "SG", 1), ("nowhere", "", 1)}
    assert {(body["within"], body["clause"]) for body in refused.values()} == {("CN", "p:onshore")}


def test_what_lies_abroad_already_is_alarmed_and_never_mended_there(kept_vault: VaultPorts) -> None:
    far = MemoryBlobs()
    using = replace(kept_vault, stores=(store_of("here", kept_vault.blobs), replace(store_of("far", far), place="SG")))
    log = open_case_log(using, TENANT, CASE)
    part = log.seal_part("findings-speech", b"words")
    event = log.append(EventType.FINDINGS_RECORDED, {**part, "within": "CN", "confined_by": "p:c"})
    (named,) = objects_named(event)
    far.contents[named.place.blob_name] = b"put there before the store said where it is"
    settle(scrubber(using))
    assert far.contents == {named.place.blob_name: b"put there before the store said where it is"}
    (alarm,) = [event.body for event in said(using, EventType.STORE_COPY_ALARMED) if event.body["store"] == "far"]
    assert (alarm["object"], alarm["reason"]) == ("findings-speech", "misplaced")
    assert said(using, EventType.STORE_COPY_REPAIRED) == []
