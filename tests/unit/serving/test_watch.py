"""The watch of the web process: beats while it runs, survives trouble, and takes the process down rather than stop unseen."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType

import pytest

from jianlu.capture.sessions.rooms import RoomStatus
from jianlu.core.errors import UnavailableError
from jianlu.entry.serve.watch import Watch
from jianlu.runtime.clock import SystemClock
from tests.fakes.api.world import ApiWorld, api_world
from tests.fakes.serving.running import wait_for
from tests.fakes.sessions.rooms import FakeRooms


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiWorld]:
    with api_world(f"sqlite:///{tmp_path}/index.sqlite", tmp_path) as world:
        yield world


@pytest.fixture
def told_to_stop() -> Iterator[list[int]]:
    heard: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGTERM, note)
    yield heard
    signal.signal(signal.SIGTERM, before)


class Counting(FakeRooms):
    """Rooms that count how often each was looked at."""

    def __init__(self, real: FakeRooms) -> None:
        super().__init__()
        self.rooms, self.looked = real.rooms, Counter[str]()

    def status(self, room: str) -> RoomStatus:
        self.looked[room] += 1
        return super().status(room)


def counted(api: ApiWorld) -> tuple[str, Counting]:
    case, _, _ = api.seated()
    return case, Counting(api.world.rooms)


def test_a_live_session_is_looked_at_again_and_again(api: ApiWorld, told_to_stop: list[int]) -> None:
    case, rooms = counted(api)
    with Watch(replace(api.deps, clock=SystemClock(), sessions=replace(api.deps.sessions, rooms=rooms))):
        wait_for(lambda: rooms.looked[case] >= 3)
    assert not told_to_stop


def test_trouble_in_one_beat_does_not_end_the_watch(api: ApiWorld, told_to_stop: list[int]) -> None:
    class Away(SystemClock):
        asked = 0

        def now(self) -> datetime:
            self.asked += 1
            raise UnavailableError("the database is away")

    case, rooms = counted(api)
    clock = Away()
    identity = replace(api.deps.identity, clock=clock)
    with Watch(replace(api.deps, clock=SystemClock(), identity=identity, sessions=replace(api.deps.sessions, rooms=rooms))):
        wait_for(lambda: rooms.looked[case] >= 3)
    assert clock.asked == 1 and not told_to_stop


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_takes_the_process_down_to_be_started_anew(api: ApiWorld, told_to_stop: list[int]) -> None:
    class Broken(SystemClock):
        def monotonic_ms(self) -> int:
            return 1 // 0

    with Watch(replace(api.deps, clock=Broken())):
        wait_for(lambda: told_to_stop)
    assert told_to_stop == [signal.SIGTERM]


def test_a_ledger_that_stopped_cuts_every_talk_and_ends_the_process(api: ApiWorld, told_to_stop: list[int]) -> None:
    case, _, _ = api.live()
    assert api.world.rooms.rooms[case].is_forwarding
    with Watch(replace(api.deps, clock=SystemClock()), is_lost=lambda: True):
        wait_for(lambda: told_to_stop)
    assert not api.world.rooms.rooms[case].is_forwarding
    assert told_to_stop == [signal.SIGTERM]
