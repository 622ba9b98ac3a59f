"""The SQL of reviews: rows as the frozen dataclasses of `model.py`. Counts are `_counts.py`, talks to be done again `_redos.py`.

The caller opens and commits the transaction; what may be written is decided before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, or_, select, union

from jianlu.judge.review._redos import OPEN
from jianlu.judge.review._tables import REVIEW_TOTALS, review_redos, review_rolls, review_tasks, review_totals, review_verdicts
from jianlu.judge.review.model import Review, Roll, Sample, Stage, TaskRow, TaskState

PAGE_ROWS = 20
"""Reviews on one page of the work list: what fits on a screen."""

_COLUMNS = {"case": "case_ref"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: in one of these states, of this reviewer, of this agent's cases, due before this day; empty for any.

    With `is_redo` the first looks at cases whose talk is still to be done again.
    """

    states: tuple[TaskState, ...] = ()
    reviewer: str = ""
    agent: str = ""
    due_before: str = ""
    is_redo: bool = False


def add_roll(connection: Connection, tenant: str, roll: Roll, sample: Sample, frozen_at: str) -> None:
    """Enter a roll and its draw, unless they are there."""
    mine = (review_rolls.c.tenant == tenant, review_rolls.c.plan == roll.plan, review_rolls.c.no == roll.no)
    if connection.execute(select(review_rolls.c.no).where(*mine)).first():
        return
    values = {name: getattr(roll, name) for name in ("plan", "no", "first", "end")}
    counts = {
        "cases": len(roll.cases),
        "eligible": len(roll.eligible),
        "grouped": len(sample.grouped),
        "drawn": len(sample.drawn),
    }
    tree = {"tree_size": sample.tree.size, "root": sample.tree.root}
    connection.execute(insert(review_rolls).values(tenant=tenant, frozen_at=frozen_at, **values, **counts, **tree))


def rolls_of(connection: Connection, tenant: str) -> list[dict[str, Any]]:
    """Every roll, the newest first."""
    query = (
        select(review_rolls).where(review_rolls.c.tenant == tenant).order_by(review_rolls.c.frozen_at.desc(), review_rolls.c.plan)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def add_tasks(connection: Connection, tenant: str, rows: Iterable[TaskRow]) -> int:
    """Enter the tasks that are not there yet; how many."""
    added = 0
    for row in rows:
        if find_task(connection, tenant, row.case, row.stage) is None:
            REVIEW_TOTALS.insert(connection, [{"tenant": tenant, **_values(row)}])
            added += 1
    return added


def find_task(connection: Connection, tenant: str, case: str, stage: str) -> TaskRow | None:
    """That task, or None."""
    found = [row for row in tasks_of(connection, tenant, case) if row.stage == stage]
    return found[0] if found else None


def tasks_of(connection: Connection, tenant: str, case: str, *, lock: bool = False) -> list[TaskRow]:
    """The case's tasks, the first look first; locked until the transaction ends where `lock`."""
    query = select(review_tasks).where(review_tasks.c.tenant == tenant, review_tasks.c.case_ref == case)
    query = query.order_by(review_tasks.c.stage)
    return [_task(row) for row in connection.execute(query.with_for_update() if lock else query).mappings()]


def change_task(connection: Connection, tenant: str, case: str, stage: str, **values: Any) -> None:
    """Set columns of a task."""
    REVIEW_TOTALS.update(connection, _key(tenant, case, stage), values)


def claim_task(connection: Connection, tenant: str, case: str, stage: str, account: str, at: str) -> bool:
    """Write the reviewer into an open task; whether it was open."""
    free = (*_key(tenant, case, stage), review_tasks.c.state == TaskState.OPEN)
    values = {"state": TaskState.TAKEN.value, "reviewer": account, "taken_at": at}
    return REVIEW_TOTALS.update(connection, free, values) == 1


def page_of_tasks(connection: Connection, tenant: str, wanted: Wanted, *, page: int = 1) -> list[TaskRow]:
    """One page by last day, the earliest first (what is done: the latest first)."""
    return _tasks_in_order(connection, _wanted(tenant, wanted), wanted, PAGE_ROWS, (page - 1) * PAGE_ROWS)


def tasks_behind(connection: Connection, tenant: str, wanted: Wanted, behind: tuple[str, str] | None) -> list[TaskRow]:
    """In the same order those behind `behind` (last day, and case and stage with a dot between them), one more than a page."""
    named, columns = _wanted(tenant, wanted), review_tasks.c
    if behind is not None:
        due_on, (case, _, stage) = behind[0], behind[1].partition(".")
        further = columns.due_on < due_on if _is_newest_first(wanted) else columns.due_on > due_on
        same_day = or_(columns.case_ref > case, and_(columns.case_ref == case, columns.stage > stage))
        named.append(or_(further, and_(columns.due_on == due_on, same_day)))
    return _tasks_in_order(connection, named, wanted, PAGE_ROWS + 1)


def _tasks_in_order(
    connection: Connection, named: list[ColumnElement[bool]], wanted: Wanted, limit: int, skipped: int = 0
) -> list[TaskRow]:
    """Put in order by what an index holds; rows are read of these few alone."""
    c = review_tasks.c
    few = select(c.tenant, c.case_ref, c.stage).where(*named).order_by(*_order(wanted)).limit(limit).offset(skipped).subquery()
    same = and_(*(c[name] == few.c[name] for name in ("tenant", "case_ref", "stage")))
    query = select(review_tasks).join(few, same).order_by(*_order(wanted))
    return [_task(row) for row in connection.execute(query).mappings()]


def _is_newest_first(wanted: Wanted) -> bool:
    return wanted.states == (TaskState.DONE,)


def _order(wanted: Wanted) -> tuple[ColumnElement[Any], ...]:
    due = review_tasks.c.due_on
    return due.desc() if _is_newest_first(wanted) else due.asc(), review_tasks.c.case_ref.asc(), review_tasks.c.stage.asc()


def count_lists(connection: Connection, tenant: str, lists: Mapping[str, Wanted], *, agent: str = "") -> dict[str, int]:
    """How long each of the lists is, all of which are of this agent's cases, or of everybody's: told from the totals.

    Those of one agent are counted once by state, in an index.
    """
    of_state = Counter(dict(_count_by_state(connection, tenant, agent)))
    return {
        name: _count_tasks(connection, tenant, wanted)
        if wanted.reviewer or wanted.is_redo or wanted.due_before
        else sum(of_state[state] for state in wanted.states)
        if wanted.states
        else of_state.total()
        for name, wanted in lists.items()
    }


def _count_by_state(connection: Connection, tenant: str, agent: str) -> list[tuple[str, int]]:
    c, totals = review_tasks.c, review_totals.c
    if agent:
        query = select(c.state, func.count()).where(c.tenant == tenant, c.agent == agent).group_by(c.state)
    else:
        query = select(totals.state, func.sum(totals.n)).where(totals.tenant == tenant).group_by(totals.state)
    return [(state, int(n)) for state, n in connection.execute(query)]


def _count_tasks(connection: Connection, tenant: str, wanted: Wanted) -> int:
    query = select(func.count()).select_from(review_tasks).where(*_wanted(tenant, wanted))
    return int(connection.execute(query).scalar_one())


def _wanted(tenant: str, wanted: Wanted) -> list[ColumnElement[bool]]:
    named: list[ColumnElement[bool]] = [review_tasks.c.tenant == tenant]
    named += [review_tasks.c.state.in_(wanted.states)] if wanted.states else []
    named += [review_tasks.c.due_on < wanted.due_before] if wanted.due_before else []
    named += [review_tasks.c.reviewer == wanted.reviewer] if wanted.reviewer else []
    named += [review_tasks.c.agent == wanted.agent] if wanted.agent else []
    if wanted.is_redo:
        c = review_redos.c
        asked = select(c.case_ref).where(c.tenant == tenant, c.state.in_(OPEN))
        named += [review_tasks.c.stage == Stage.FIRST, review_tasks.c.case_ref.in_(asked)]
    return named


def all_tasks(connection: Connection, tenant: str, *, opened_from: str = "", opened_to: str = "~") -> list[TaskRow]:
    """Every task that was opened in [from, to)."""
    opened = review_tasks.c.opened_at
    query = select(review_tasks).where(review_tasks.c.tenant == tenant, opened >= opened_from, opened < opened_to)
    query = query.order_by(opened, review_tasks.c.case_ref, review_tasks.c.stage)
    return [_task(row) for row in connection.execute(query).mappings()]


def overdue_tasks(connection: Connection, tenant: str, today: str) -> list[TaskRow]:
    """Tasks that are not done after their last day and of which nobody was told."""
    c = review_tasks.c
    late = (c.tenant == tenant, c.state != TaskState.DONE, c.due_on < today, c.alarmed_at.is_(None))
    return [_task(row) for row in connection.execute(select(review_tasks).where(*late)).mappings()]


def add_verdicts(connection: Connection, tenant: str, review: Review) -> None:
    """Enter what a review says of each clause, unless it is there."""
    mine = (
        review_verdicts.c.tenant == tenant,
        review_verdicts.c.case_ref == review.case,
        review_verdicts.c.stage == review.stage,
    )
    if connection.execute(select(review_verdicts.c.clause).where(*mine)).first():
        return
    whole = {
        "tenant": tenant,
        "case_ref": review.case,
        "stage": review.stage.value,
        "reviewer": review.reviewer,
        "cause": review.cause.value,
        "decided_at": review.at,
    }
    rows = [{**whole, "clause": e.clause, "machine": e.machine.value, "verdict": e.verdict.value} for e in review.clauses]
    if rows:
        connection.execute(insert(review_verdicts), rows)


def reviewed_cases(connection: Connection, tenant: str) -> list[str]:
    """Every case of which any row of reviews is there."""
    tables = (review_tasks, review_verdicts, review_redos)
    each = [select(table.c.case_ref).where(table.c.tenant == tenant) for table in tables]
    return sorted(connection.execute(union(*each)).scalars())


def forget_case(connection: Connection, tenant: str, case: str) -> None:
    """Delete every row of the case's reviews."""
    REVIEW_TOTALS.delete(connection, (review_tasks.c.tenant == tenant, review_tasks.c.case_ref == case))
    for table in (review_verdicts, review_redos):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.case_ref == case))


def _key(tenant: str, case: str, stage: str) -> tuple[ColumnElement[bool], ...]:
    return (review_tasks.c.tenant == tenant, review_tasks.c.case_ref == case, review_tasks.c.stage == stage)


def _values(row: TaskRow) -> dict[str, Any]:
    return {_COLUMNS.get(name, name): json.dumps(value) if name == "barred" else value for name, value in asdict(row).items()}


def _task(row: RowMapping) -> TaskRow:
    values = {name: row[_COLUMNS.get(name, name)] for name in TaskRow.__dataclass_fields__}
    return TaskRow(**{**values, "barred": tuple(json.loads(row["barred"]))})
