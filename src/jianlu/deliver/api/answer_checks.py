"""What answers tell of the checks made during a call; and the two forms that every described answer is made of.

The other documents are in `answers.py`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Words = dict[Literal["zh", "en"], str]


class Answer(BaseModel):
    """A document of the API; a field that is not described is a defect of the description."""

    model_config = ConfigDict(extra="forbid")


class Coded(Answer):
    """A code, what it is about, and both in words."""

    code: str
    about: str
    text: Words


class CheckedPoint(Answer):
    """One thing that the step must show, and what is known of it: `unknown` until it was looked at."""

    id: str
    kind: Literal["said", "answered", "avoided"]
    by: str
    text: Words
    state: Literal["met", "not_met", "unknown"]
    reason: str
    why: Words | None
    from_ms: int | None
    to_ms: int | None


class StepChecks(Answer):
    """The checks of a step's present attempt, for staff; `is_whole` once all of it was looked at and recorded."""

    state: Literal["none", "met", "not_met", "unknown"]
    is_whole: bool
    action: Literal["", "warn", "block", "route"]
    is_waived: bool
    points: list[CheckedPoint]


class LiveChecks(Answer):
    """How checking during the call stands, and what can be put right at once; for staff."""

    state: Literal["off", "on", "away"]
    on_not_met: Literal["warn", "block", "route"]
    held_by: str | None
    calls_supervisor: bool
    prompts: list[Coded]


class SupervisorCall(Answer):
    """A talk in which a check calls for a supervisor."""

    case: str
    title: str
    step: str


class SupervisorCalls(Answer):
    """Talks that call for a supervisor."""

    calls: list[SupervisorCall]
