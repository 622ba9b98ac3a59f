"""Which closed cases count for a plan of reviews, to which groups they belong, and until when they must be reviewed.

The packs of this installation decide, by the facts that each case's own sealed plan states. What a case does not state counts as
inside: a case is rather reviewed for nothing than left out by a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Plan
from jianlu.core.terms.events import EventType
from jianlu.govern.policy import amount_on
from jianlu.govern.policy.conditions import Condition, Missing, evaluate
from jianlu.govern.policy.model import FactValue, Pack, ReviewRule
from jianlu.govern.script_texts import facts_in
from jianlu.judge.review.days import day_of, days_after
from jianlu.judge.review.model import Candidate, Out

CONCLUDED = "completed"


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """A pack's rule of review, with the pack whose values and conditions it names."""

    pack: Pack
    rule: ReviewRule

    @property
    def key(self) -> str:
        """`pack:review`."""
        return f"{self.pack.id}:{self.rule.id}"

    def amount(self, value: str, on: str) -> int:
        """The amount of one of the pack's values on a day."""
        return amount_on(self.pack, value, date.fromisoformat(on))


def plans_in(packs: Sequence[Pack]) -> Iterator[ReviewPlan]:
    """Every plan of reviews of the packs."""
    return (ReviewPlan(pack, rule) for pack in packs for rule in pack.reviews)


def candidate(plan: ReviewPlan, case: str, closed: int, sealed: Plan | None, events: Sequence[Event]) -> Candidate:
    """The case as the plan's roll lists it; `sealed` is its own plan, None when its keys were destroyed."""
    ended_on = day_of(next((e.at for e in events if e.type is EventType.RECORDING_ENDED), events[-1].at))
    if sealed is None:
        return Candidate(case, closed, Out.DESTROYED, (), ended_on)
    facts, on = facts_in(sealed), ended_on
    if plan.pack.id not in {pack.id for pack in sealed.packs} or not _holds(plan, plan.rule.when, facts, on):
        return Candidate(case, closed, Out.OTHER_RULES, (), ended_on)
    if not is_concluded(events):
        return Candidate(case, closed, Out.NOT_CONCLUDED, (), ended_on)
    groups = tuple(group.id for group in plan.rule.groups if _holds(plan, group.when, facts, on))
    return Candidate(case, closed, "", groups, days_after(ended_on, _days(plan, facts, on)))


def is_concluded(events: Sequence[Event]) -> bool:
    """Whether the talk came to its end; a file that somebody handed in is of a talk that did."""
    ended = [event for event in events if event.type is EventType.SESSION_ENDED]
    return not ended or ended[-1].body.get("reason") == CONCLUDED


def _days(plan: ReviewPlan, facts: Mapping[str, FactValue], on: str) -> int:
    stated = facts.get(plan.rule.days_fact)
    return stated if isinstance(stated, int) and not isinstance(stated, bool) else plan.amount(plan.rule.unstated_days, on)


def _holds(plan: ReviewPlan, condition: Condition, facts: Mapping[str, FactValue], on: str) -> bool:
    answer = evaluate(condition, facts, named=plan.pack.conditions, amount=lambda value: plan.amount(value, on))
    return True if isinstance(answer, Missing) else answer
