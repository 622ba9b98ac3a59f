"""The order of the conversation: where each step took place, given which steps must be over before it.

A step is looked for from the end of the steps it comes after; behind one that did not take place no order can be shown. Also
where a step that was not heard should have been: between its neighbours in the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Finding
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.exchanges import Consent, Exchange, Questions, agreed_span, consent_of, exchanges_of
from jianlu.core.verdicts.points import Points, heard_points, points_of
from jianlu.core.verdicts.ranges import Range
from jianlu.core.verdicts.spans import ORDER_SLACK_MS, Span

Step = Points | Consent


@dataclass(frozen=True, slots=True)
class Bound:
    """The latest end of the steps that must be over: when, and which step's it is ("" when there is none)."""

    ms: int
    step: str

    @property
    def least_ms(self) -> int:
        """The earliest begin that is accepted: the end, less the slack of word times."""
        return max(self.ms - ORDER_SLACK_MS, 0)


class Agenda:
    """All steps and consents of a plan, placed in the session once."""

    def __init__(self, case: CaseView) -> None:
        """Places every step; InvalidError when parameters are malformed, name unknown steps, or steps wait for each other."""
        self._case = case
        self._steps = _steps_of(case)
        self._by_code = _by_code(self._steps)
        self._questions = Questions(case, [step for step in self._steps.values() if isinstance(step, Consent)])
        self._exchanges = {
            name: exchanges_of(step, case, self._questions) for name, step in self._steps.items() if isinstance(step, Consent)
        }
        self._free = {name: self._occurrence(name, 0) for name in self._steps}
        self._bounds: dict[str, Bound] = {}
        self._placed: dict[str, Span | None] = {}
        for name in _in_order(self._steps, self._by_code):
            self._bounds[name] = self._bound(self._steps[name].after)
            self._placed[name] = self._occurrence(name, self._bounds[name].least_ms)
        self._gaps = self._neighbour_gaps()

    def points(self, obligation: Obligation) -> Points:
        """The checked parameters of a `require_step`."""
        step = self._steps[obligation.id]
        if not isinstance(step, Points):
            raise InvalidError(f"the obligation {obligation.id} is no spoken step")
        return step

    def consent(self, obligation: Obligation) -> Consent:
        """The checked parameters of a `require_consent`."""
        step = self._steps[obligation.id]
        if not isinstance(step, Consent):
            raise InvalidError(f"the obligation {obligation.id} is no consent")
        return step

    def placed(self, obligation: Obligation) -> Span | None:
        """Where the step took place after all that must precede it; None when it did not."""
        return self._placed[obligation.id]

    def anywhere(self, obligation: Obligation) -> Span | None:
        """Where the step took place, order aside."""
        return self._free[obligation.id]

    def bound(self, obligation: Obligation) -> Bound:
        """From when on the step counts."""
        return self._bounds[obligation.id]

    def exchanges(self, obligation: Obligation) -> list[Exchange]:
        """The askings of a consent's question, in time order."""
        return self._exchanges[obligation.id]

    def missing_precedent(self, obligation: Obligation) -> str | None:
        """The first step of `after` that did not take place at all; None when there is none: only then can an order be shown."""
        for code in self._steps[obligation.id].after:
            if any(self._placed[name] is None and self._free[name] is None for name in self._by_code[code]):
                return code
        return None

    def answered_until(self, obligation: Obligation, question: Finding) -> int:
        """Until when an answer belongs to the asker's question before `question`; 0 when there was none."""
        return self._questions.answered_until(self.consent(obligation), question)

    def overtaken_by(self, obligation: Obligation) -> str | None:
        """The first step of `before` that had begun when the placed step ended; None when the order holds."""
        span = self._placed[obligation.id]
        for code in self._steps[obligation.id].before:
            begins = [
                found.from_ms for name in self._by_code[code] if (found := self._placed[name] or self._free[name]) is not None
            ]
            if span is not None and begins and span.to_ms > min(begins) + ORDER_SLACK_MS:
                return code
        return None

    def place_of(self, obligation: Obligation, point: str) -> Range:
        """Where `point` (a phrase of the step) should have been: after what was heard before it in the plan, before what comes next."""
        return self._gaps[obligation.id, point]

    def _occurrence(self, name: str, not_before_ms: int) -> Span | None:
        step = self._steps[name]
        if isinstance(step, Points):
            return heard_points(step, self._case, not_before_ms)
        return agreed_span(self._exchanges[name], not_before_ms)

    def _bound(self, after: Iterable[str]) -> Bound:
        bound = Bound(0, "")
        for code in after:
            for name in self._by_code[code]:
                span = self._placed[name] or self._free[name]
                if span is not None and span.to_ms > bound.ms:
                    bound = Bound(span.to_ms, code)
        return bound

    def _neighbour_gaps(self) -> dict[tuple[str, str], Range]:
        """For every phrase of every step: from the end of the one heard before it to the begin of the one heard after it."""
        places: list[tuple[tuple[str, str], Range | None]] = []
        for name, step in self._steps.items():
            phrases = step.points if isinstance(step, Points) else (step.question,)
            places += [((name, phrase), self._heard_at(name, step, phrase)) for phrase in phrases]
        ends: list[int] = []
        end = 0
        for _, heard in places:
            ends.append(end)
            end = heard[1] if heard is not None else end
        gaps: dict[tuple[str, str], Range] = {}
        last = following = max(self._case.duration_ms or 0, max(ends, default=0))
        for (key, heard), end in zip(reversed(places), reversed(ends), strict=True):
            gaps[key] = (end, following if following > end else last)
            following = heard[0] if heard is not None else following
        return gaps

    def _heard_at(self, name: str, step: Step, phrase: str) -> Range | None:
        if isinstance(step, Consent):
            span = self._placed[name] or self._free[name]
            if span is not None:
                return span.from_ms, span.to_ms
            hits = self._case.hits(phrase, step.asker)
        else:
            hits = self._case.hits(phrase, step.speaker)
        if not hits:
            return None
        hit = next((hit for hit in hits if hit.from_ms >= self._bounds[name].least_ms), hits[0])
        return hit.from_ms, hit.to_ms


def _steps_of(case: CaseView) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for obligation in case.plan.obligations:
        if obligation.kind == "require_step":
            steps[obligation.id] = points_of(obligation, case)
        elif obligation.kind == "require_consent":
            steps[obligation.id] = consent_of(obligation, case)
    return steps


def _by_code(steps: Mapping[str, Step]) -> dict[str, list[str]]:
    by_code: dict[str, list[str]] = {}
    for name, step in steps.items():
        by_code.setdefault(step.step, []).append(name)
    for name, step in steps.items():
        unknown = [code for code in (*step.after, *step.before) if code not in by_code]
        if unknown:
            raise InvalidError(f"the obligation {name} names steps that the plan does not have: {', '.join(unknown)}; plan again")
    return by_code


def _in_order(steps: Mapping[str, Step], by_code: Mapping[str, Sequence[str]]) -> list[str]:
    """Obligation ids, each behind those of the steps it comes after; InvalidError when steps wait for each other."""
    waiting = {name: len(set(step.after)) for name, step in steps.items()}
    unfinished = {code: len(ids) for code, ids in by_code.items()}
    waiters: dict[str, list[str]] = {}
    for name, step in steps.items():
        for code in set(step.after):
            waiters.setdefault(code, []).append(name)
    ready = [name for name, count in waiting.items() if count == 0]
    for name in ready:
        code = steps[name].step
        unfinished[code] -= 1
        if unfinished[code] == 0:
            for waiter in waiters.get(code, []):
                waiting[waiter] -= 1
                if waiting[waiter] == 0:
                    ready.append(waiter)
    if len(ready) < len(steps):
        raise InvalidError("steps of the plan wait for each other: correct `after` in the packs and plan again")
    return ready
