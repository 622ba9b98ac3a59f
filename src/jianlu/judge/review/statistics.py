"""What the reviews of a tenant amount to: shares reached by draw, agreement of machine and people by clause, of people with each other.

Machine against people counts first looks at cases that chance or a group chose, never those that somebody disputed: a sample chosen for its
disagreement would say nothing. People against people counts pairs who did not see each other's answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.terms.verdicts import Verdict
from jianlu.judge.review import _records
from jianlu.judge.review._counts import ENDED, Asked, counted, kept_counts, reviewer_counts
from jianlu.judge.review.agreement import Agreement, agreement_of
from jianlu.judge.review.days import day_at, day_of
from jianlu.judge.review.model import Outcome, Stage, TaskState
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.database import transaction


@dataclass(frozen=True, slots=True)
class Coverage:
    """One draw: how many cases counted, how many were to be reviewed, and what became of them."""

    plan: str
    no: int
    on: str
    cases: int
    eligible: int
    wanted: int
    in_time: int
    late: int
    waiting: int

    @property
    def permille(self) -> int | None:
        """Reviewed in time, in thousandths of those that counted; None where none did."""
        return self.in_time * 1000 // self.eligible if self.eligible else None


@dataclass(frozen=True, slots=True)
class Work:
    """So many reviews of a kind (`_counts.work_counts`)."""

    plan: str
    roll: int
    stage: str
    state: str
    outcome: str
    asks_redo: bool
    is_late: bool
    is_appealed: bool
    n: int


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What one person did: first looks, clauses looked at and overturned."""

    account: str
    reviews: int
    clauses: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything that the page and the export show; `ended` cases were destroyed, of which numbers alone are left."""

    coverage: tuple[Coverage, ...]
    states: Mapping[str, int]
    machine: Agreement
    clauses: Mapping[str, Agreement]
    people: Agreement
    reviewers: tuple[Reviewer, ...]
    second_looks: int
    first_stood: int
    ended: int


def statistics(using: ReviewPorts) -> Statistics:
    """The statistics of all reviews so far; counted by the database, whose rows may be millions."""
    on = Asked(using.tenant, day_at(using.sessions.clock.now()))
    with transaction(using.sessions.database, writes=False) as connection:
        rolls = _records.rolls_of(connection, using.tenant)
        work = [Work(*(*key, n)) for key, n in counted(connection, "work", on).items()]
        verdicts = counted(connection, "verdict", on)
        pairs = counted(connection, "pair", on)
        disputed = counted(connection, "disputed", on)
        reviewers = reviewer_counts(connection, on)
        gone = kept_counts(connection, using.tenant, "work")
    by_clause: dict[str, Counter[tuple[Verdict, Verdict]]] = defaultdict(Counter)
    for (clause, machine, person), n in verdicts.items():
        by_clause[clause][Verdict(machine), Verdict(person)] += n
    return Statistics(
        coverage=tuple(_coverage(roll, work) for roll in rolls),
        states=_states(work),
        machine=agreement_of(sum(by_clause.values(), Counter())),
        clauses={clause: agreement_of(by_clause[clause]) for clause in sorted(by_clause)},
        people=agreement_of({(Verdict(one), Verdict(other)): n for (one, other), n in pairs.items()}),
        reviewers=tuple(Reviewer(*each) for each in reviewers),
        second_looks=disputed["looked",],
        first_stood=disputed["looked",] - disputed["differ",],
        ended=sum(n for key, n in gone.items() if key[2] == Stage.FIRST),
    )


def _coverage(roll: Mapping[str, Any], work: Sequence[Work]) -> Coverage:
    mine = [row for row in work if (row.plan, row.roll, row.stage) == (roll["plan"], roll["no"], Stage.FIRST)]
    return Coverage(
        plan=roll["plan"],
        no=roll["no"],
        on=day_of(roll["frozen_at"]),
        cases=roll["cases"],
        eligible=roll["eligible"],
        wanted=roll["grouped"] + roll["drawn"],
        in_time=_sum(mine, lambda row: row.state == TaskState.DONE and not row.is_late),
        late=_sum(mine, lambda row: row.is_late),
        waiting=_sum(mine, lambda row: row.state != TaskState.DONE and not row.is_late),
    )


def _states(work: Sequence[Work]) -> dict[str, int]:
    found = {state.value: _sum(work, lambda row, state=state: row.state == state) for state in TaskState}
    return found | {
        "late": _sum(work, lambda row: row.is_late and row.state not in (TaskState.DONE, ENDED)),
        "overturned": _sum(work, lambda row: row.outcome == Outcome.OVERTURNED and row.stage == Stage.FIRST),
        "redo": _sum(work, lambda row: row.asks_redo),
        "appealed": _sum(work, lambda row: row.is_appealed),
    }


def _sum(work: Sequence[Work], is_one: Callable[..., bool]) -> int:
    return sum(row.n for row in work if is_one(row))
