"""Alarms that the ledger would not take: kept by a process that dies, recorded by the next one, once and with their own instants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jianlu.capture.sessions.conducting import end_session
from jianlu.capture.sessions.owing import OwedBook
from jianlu.capture.sessions.watch import watch_session
from jianlu.core.errors import UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.runtime.reserve import Reserve
from tests.fakes.sessions.world import AGENT, World, session_world

ALARM_KINDS = (EventType.HEALTH_ALARMED, EventType.HEALTH_CLEARED)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with session_world() as made:
        made.reserve = tmp_path / "owed.reserve"
        made.using = replace(made.using, owed=OwedBook(Reserve(made.reserve)))
        yield made


@contextmanager
def full(world: World) -> Iterator[None]:
    """The ledger takes nothing until the block ends."""
    append = world.vault.ledger.append

    def refuse(entry: bytes) -> int:
        raise UnavailableError("the disk is full")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.vault.ledger, "append", refuse)
        yield
    assert world.vault.ledger.append == append


def fail_beat(world: World, case: str) -> int:
    """A beat that can record nothing; returns when it was."""
    world.clock.move(1_000)
    with pytest.raises(UnavailableError):
        watch_session(case, using=world.using)
    return int(world.view(case)["now_ms"])


def told(world: World, case: str) -> list[tuple[str, str, int]]:
    return [
        ("raised" if event.type is EventType.HEALTH_ALARMED else "cleared", event.body["code"], event.body["at_ms"])
        for event in world.events(case)
        if event.type in ALARM_KINDS
    ]


def test_an_alarm_that_a_full_disk_refused_outlives_the_process_that_saw_it(world: World) -> None:
    case = world.live()
    with full(world):
        world.rooms.is_away = True
        seen_ms = fail_beat(world, case)
        world = world.restarted()
        assert fail_beat(world, case) > seen_ms
        world = world.restarted()
        world.rooms.is_away = False
    world.beat(case)
    back_ms = world.view(case)["now_ms"]
    rows = told(world, case)
    assert ("raised", "room_away", seen_ms) in rows and ("cleared", "room_away", back_ms) in rows
    assert [row for row in rows if row[1] == "room_away"] == [("raised", "room_away", seen_ms), ("cleared", "room_away", back_ms)]
    unwatched = [row for row in rows if row[1] == "unwatched"]
    assert len(unwatched) == 4 and unwatched[0][2] == seen_ms, "two processes were away, one after the other"
    assert world.restarted().using.owed.of(case) == [], "what is recorded is owed no more"


def test_what_was_recorded_just_before_a_process_died_is_not_recorded_twice(world: World) -> None:
    case = world.live()
    world.rooms.is_away = True
    world.beat(case)
    row = told(world, case)[-1]
    world.using.owed.keep(case, [(EventType.HEALTH_ALARMED, {"code": "room_away", "track": "", "at_ms": row[2]})])
    again = world.restarted()
    world.rooms.is_away = False
    again.beat(case, times=2)
    assert [kind for kind, code, _ in told(again, case) if code == "room_away"] == ["raised", "cleared"]


def test_an_end_that_people_ask_for_records_what_is_owed_first(world: World) -> None:
    case = world.live()
    world.do_all(case)
    with full(world):
        world.rooms.is_away = True
        seen_ms = fail_beat(world, case)
    world = world.restarted()
    end_session(case, using=world.using, by=AGENT)
    assert ("raised", "room_away", seen_ms) in told(world, case)
    kinds = world.kinds(case)
    assert kinds.index(EventType.RECORDING_ENDED) > kinds.index(EventType.HEALTH_ALARMED)


def test_without_a_reserve_what_is_owed_is_in_memory_and_the_next_process_says_since_when_nobody_watched(world: World) -> None:
    world.using, world.reserve = replace(world.using, owed=OwedBook()), None
    case = world.live()
    with full(world):
        world.rooms.is_away = True
        fail_beat(world, case)
        world = world.restarted()
        world.rooms.is_away = False
    world.beat(case)
    assert {code for _, code, _ in told(world, case)} == {"unwatched"}


@pytest.mark.parametrize(
    "left", [b"", b"[]", b"no json", b'{"c": [["case:evidence:closed", {}]]}', b'{"c": [["session:health:alarmed", {}]]}']
)
def test_a_reserve_that_says_nothing_of_this_kind_says_nothing(left: bytes, tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    reserve.write(left)
    assert OwedBook(reserve).of("c") == []
