"""The nouns of reviews by people: candidate, roll, sample, task, and what a reviewer says of a clause.

Frozen values only; the documents that hold them are `documents.py`, after `specs/review.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jianlu.core.terms.verdicts import Verdict
from jianlu.judge.review.days import day_of


class Out(StrEnum):
    """Why a closed case does not count for a plan."""

    OTHER_RULES = "other_rules"
    NOT_CONCLUDED = "not_concluded"
    DESTROYED = "destroyed"


class Stage(StrEnum):
    """Which look at a case: the first person's, the second's."""

    FIRST = "first"
    SECOND = "second"


class Cause(StrEnum):
    """Why somebody reviews: drawn, one of a group of which all are, by two people apart, or because of what the first one said."""

    DRAWN = "drawn"
    GROUP = "group"
    TWICE = "twice"
    OVERTURNED = "overturned"
    APPEALED = "appealed"


class TaskState(StrEnum):
    """Open for whoever may, taken by somebody, done."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"


class Outcome(StrEnum):
    """What a review said of the machine's verdicts as a whole."""

    CONFIRMED = "confirmed"
    OVERTURNED = "overturned"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A closed case as a roll lists it: ledger position of its closing, why it is out ("" when it counts), groups, last day of review."""

    case: str
    closed: int
    out: str
    groups: tuple[str, ...]
    due_on: str


@dataclass(frozen=True, slots=True)
class Roll:
    """The closed cases of the ledger positions [first, end), and the rule by which some of them are drawn."""

    plan: str
    pack_version: str
    pack_digest: str
    on: str
    no: int
    first: int
    end: int
    share_permille: int
    second_permille: int
    cases: tuple[Candidate, ...]

    @property
    def eligible(self) -> tuple[Candidate, ...]:
        """Those that count."""
        return tuple(each for each in self.cases if not each.out)


@dataclass(frozen=True, slots=True)
class Tree:
    """A ledger's tree of `size` entries: its origin and root in hexadecimal."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Who is reviewed: all of the groups, those drawn, and which of both by two people apart."""

    plan: str
    no: int
    tree: Tree
    roll_digest: str
    grouped: tuple[str, ...]
    drawn: tuple[str, ...]
    twice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClauseReview:
    """A person's verdict on one clause (`pack:clause`) beside the machine's; `reason` in words, and the stretch that shows it."""

    clause: str
    machine: Verdict
    verdict: Verdict
    reason: str
    from_ms: int | None
    to_ms: int | None

    @property
    def is_overturned(self) -> bool:
        """Whether the person sees it otherwise than the machine."""
        return self.verdict is not self.machine


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said of a case; `judged` is the digest of the event by which the machine's verdicts were recorded."""

    case: str
    stage: Stage
    cause: Cause
    plan: str
    reviewer: str
    at: str
    judged: str
    redo: str
    clauses: tuple[ClauseReview, ...]

    @property
    def outcome(self) -> Outcome:
        """Overturned when any clause is."""
        return Outcome.OVERTURNED if any(each.is_overturned for each in self.clauses) else Outcome.CONFIRMED


@dataclass(frozen=True, slots=True)
class Appeal:
    """What the agent says against a review, and against which clauses."""

    case: str
    by: str
    at: str
    clauses: tuple[str, ...]
    reason: str


class RedoState(StrEnum):
    """What became of a redo: asked for, a new case made for it, done; or lifted by the second person, who does not ask for it."""

    ASKED = "asked"
    ASSIGNED = "assigned"
    DONE = "done"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class RedoRow:
    """A talk that is to be done again: until when, and the case in which it is. `agent` led the talk that was reviewed."""

    case: str
    state: str
    asked_at: str
    due_on: str
    agent: str
    successor: str = ""
    assigned_at: str | None = None
    completed_at: str | None = None
    alarmed_at: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in (RedoState.ASKED, RedoState.ASSIGNED)

    def is_late(self, today: str) -> bool:
        """Whether its last day is over and it is not done, or it was done after that day."""
        return self.state != RedoState.LIFTED and (day_of(self.completed_at) if self.completed_at else today) > self.due_on


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A review to be done, as the work list has it. `barred` are accounts that may not do it, as far as was known when it was opened."""

    case: str
    stage: str
    plan: str
    roll: int
    cause: str
    stratum: str
    due_on: str
    state: str
    agent: str
    barred: tuple[str, ...]
    reviewer: str
    outcome: str
    asks_redo: bool
    opened_at: str
    taken_at: str | None = None
    decided_at: str | None = None
    appealed_at: str | None = None
    alarmed_at: str | None = None

    def is_late(self, today: str) -> bool:
        """Whether its last day is over and it is not done, or it was done after that day; `today` is a date as `days.py` has it."""
        return (day_of(self.decided_at) if self.decided_at else today) > self.due_on
