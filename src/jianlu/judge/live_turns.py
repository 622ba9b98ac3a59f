"""Whose turn it is: which attempt at a step the checker looks at next, and how closely it glances at pictures. Pure.

An attempt that is over and sealed comes first, the latest before older ones, because somebody waits for it. One that is under way is
looked at as its sound arrives, and then rests, so that looking never takes more than a third of what it could.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError

TAIL_MS = 400
"""The last word may end so much after the step was clicked away. More would be the next step's first words, cut off."""

FRESH_MS_MIN = 1_500
"""So much new sound is worth a look: less than a segment."""

REST_FACTOR = 2
"""How many times as long as the last look an attempt under way is left alone."""

SLOW_MS, LONG_MS = 3_000, 40_000
"""Where a look takes longer than `SLOW_MS` the machine has no time for looks in between: somebody may be waiting for a step that is over
before such a look ends. Only a step that goes on for longer than `LONG_MS` is then looked at while it runs."""

AGAIN_MS = 15_000
"""A whole look that did not reach the session is made again after so long."""


RECENT_MS = 60_000
"""How long the slowest look is remembered as a sign of how busy the machine is."""

GLANCE_REST = 10
"""A glance at the newest picture decodes all since its key frame. All such glances together take a tenth of one core at most."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a step of a case, and up to where the case's recording is sealed."""

    case: str
    step: str
    attempt: int
    is_done: bool
    from_ms: int
    to_ms: int
    sealed_ms: int

    @property
    def name(self) -> tuple[str, str, int]:
        """What it is remembered by."""
        return self.case, self.step, self.attempt

    @property
    def is_sealed(self) -> bool:
        """Whether it is over and all of it is sealed, to its last word: a look at it is whole."""
        return self.is_done and self.sealed_ms >= self.to_ms + TAIL_MS


@dataclass(frozen=True, slots=True)
class Looked:
    """The last look at an attempt: up to where, whether whole, how long it took and when it ended (monotonic ms)."""

    until_ms: int
    is_whole: bool
    took_ms: int
    at_ms: int


def attempts_in(cases: Iterable[Mapping[str, Any]]) -> list[Attempt]:
    """The attempts that the web process says are to be looked at; InvalidError for another form: run processes of one version."""
    try:
        return [
            Attempt(
                str(case["case"]),
                str(each["step"]),
                int(each["attempt"]),
                bool(each["is_done"]),
                int(each["from_ms"]),
                int(each["to_ms"]),
                int(case["recorded_until_ms"]),
            )
            for case in cases
            for each in case["attempts"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("that is no list of sessions: run processes of one version") from error


def next_turn(attempts: Iterable[Attempt], looked: Mapping[tuple[str, str, int], Looked], now_ms: int) -> Attempt | None:
    """The attempt to look at now; None when there is nothing new to be heard."""
    known = list(attempts)
    over = [each for each in known if each.is_sealed and _is_due_whole(looked.get(each.name), now_ms)]
    if over:
        return max(over, key=lambda each: each.to_ms)
    slowest_ms = max((last.took_ms for last in looked.values() if now_ms - last.at_ms < RECENT_MS), default=0)
    running = [each for each in known if not each.is_sealed and _is_due_again(each, looked.get(each.name), now_ms, slowest_ms)]
    return min(running, key=lambda each: _waited_from(looked.get(each.name)), default=None)


def _is_due_whole(last: Looked | None, now_ms: int) -> bool:
    return last is None or not last.is_whole or now_ms - last.at_ms >= AGAIN_MS


def _is_due_again(attempt: Attempt, last: Looked | None, now_ms: int, slowest_ms: int) -> bool:
    if attempt.sealed_ms - (last.until_ms if last else attempt.from_ms) < FRESH_MS_MIN:
        return False
    if slowest_ms > SLOW_MS and attempt.sealed_ms - attempt.from_ms < LONG_MS:
        return False
    return last is None or now_ms - last.at_ms >= REST_FACTOR * last.took_ms


def _waited_from(last: Looked | None) -> int:
    return last.at_ms if last else -1


class GlancePace:
    """How often the newest picture of a talk is looked at; in between key frames alone, which cost little and may be ten seconds old."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}

    def is_resting(self, case: str, now_ms: int) -> bool:
        """Whether only key frames of the talk are to be looked at."""
        return now_ms < self._until.get(case, now_ms)

    def rest(self, case: str, now_ms: int, *, took_ms: int, talks: int) -> None:
        """A glance at the newest pictures of one of so many talks took so long."""
        self._until[case] = now_ms + GLANCE_REST * took_ms * max(1, talks)

    def forget(self, case: str) -> None:
        """The talk is over."""
        self._until.pop(case, None)
