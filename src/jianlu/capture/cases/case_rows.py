"""The rows of live cases: read and written as `CaseRow`, for this package and for sessions.

The caller opens and commits the transaction; who may see a row is not decided here.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, update

from jianlu.capture.cases._tables import live_cases
from jianlu.capture.cases.model import CaseRow

PAGE_ROWS = 20
"""Cases on one page of a work list: what fits on a screen."""

_COLUMNS = {"case": "case_ref"}


def find_case(connection: Connection, tenant: str, case: str) -> CaseRow | None:
    """The row of that case."""
    query = select(live_cases).where(live_cases.c.tenant == tenant, live_cases.c.case_ref == case)
    row = connection.execute(query).mappings().one_or_none()
    return _row(row) if row else None


def add_case(connection: Connection, row: CaseRow) -> None:
    """Insert the row."""
    values = {_COLUMNS.get(name, name): value for name, value in asdict(row).items()}
    connection.execute(insert(live_cases).values(**values))


def change_case(connection: Connection, tenant: str, case: str, **values: Any) -> None:
    """Set columns of the row."""
    mine = (live_cases.c.tenant == tenant, live_cases.c.case_ref == case)
    connection.execute(update(live_cases).where(*mine).values(**values))


def claim_agent(connection: Connection, tenant: str, case: str, account: str, display: str) -> bool:
    """Write the agent's account into the row, unless another's is there; whether it is this one's now."""
    mine = (live_cases.c.tenant == tenant, live_cases.c.case_ref == case, live_cases.c.agent.in_(["", account]))
    done = connection.execute(update(live_cases).where(*mine).values(agent=account, agent_display=display))
    return done.rowcount == 1


def cases_by_state(connection: Connection, tenant: str, states: tuple[str, ...]) -> list[CaseRow]:
    """Every case in one of `states`."""
    query = select(live_cases).where(live_cases.c.tenant == tenant, live_cases.c.state.in_(states))
    return [_row(row) for row in connection.execute(query).mappings()]


def page_of_cases(
    connection: Connection, tenant: str, *, agent: str = "", state: str = "", q: str = "", page: int = 1
) -> tuple[list[CaseRow], int]:
    """One page, newest first, and how many there are: of an agent (their own and nobody's), in a state, found by number or title."""
    wanted: list[ColumnElement[bool]] = [live_cases.c.tenant == tenant]
    if agent:
        wanted.append(or_(live_cases.c.agent.in_([agent, ""]), live_cases.c.created_by == agent))
    if state:
        wanted.append(live_cases.c.state == state)
    if q:
        wanted.append(or_(live_cases.c.number.contains(q, autoescape=True), live_cases.c.title.contains(q, autoescape=True)))
    total = connection.execute(select(func.count()).select_from(live_cases).where(*wanted)).scalar_one()
    newest = live_cases.c.created_at.desc(), live_cases.c.case_ref
    query = select(live_cases).where(*wanted).order_by(*newest).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    return [_row(row) for row in connection.execute(query).mappings()], total


def _row(row: RowMapping) -> CaseRow:
    return CaseRow(**{field.name: row[_COLUMNS.get(field.name, field.name)] for field in fields(CaseRow)})
