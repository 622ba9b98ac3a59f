"""What the use cases of cases and sessions work with: database, clock, desk, rooms, recorders, rules, scenes, and what is outside.

Made once by the process that has the desk. The ports to rooms and recorders are `rooms.py` and `recorders.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from jianlu.capture.cases.model import Scene
from jianlu.capture.cases.rules import Rules
from jianlu.capture.sessions.checks import Watching
from jianlu.capture.sessions.owing import OwedBook
from jianlu.capture.sessions.recorders import Recorders
from jianlu.capture.sessions.rooms import VIDEO_CODECS, Rooms
from jianlu.capture.sessions.switchboard import Switchboard
from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.decide import Access
from jianlu.runtime.clock import Clock
from jianlu.vault.desk import CaseDesk

PRIMARY, SECOND = "a", "b"
"""Names of the two recorders: the first writes the recording, the second mirrors it."""


def no_jobs(cases: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """The progress of cases for which no job runs."""
    return {case: {"jobs": {"stage": "none", "done": 0, "due": 0, "error": ""}, "result": None} for case in cases}


@dataclass(frozen=True, slots=True)
class SessionPorts:
    """Everything that the use cases of `capture/cases` and `capture/sessions` are given.

    `after_call` starts the stages after the call for a case, and may be told the same case again. `probes` are checks of the gate by
    name: each raises one of our errors when what it checks is not in order. `jobs` says how far the stages of cases are, `wait` lets
    others work for so many seconds. `is_edge`: media and recorders are across a line that may be cut.
    `watching` is what is known of the checker beside the call; None where live checks are switched off. `began_at` is when this
    process began to have sessions: before, another one had them. `owed` is what the ledger would not take yet. `scan` says what malware
    is in a file, empty for none, and raises UnavailableError; None where the institution has no scanner.
    """

    tenant: TenantId
    database: Engine
    clock: Clock
    desk: CaseDesk
    rooms: Rooms
    recorders: Mapping[str, Recorders]
    rules: Rules
    scenes: Mapping[str, Scene]
    tenant_secret: bytes
    backends: Sequence[Sequence[str]]
    after_call: Callable[[str], None]
    access: Access
    probes: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    jobs: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]] = no_jobs
    watching: Watching | None = None
    scan: Callable[[bytes], str] | None = None
    is_edge: bool = False
    video_codecs: tuple[str, ...] = VIDEO_CODECS
    wait: Callable[[float], None] = time.sleep
    switchboard: Switchboard = field(default_factory=Switchboard)
    owed: OwedBook = field(default_factory=OwedBook)
    began_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Note the instant."""
        object.__setattr__(self, "began_at", self.clock.now())

    def jobs_of(self, case: str) -> Mapping[str, Any]:
        """As `jobs`, of one case."""
        return self.jobs([case])[case]
