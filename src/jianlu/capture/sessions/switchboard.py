"""The open sessions of this process: what is known of each between two calls, and the lock under which it changes.

Nothing here that a restart may not lose: a session is rebuilt from its row and its events (`opening.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from jianlu.capture.cases.model import CaseRow, Scene
from jianlu.capture.sessions.checks import Demand, Seen
from jianlu.capture.sessions.gate import Sight
from jianlu.capture.sessions.health import LOOKED_MS_MAX, Vigil
from jianlu.capture.sessions.members import Membership
from jianlu.capture.sessions.model import Course, Talk
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.capture.sessions.replay import replay
from jianlu.capture.sessions.rooms import RoomStatus
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Script
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog


@dataclass(frozen=True, slots=True)
class Noted:
    """Which alerts of a session somebody has taken note of, who (as shown) and when."""

    alerts: frozenset[str]
    name: str
    at: str


@dataclass(slots=True)
class LiveSession:
    """One case's session. `row` and `talk` are replaced, never changed; whoever changes anything holds `lock`."""

    row: CaseRow
    scene: Scene
    script: Script
    plan: Plan
    course: Course
    particulars: Mapping[str, Any]
    log: CaseLog
    talk: Talk
    read: int
    vigil: Vigil = field(default_factory=Vigil)
    owed: list[tuple[EventType, dict[str, Any]]] = field(default_factory=list)
    is_forwarding: bool = False
    is_handed_over: bool = False
    touched_ms: int = 0
    offset_ms: int = 0
    sight: Sight = field(default_factory=Sight)
    probed_ms: int = 0
    level: str = "amber"
    looked_ms: int | None = None
    unwatched_ms: int | None = None
    look: Future[None] | None = None
    status: RecordingStatus | None = None
    room: RoomStatus | None = None
    texts: dict[str, str] = field(default_factory=dict)
    supervisors: dict[str, tuple[str, str]] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)
    turned_away: set[str] = field(default_factory=set)
    members: Membership = field(default_factory=Membership)
    demands: Mapping[str, tuple[Demand, ...]] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    noted: Noted | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def is_looked_at(self, now_ms: int) -> bool:
        """Whether the watch looked at the recording lately; `now_ms` is monotonic."""
        return self.looked_ms is not None and now_ms - self.looked_ms <= LOOKED_MS_MAX

    def catch_up(self) -> Talk:
        """The talk with every event that was recorded meanwhile, by whomever."""
        events = self.log.events
        if len(events) > self.read:
            self.talk = replay(self.course, events[self.read :], self.talk)
            self.read = len(events)
        return self.talk


class Switchboard:
    """Sessions by case. Safe for threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sessions: dict[str, LiveSession] = {}
        self._turns: dict[str, threading.RLock] = {}
        self._lock = threading.Lock()
        self._is_cut = threading.Event()

    def cut(self) -> None:
        """Nothing is forwarded by this process any more."""
        self._is_cut.set()

    @property
    def is_cut(self) -> bool:
        """Whether nothing may be forwarded any more."""
        return self._is_cut.is_set()

    def turn(self, case: str) -> threading.RLock:
        """The lock under which a case is made or opened, by one thread at a time."""
        with self._lock:
            return self._turns.setdefault(case, threading.RLock())

    def session(self, case: str, opened: Callable[[], LiveSession]) -> LiveSession:
        """The case's session; `opened` makes it when this process has not yet, once."""
        with self.turn(case):
            found = self._sessions.get(case)
            if found is None:
                found = opened()
                with self._lock:
                    self._sessions[case] = found
            return found

    def found(self, case: str) -> LiveSession | None:
        """The case's session if it is open in this process; nothing is opened for the question."""
        with self._lock:
            return self._sessions.get(case)

    def forget(self, case: str) -> None:
        """Let go of a session; it is rebuilt when it is asked for again."""
        with self._lock:
            self._sessions.pop(case, None)

    @property
    def sessions(self) -> tuple[LiveSession, ...]:
        """Every session that is open in this process."""
        with self._lock:
            return tuple(self._sessions.values())
