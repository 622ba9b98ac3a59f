"""The nouns of a session: its phase, its steps, seats, decisions and alarms as the case's events tell them, and the acts that people do.

Frozen values only. How events change a `Talk` is `replay.py`, what may happen next is `engine.py`, who may do what is `lifecycle.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jianlu.capture.sessions.checks import StepCheck
from jianlu.core.formats.script import Step
from jianlu.core.terms.events import EventType
from jianlu.govern.consent import Decision


class Phase(StrEnum):
    """Where a session is; `sealed` once its case is closed, `destroyed` once nothing is left of it but what the ledger says."""

    DRAFT = "draft"
    WAITING = "waiting"
    READY = "ready"
    LIVE = "live"
    PAUSED = "paused"
    HALTED = "halted"
    REFUSED = "refused"
    ENDED = "ended"
    SEALED = "sealed"
    DESTROYED = "destroyed"


class Act(StrEnum):
    """What somebody may do in a session; the view lists the acts that its viewer may do now."""

    INVITE = "invite"
    PREFLIGHT = "preflight"
    CONSENT = "consent"
    START = "start"
    START_STEP = "start_step"
    COMPLETE_STEP = "complete_step"
    REDO_STEP = "redo_step"
    SHOW_DOCUMENT = "show_document"
    ANSWER = "answer"
    DEPOSIT = "deposit"
    ATTEST = "attest"
    WAIVE_CHECK = "waive_check"
    MESSAGE = "message"
    ADVISE = "advise"
    SUPERVISE = "supervise"
    SHARE = "share"
    PAUSE = "pause"
    RESUME = "resume"
    HANDOVER = "handover"
    REFUSE = "refuse"
    ABANDON = "abandon"
    END = "end"
    LEAVE = "leave"


class StepState(StrEnum):
    """Where a step is. `current` steps were started and are not done."""

    PENDING = "pending"
    CURRENT = "current"
    DONE = "done"
    REOPENED = "reopened"


class Block(StrEnum):
    """Why a step cannot be completed, or the session not begun or ended, yet."""

    ORDER = "order"
    NOT_LIVE = "not_live"
    NOT_STARTED = "not_started"
    UNHEALTHY = "unhealthy"
    TOO_EARLY = "too_early"
    DOCUMENT = "document"
    ANSWER = "answer"
    ANSWER_STAYS = "answer_stays"
    CONSENT = "consent"
    ATTESTATION = "attestation"
    INCOMPLETE = "incomplete"
    CHECK = "check"
    UNKNOWN_STEP = "unknown_step"
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command is refused: a code, and what it is about (a step, a document, a question, a purpose, a clause)."""

    block: Block
    about: str = ""


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step as it ran: attempts count its starts; `decided` are the purposes decided during the present attempt, by seat."""

    step: str
    state: StepState = StepState.PENDING
    attempt: int = 0
    from_ms: int = 0
    to_ms: int = 0
    paused_ms: int = 0
    shown: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    decided: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Showing:
    """A document that is being shown now; not an event yet."""

    step: str
    document: str
    digest: str
    from_ms: int


@dataclass(frozen=True, slots=True)
class Share:
    """A share that goes on."""

    track: str
    kind: str
    by: str


@dataclass(frozen=True, slots=True)
class Written:
    """A message: the object that holds it, who wrote it, and to whom ("" for everybody)."""

    name: str
    by: str
    to: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Talk:
    """A session by its events alone; `showing` and `is_unhealthy` are of the moment."""

    steps: tuple[StepRun, ...]
    seats: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decisions: Mapping[tuple[str, str], Decision] = field(default_factory=dict)
    attested: frozenset[str] = frozenset()
    attestations: int = 0
    messages: tuple[Written, ...] = ()
    deposits: tuple[tuple[str, str, str, int], ...] = ()
    shares: tuple[Share, ...] = ()
    alarms: Mapping[tuple[str, str], int] = field(default_factory=dict)
    is_recording: bool = False
    segments: int = 0
    recorded_until_ms: int = 0
    paused_at_ms: int | None = None
    pause_reason: str = ""
    end_reason: str = ""
    ended_at_ms: int = 0
    is_recorded: bool = False
    is_closed: bool = False
    refusals: int = 0
    version: int = 0
    checks: Mapping[str, StepCheck] = field(default_factory=dict)
    showing: Showing | None = None
    is_unhealthy: bool = False

    def run_of(self, step: str) -> StepRun | None:
        """The run of that step, or None for a step that the session does not have."""
        return next((run for run in self.steps if run.step == step), None)

    @property
    def next_run(self) -> StepRun | None:
        """The first step that is not done: the only one that may be started or completed. None when all are done."""
        return next((run for run in self.steps if run.state is not StepState.DONE), None)

    @property
    def held_by(self) -> str:
        """The first step whose check holds the talk; "" when none does."""
        return next((run.step for run in self.steps if run.step in self.checks and self.checks[run.step].is_holding), "")

    @property
    def is_live(self) -> bool:
        """Whether people talk and are recorded."""
        return self.is_recording and self.segments > 0 and not self.end_reason and self.paused_at_ms is None


@dataclass(frozen=True, slots=True)
class Course:
    """What a session has to go through: its steps (those whose conditions hold), reading pace, and what is demanded of whom.

    `attests` are clauses that the plan wants attested; `refusals` purposes whose refusal ends the talk; `consenting` the seats that decide.
    """

    steps: tuple[Step, ...]
    min_show_ms: Mapping[str, int]
    read_permille: int
    attests: frozenset[str]
    ends_on_refusal: frozenset[str]
    consenting: tuple[str, ...]
    may_pause: bool

    def step_of(self, id: str) -> Step | None:
        """The step of that id, or None."""
        return next((step for step in self.steps if step.id == id), None)

    def read_ms(self, step: Step) -> int:
        """How long the step takes at least."""
        return step.min_read_ms * self.read_permille // 1000


@dataclass(frozen=True, slots=True)
class Record:
    """An event to be recorded: kind, body and commitments (field to SHA-256 of the content)."""

    type: EventType
    body: Mapping[str, Any]
    commits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The engine's answer to a command: events to record and what is shown afterwards, or a refusal (with the record of the attempt)."""

    records: tuple[Record, ...] = ()
    showing: Showing | None = None
    refusal: Refusal | None = None
