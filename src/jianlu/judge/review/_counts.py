"""The SQL of the statistics: counts of what stands in the rows, and of what stood in those of cases that were destroyed.

A count is a number under a key of codes (clause, verdicts, plan, day passed or not): when a case's rows go, its numbers stay, and nothing
else of it. Who reviewed is no part of a key that stays.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update
from sqlalchemy import case as when_then

from jianlu.judge.review._tables import (
    LATE,
    REVIEW_TOTALS,
    UNDECIDED,
    review_counts,
    review_tasks,
    review_totals,
    review_verdicts,
)
from jianlu.judge.review.model import Cause, Stage, TaskState

Key = tuple[Any, ...]
Counts = Counter[Key]

ENDED = "ended"
"""The state of a review that was not done when its case was destroyed: nobody can do it any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose rows are counted, on which day; of one case, or of all with ""."""

    tenant: str
    today: str
    case: str = ""


def verdict_counts(connection: Connection, on: Asked) -> Counts:
    """(clause, the machine's verdict, a person's): first looks at cases that nobody disputed."""
    c = review_verdicts.c
    return _counted(connection, (c.clause, c.machine, c.verdict), _by_chance(on))


def pair_counts(connection: Connection, on: Asked) -> Counts:
    """(the first person's verdict, the second's) on the same clause, of cases at which both looked apart."""
    first, second, both = _two_looks(on, apart=True)
    return _counted(connection, (first.c.verdict, second.c.verdict), both)


def disputed_counts(connection: Connection, on: Asked) -> Counts:
    """("looked",) disputed cases at which a second person looked, ("differ",) those of them in which the two differ in any clause."""
    first, second, both = _two_looks(on, apart=False)
    cases = select(func.count(second.c.case_ref.distinct()))
    looked = connection.execute(cases.where(*both)).scalar_one()
    differ = connection.execute(cases.where(*both, first.c.verdict != second.c.verdict)).scalar_one()
    return +Counter({("looked",): looked, ("differ",): differ})


def work_counts(connection: Connection, on: Asked) -> Counts:
    """(plan, roll, stage, state, outcome, whether a redo is asked, whether late, whether appealed) of the tasks."""
    if on.case:
        kinds: Mapping[str, ColumnElement[Any]] = REVIEW_TOTALS.kinds
        n: ColumnElement[Any] = func.count()
        mine = [review_tasks.c.tenant == on.tenant, review_tasks.c.case_ref == on.case]
    else:
        kinds, n = dict(review_totals.c.items()), func.sum(review_totals.c.n)
        mine = [review_totals.c.tenant == on.tenant]
    is_late = or_(kinds["lateness"] == LATE, and_(kinds["lateness"] == UNDECIDED, kinds["due_on"] < on.today))
    named = [kinds[name] for name in ("plan", "roll", "stage", "state", "outcome", "asks_redo")]
    found = _counted(connection, (*named, is_late, kinds["is_appealed"]), mine, n)
    return Counter({(*key[:5], *map(bool, key[5:])): n for key, n in found.items()})


def reviewer_counts(connection: Connection, on: Asked) -> list[tuple[str, int, int, int]]:
    """Account, cases, clauses and overturned clauses of each reviewer's first looks at cases that nobody disputed and that are there."""
    c = review_verdicts.c
    overturned = func.sum(when_then((c.machine != c.verdict, 1), else_=0))
    query = select(c.reviewer, func.count(c.case_ref.distinct()), func.count(), overturned).where(*_by_chance(on))
    return [
        (who, cases, n, int(away)) for who, cases, n, away in connection.execute(query.group_by(c.reviewer).order_by(c.reviewer))
    ]


_KINDS: Mapping[str, Callable[[Connection, Asked], Counts]] = {
    "verdict": verdict_counts,
    "pair": pair_counts,
    "disputed": disputed_counts,
    "work": work_counts,
}


def counted(connection: Connection, what: str, on: Asked) -> Counts:
    """Counts of that kind: of the rows that are there, and of those that are gone."""
    return _KINDS[what](connection, on) + kept_counts(connection, on.tenant, what)


def kept_counts(connection: Connection, tenant: str, what: str) -> Counts:
    """Counts of that kind that stayed when their rows went."""
    c = review_counts.c
    rows = connection.execute(select(c.key, c.n).where(c.tenant == tenant, c.what == what))
    return Counter({tuple(json.loads(key)): n for key, n in rows})


def keep_counts(connection: Connection, on: Asked) -> None:
    """Add the counts of one case to those that stay; its rows are to be deleted in the same transaction."""
    for what, count in _KINDS.items():
        for key, n in count(connection, on).items():
            _add(connection, on.tenant, what, _without_person(what, key), n)


def _without_person(what: str, key: Key) -> Key:
    """The key as it stays: a review that was never done ended with its case, and is late for good."""
    if what != "work" or key[3] == TaskState.DONE:
        return key
    return (*key[:3], ENDED, *key[4:6], True, key[7])


def _add(connection: Connection, tenant: str, what: str, key: Key, n: int) -> None:
    text = json.dumps(key)
    mine = (review_counts.c.tenant == tenant, review_counts.c.what == what, review_counts.c.key == text)
    more = update(review_counts).where(*mine).values(n=review_counts.c.n + n)
    if not connection.execute(more).rowcount:
        connection.execute(insert(review_counts).values(tenant=tenant, what=what, key=text, n=n))


def _counted(
    connection: Connection, kinds: tuple[Any, ...], wanted: list[ColumnElement[bool]], n: ColumnElement[int] | None = None
) -> Counts:
    named = [each.label(f"k{place}") for place, each in enumerate(kinds)]
    query = select(*named, func.count() if n is None else n).where(*wanted).group_by(*named)
    return Counter({tuple(row[:-1]): int(row[-1]) for row in connection.execute(query)})


def _by_chance(on: Asked) -> list[ColumnElement[bool]]:
    c = review_verdicts.c
    mine = [c.tenant == on.tenant, c.stage == Stage.FIRST, c.cause.in_([Cause.DRAWN, Cause.GROUP])]
    return [*mine, *([c.case_ref == on.case] if on.case else [])]


def _two_looks(on: Asked, *, apart: bool) -> tuple[Any, Any, list[ColumnElement[bool]]]:
    """The verdicts of the first and the second person on the same clauses: of those who looked apart, or of disputed cases."""
    first, second = review_verdicts.alias(), review_verdicts.alias()
    same = [first.c[name] == second.c[name] for name in ("tenant", "case_ref", "clause")]
    wanted = second.c.cause == Cause.TWICE if apart else second.c.cause != Cause.TWICE
    looks = [first.c.tenant == on.tenant, first.c.stage == Stage.FIRST, second.c.stage == Stage.SECOND, wanted]
    return first, second, [*same, *looks, *([first.c.case_ref == on.case] if on.case else [])]
