"""The watch of the web process: beats while it runs, survives trouble, and takes the process down rather than stop unseen."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType

import pytest
import structlog
from sqlalchemy import Connection
from sqlalchemy.event import listen, remove

from jianlu.capture.sessions.rooms import RoomStatus
from jianlu.capture.sessions.switchboard import LiveSession, Switchboard
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


class Troubled(Switchboard):
    """Sessions that cannot be told at the second and third time of asking: two beats fail as a whole."""

    def __init__(self, real: Switchboard, troubles: Sequence[Exception]) -> None:
        super().__init__()
        self._sessions, self._troubles, self.asked = real._sessions, list(troubles), 0

    @property
    def sessions(self) -> tuple[LiveSession, ...]:
        self.asked += 1
        if self.asked > 1 and self._troubles:
            raise self._troubles.pop(0)
        return super().sessions


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats follow each other at once: how far apart they are is a number, and what is tested is what a beat does to the next."""
    monkeypatch.setattr("jianlu.entry.serve.watch.BEAT_MS", 20)


def counted(api: ApiWorld) -> tuple[str, Counting]:
    return api.world.seated(), Counting(api.world.rooms)


def test_a_live_session_is_looked_at_again_and_again(api: ApiWorld, told_to_stop: list[int]) -> None:
    case, rooms = counted(api)
    with Watch(replace(api.deps, clock=SystemClock(), sessions=replace(api.deps.sessions, rooms=rooms))):
        wait_for(lambda: rooms.looked[case] >= 3)
    assert not told_to_stop


def test_beats_that_fail_as_a_whole_are_said_and_the_next_ones_look_again(api: ApiWorld, told_to_stop: list[int]) -> None:
    case, rooms = counted(api)
    troubles = [UnavailableError("the database is away"), OSError("no more handles")]
    switchboard = Troubled(api.deps.sessions.switchboard, troubles)
    sessions = replace(api.deps.sessions, rooms=rooms, switchboard=switchboard)
    with structlog.testing.capture_logs() as logged, Watch(replace(api.deps, clock=SystemClock(), sessions=sessions)):
        wait_for(lambda: switchboard.asked >= 3)
        seen = rooms.looked[case]
        wait_for(lambda: rooms.looked[case] >= seen + 3)
    said = [type(line["error"]) for line in logged if line["event"] == "watch_failed"]
    assert said == [UnavailableError, OSError] and not told_to_stop


def test_a_home_that_cannot_be_read_at_first_is_read_as_soon_as_it_can_be(api: ApiWorld, told_to_stop: list[int]) -> None:
    """Sessions that ran before this process are taken up late rather than never."""
    case = api.world.live()
    again = api.world.restarted()
    rooms, switchboard = Counting(again.rooms), Switchboard()
    tried: list[int] = []

    def away(_: Connection, __: object, statement: str, *___: object) -> None:
        if "live_cases" in statement and len(tried) < 2 and threading.current_thread().name == "watch":
            tried.append(1)
            raise UnavailableError("the database is away")

    sessions = replace(again.using, rooms=rooms, switchboard=switchboard)
    listen(sessions.database, "before_cursor_execute", away)
    try:
        with structlog.testing.capture_logs() as logged, Watch(replace(api.deps, clock=SystemClock(), sessions=sessions)):
            wait_for(lambda: rooms.looked[case] >= 2)
    finally:
        remove(sessions.database, "before_cursor_execute", away)
    assert len(tried) == 2 and [line["event"] for line in logged].count("watch_failed") == 2 and not told_to_stop


def test_a_sweep_that_fails_does_not_end_the_watch(api: ApiWorld, told_to_stop: list[int]) -> None:
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
    assert clock.asked == 1 and not told_to_stop, "it is tried again when the next sweep is due"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_takes_the_process_down_to_be_started_anew(api: ApiWorld, told_to_stop: list[int]) -> None:
    class Broken(SystemClock):
        def monotonic_ms(self) -> int:
            return 1 // 0

    with Watch(replace(api.deps, clock=Broken())):
        wait_for(lambda: told_to_stop)
    assert told_to_stop == [signal.SIGTERM]


def test_a_ledger_that_stopped_cuts_every_talk_and_ends_the_process(api: ApiWorld, told_to_stop: list[int]) -> None:
    case = api.world.live()
    assert api.world.rooms.rooms[case].is_forwarding
    with Watch(replace(api.deps, clock=SystemClock()), is_lost=lambda: True):
        wait_for(lambda: told_to_stop)
    assert not api.world.rooms.rooms[case].is_forwarding
    assert told_to_stop == [signal.SIGTERM]
