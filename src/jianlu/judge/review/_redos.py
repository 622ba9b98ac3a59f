"""The SQL of talks to be done again: one row a case whose review asks for it, and which case stands for which.

The caller opens and commits the transaction; what may be written is decided before (`redoing.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from jianlu.judge.review._tables import review_redos
from jianlu.judge.review.model import RedoRow, RedoState

OPEN = (RedoState.ASKED.value, RedoState.ASSIGNED.value)


def find_redo(connection: Connection, tenant: str, case: str, *, lock: bool = False) -> RedoRow | None:
    """What the case's review asked for; locked until the transaction ends where `lock`."""
    query = select(review_redos).where(review_redos.c.tenant == tenant, review_redos.c.case_ref == case)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _row(row) if row else None


def put_redo(connection: Connection, tenant: str, row: RedoRow) -> None:
    """Enter the row, over the one that is there."""
    connection.execute(delete(review_redos).where(review_redos.c.tenant == tenant, review_redos.c.case_ref == row.case))
    values = {"case_ref" if name == "case" else name: value for name, value in asdict(row).items()}
    connection.execute(insert(review_redos).values(tenant=tenant, **values))


def change_redo(connection: Connection, tenant: str, case: str, **values: Any) -> None:
    """Set columns of the row."""
    mine = (review_redos.c.tenant == tenant, review_redos.c.case_ref == case)
    connection.execute(update(review_redos).where(*mine).values(**values))


def open_redos(connection: Connection, tenant: str) -> list[RedoRow]:
    """Every talk that is still to be done again, the most urgent first."""
    c = review_redos.c
    query = select(review_redos).where(c.tenant == tenant, c.state.in_(OPEN)).order_by(c.due_on, c.case_ref)
    return [_row(row) for row in connection.execute(query).mappings()]


def redos_about(connection: Connection, tenant: str, cases: Iterable[str]) -> list[RedoRow]:
    """The rows in which any of `cases` stands, as the one that is done again or the one that is made for it."""
    wanted, c = list(cases), review_redos.c
    query = select(review_redos).where(c.tenant == tenant, or_(c.case_ref.in_(wanted), c.successor.in_(wanted)))
    return [_row(row) for row in connection.execute(query.order_by(c.case_ref)).mappings()]


def _row(row: RowMapping) -> RedoRow:
    return RedoRow(**{name: row["case_ref" if name == "case" else name] for name in RedoRow.__dataclass_fields__})
