"""The rows of live cases: read and written as `CaseRow`, for this package and for sessions.

The caller opens and commits the transaction; who may see a row is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, func, or_, select

from jianlu.capture.cases._tables import CASE_TOTALS, live_case_totals, live_cases
from jianlu.capture.cases.model import CaseRow
from jianlu.runtime.database import transaction
from jianlu.runtime.totals import over_totals

PAGE_ROWS = 20
"""Cases on one page of a work list: what fits on a screen."""

_COUNTED_BY_FINDING = 1_000
"""Of what is found by its text, so many are found before the rest is only counted."""

_COLUMNS = {"case": "case_ref"}


@dataclass(frozen=True, slots=True)
class Sought:
    """A text that a list is asked for: a part of a title, or of a number where `numbered` holds, or a whole number.

    Whoever sees a number only masked must not find it out part by part.
    """

    text: str
    numbered: ColumnElement[bool]


def find_case(connection: Connection, tenant: str, case: str) -> CaseRow | None:
    """The row of that case."""
    query = select(live_cases).where(live_cases.c.tenant == tenant, live_cases.c.case_ref == case)
    row = connection.execute(query).mappings().one_or_none()
    return _row(row) if row else None


def add_case(connection: Connection, row: CaseRow) -> None:
    """Insert the row."""
    values = {_COLUMNS.get(name, name): value for name, value in asdict(row).items()}
    CASE_TOTALS.insert(connection, [values])


def change_case(connection: Connection, tenant: str, case: str, **values: Any) -> None:
    """Set columns of the row."""
    CASE_TOTALS.update(connection, (live_cases.c.tenant == tenant, live_cases.c.case_ref == case), values)


def recount_cases(database: Engine) -> None:
    """Count the totals of all cases again."""
    with transaction(database) as connection:
        CASE_TOTALS.recount(connection)


def claim_agent(connection: Connection, tenant: str, case: str, account: str, display: str) -> bool:
    """Write the agent's account into the row, unless another's is there; whether it is this one's now."""
    mine = (live_cases.c.tenant == tenant, live_cases.c.case_ref == case, live_cases.c.agent.in_(["", account]))
    return CASE_TOTALS.update(connection, mine, {"agent": account, "agent_display": display}) == 1


def cases_by_state(connection: Connection, tenant: str, states: tuple[str, ...]) -> list[str]:
    """The reference of every case in one of `states`."""
    query = select(live_cases.c.case_ref).where(live_cases.c.tenant == tenant, live_cases.c.state.in_(states))
    return list(connection.execute(query).scalars())


def cases_ended(connection: Connection, tenant: str, states: tuple[str, ...], low: str, high: str) -> list[str]:
    """The references of cases in one of `states` that ended at `low` or later and before `high`."""
    columns = live_cases.c
    query = select(columns.case_ref).where(columns.tenant == tenant, columns.state.in_(states))
    return list(connection.execute(query.where(columns.ended_at >= low, columns.ended_at < high)).scalars())


def newest_in_states(
    connection: Connection, tenant: str, states: tuple[str, ...], visible: ColumnElement[bool], limit: int
) -> tuple[list[CaseRow], int]:
    """The newest of the `visible` cases in one of `states`, and how many there are."""
    mine = (live_cases.c.tenant == tenant, visible)
    refs = [ref for state in states for ref in _newest_refs(connection, (*mine, live_cases.c.state == state), limit)]
    total = len(refs) if len(refs) < limit else _count(connection, (*mine, live_cases.c.state.in_(states)))
    return rows_of_refs(connection, tenant, refs)[:limit], total


def cases_where(connection: Connection, tenant: str, cases: Sequence[str], condition: ColumnElement[bool]) -> set[str]:
    """Those of `cases` for which the condition holds.

    The rows are read by their key: asked for the reference alone, SQLite goes through an index that holds the condition, of all cases.
    """
    columns = live_cases.c
    query = select(columns.case_ref, columns.customer, condition).where(columns.tenant == tenant, columns.case_ref.in_(cases))
    return {case for case, _, is_met in connection.execute(query) if is_met}


def page_of_cases(
    connection: Connection, tenant: str, visible: ColumnElement[bool], *, state: str = "", q: Sought | None = None, page: int = 1
) -> tuple[list[CaseRow], int, dict[str, int]]:
    """One page of the `visible` ones in a state, found by number or title, newest first; how many there are; all visible ones by state.

    Everything but the rows of the page itself is read out of totals and indices: the totals by state answer most others too, and what a
    few hundred cases answer to is found and counted in one pass.
    """
    wanted = _wanted(connection, tenant, visible, state, q)
    counts = _count_by_state(connection, tenant, visible)
    skipped, total = (page - 1) * PAGE_ROWS, counts.get(state, 0) if state else sum(counts.values())
    if q is None:
        refs = _newest_refs(connection, wanted, PAGE_ROWS, skipped) if skipped < total else []
    else:
        found = _newest_refs(connection, wanted, max(_COUNTED_BY_FINDING, skipped + PAGE_ROWS))
        total = len(found) if len(found) < _COUNTED_BY_FINDING else _count(connection, wanted)
        refs = found[skipped : skipped + PAGE_ROWS]
    return rows_of_refs(connection, tenant, refs), total, counts


def cases_before(
    connection: Connection,
    tenant: str,
    visible: ColumnElement[bool],
    before: tuple[str, str] | None,
    *,
    state: str = "",
    q: Sought | None = None,
) -> list[CaseRow]:
    """The newest of the `visible` ones that are older than `before` (instant and reference of a case), one more than a page."""
    wanted = _wanted(connection, tenant, visible, state, q)
    made, ref = live_cases.c.created_at, live_cases.c.case_ref
    if before is not None:
        wanted += [made <= before[0], or_(made < before[0], ref < before[1])]
    return rows_of_refs(connection, tenant, _newest_refs(connection, wanted, PAGE_ROWS + 1))


def _newest_refs(connection: Connection, wanted: Sequence[ColumnElement[bool]], limit: int, skipped: int = 0) -> list[str]:
    """Which cases they are, read out of an index."""
    columns = live_cases.c
    order = columns.created_at.desc(), columns.case_ref.desc()
    query = select(columns.case_ref).where(*wanted).order_by(*order)
    return list(connection.execute(query.limit(limit).offset(skipped)).scalars())


def rows_of_refs(connection: Connection, tenant: str, refs: Sequence[str]) -> list[CaseRow]:
    """The rows of these few alone, newest first."""
    query = select(live_cases).where(live_cases.c.tenant == tenant, live_cases.c.case_ref.in_(refs))
    return sorted(map(_row, connection.execute(query).mappings()), key=lambda row: (row.created_at, row.case), reverse=True)


def _wanted(
    connection: Connection, tenant: str, visible: ColumnElement[bool], state: str, q: Sought | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [live_cases.c.tenant == tenant, visible]
    if state:
        wanted.append(live_cases.c.state == state)
    if q is not None:
        number, title = (_holds(connection, column, q.text) for column in (live_cases.c.number, live_cases.c.title))
        is_shown = q.numbered.compare(visible)  # then a row that is seen need not be asked again whether its number is
        wanted.append(or_(number, title) if is_shown else or_(live_cases.c.number == q.text, and_(q.numbered, number), title))
    return wanted


def _holds(connection: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether `text` is a part of it, capitals or not: SQLite's LIKE does not look at them, PostgreSQL's does."""
    if connection.dialect.name == "postgresql":
        return func.lower(column).contains(text.lower(), autoescape=True)  # four fifths of what ILIKE takes
    return column.contains(text, autoescape=True)


def _count(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(live_cases).where(*wanted)).scalar_one()


def _count_by_state(connection: Connection, tenant: str, visible: ColumnElement[bool]) -> dict[str, int]:
    counts, counted = live_case_totals.c, over_totals(visible, CASE_TOTALS)
    if counted is None:  # a rule asks for more than totals hold
        columns = live_cases.c
        query = select(columns.state, func.count()).where(columns.tenant == tenant, visible).group_by(columns.state)
    else:
        query = select(counts.state, func.sum(counts.n)).where(counts.tenant == tenant, counted).group_by(counts.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def _row(row: RowMapping) -> CaseRow:
    return CaseRow(**{field.name: row[_COLUMNS.get(field.name, field.name)] for field in fields(CaseRow)})
