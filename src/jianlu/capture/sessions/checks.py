"""What the law asks to be heard in each step, and what was found of it so far, while people still talk. Pure.

What is found comes from a process beside the call (`entry/serve/checker.py`) and is advice: the verdict after the call counts. What
was not looked at, or could not be, is unknown, and unknown never counts as met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Step

ON_NOT_MET = ("warn", "block", "route")
"""What a scene does about a check that is not met: say so, hold the next step until it is redone or waived, or also call a supervisor."""

HOLDING = frozenset({"block", "route"})

OPEN_BYTES_MAX = 480
"""Room in one event for the checks that it names; the counts tell of all. An event has 1,024 bytes, half of which are its frame."""

NOT_YET, AWAY = "not_yet", "checker_away"
"""Why nothing is known: nobody has looked yet, or nobody is there to look."""


class CheckState(StrEnum):
    """What is known of one demand."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a step must show: words `said` by a track, a question `answered` on it, or words `avoided`.

    `about` is a phrase of the plan, or the obligation that forbids; `obligations` are those that ask for it.
    """

    kind: str
    track: str
    about: str
    obligations: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name in events and between processes."""
        return f"{self.kind}:{self.track}:{self.about}"


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found of a demand: its state, a code for why, and where in the session."""

    key: str
    state: CheckState
    reason: str = ""
    from_ms: int = 0
    to_ms: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one attempt of a step, up to `until_ms`; `is_whole` when all of the attempt was sealed and looked at."""

    step: str
    attempt: int
    from_ms: int
    until_ms: int
    is_whole: bool
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something about picture or sound that somebody can put right now: a code, and the track."""

    code: str
    track: str


@dataclass(frozen=True, slots=True)
class StepCheck:
    """The recorded check of one attempt of a step; `until_ms` is up to where it was looked at."""

    attempt: int
    until_ms: int
    met: int
    not_met: int
    unknown: int
    open: tuple[Found, ...]
    action: str
    is_waived: bool = False

    @property
    def is_holding(self) -> bool:
        """Whether the talk may not go on behind this step."""
        return self.action in HOLDING and self.not_met > 0 and not self.is_waived


@dataclass(slots=True)
class Watching:
    """What the web process knows of the checker: when it was last heard, since when it is at one look. Monotonic ms."""

    heard_ms: int
    busy_ms: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a session by the checker between two events."""

    looks: Mapping[str, Look] = field(default_factory=dict)
    prompts: tuple[Prompt, ...] = ()
    prompted_ms: int = 0


def demands_of(plan: Plan, step: Step) -> tuple[Demand, ...]:
    """What `plan` demands of what is said in `step`, each once, in the plan's order; forbidden words are avoided in every step."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for obligation in plan.obligations:
        params = obligation.params
        if obligation.kind == "forbid_phrase":
            for speaker in params.get("speakers", ()):
                found.setdefault(("avoided", str(speaker), obligation.id), []).append(obligation.id)
        elif params.get("step") not in step.covers:
            continue
        elif obligation.kind == "require_step":
            for point in params.get("points", ()):
                found.setdefault(("said", str(params["speaker"]), str(point)), []).append(obligation.id)
        elif obligation.kind == "require_consent":
            found.setdefault(("answered", str(params["answerer"]), str(params["question"])), []).append(obligation.id)
    return tuple(Demand(*name, tuple(obligations)) for name, obligations in found.items())


def check_body(look: Look, action: str, at_ms: int) -> dict[str, Any]:
    """The body of the event that records a whole look; `action` only where something is not met."""
    counts = {state: sum(found.state is state for found in look.found) for state in CheckState}
    is_open = sorted((f for f in look.found if f.state is not CheckState.MET), key=lambda f: f.state is CheckState.UNKNOWN)
    named = [[f.key, f.state.value, f.reason, f.from_ms, f.to_ms] for f in is_open]
    while len(canonical_bytes(named)) > OPEN_BYTES_MAX:
        named.pop()
    return {
        "step": look.step,
        "attempt": look.attempt,
        "from_ms": look.from_ms,
        "to_ms": look.until_ms,
        "met": counts[CheckState.MET],
        "not_met": counts[CheckState.NOT_MET],
        "unknown": counts[CheckState.UNKNOWN],
        "open": named,
        "action": action if counts[CheckState.NOT_MET] else "",
        "at_ms": at_ms,
    }


def check_in(body: Mapping[str, Any]) -> StepCheck:
    """The check that the body of such an event records."""
    found = tuple(Found(key, CheckState(state), reason, low, high) for key, state, reason, low, high in body["open"])
    return StepCheck(body["attempt"], body["to_ms"], body["met"], body["not_met"], body["unknown"], found, body["action"])


def findings_now(
    demands: Sequence[Demand], attempt: int, look: Look | None, recorded: StepCheck | None, *, is_away: bool
) -> tuple[Found, ...]:
    """What is known of each demand of a step's present attempt, by the last look, or by the event where the look was forgotten.

    The event names what is not met; the others are met only if they are as many as it counted: a newer version may demand more.
    """
    known: dict[str, Found] = {}
    if look is not None and look.attempt == attempt:
        known = {found.key: found for found in look.found}
    elif recorded is not None and recorded.attempt == attempt:
        known = {found.key: found for found in recorded.open}
        others = [demand.key for demand in demands if demand.key not in known]
        if len(others) == recorded.met and len(known) == recorded.not_met + recorded.unknown:
            known |= {key: Found(key, CheckState.MET) for key in others}
    nothing = AWAY if is_away else NOT_YET
    return tuple(known.get(demand.key, Found(demand.key, CheckState.UNKNOWN, nothing)) for demand in demands)


def outrun(demands: Sequence[Demand], step: str, attempt: int, from_ms: int, look: Look | None) -> Look:
    """What is known of an attempt that the end of the talk overtook: unknown, but for what the last look heard and nothing undoes."""
    if look is None or look.attempt != attempt:
        look = Look(step, attempt, from_ms, from_ms, False, ())
    known = findings_now(demands, attempt, look, None, is_away=False)
    is_kept = {found.key: found.state is CheckState.NOT_MET or found.key.startswith("said:") for found in known}
    found = [each if is_kept[each.key] else Found(each.key, CheckState.UNKNOWN, each.reason or NOT_YET) for each in known]
    return replace(look, is_whole=False, found=tuple(found))


def look_from(fields: Mapping[str, Any]) -> Look:
    """The look that the checker reports; InvalidError when it is none: run processes of one version."""
    try:
        found = tuple(Found(str(k), CheckState(s), str(r), int(low), int(high)) for k, s, r, low, high in fields["found"])
        return Look(
            str(fields["step"]),
            int(fields["attempt"]),
            int(fields["from_ms"]),
            int(fields["until_ms"]),
            bool(fields["is_whole"]),
            found,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("that is no look at a step: run processes of one version") from error


def look_fields(look: Look) -> dict[str, Any]:
    """`look` as the checker reports it."""
    return {
        "step": look.step,
        "attempt": look.attempt,
        "from_ms": look.from_ms,
        "until_ms": look.until_ms,
        "is_whole": look.is_whole,
        "found": [[f.key, f.state.value, f.reason, f.from_ms, f.to_ms] for f in look.found],
    }
