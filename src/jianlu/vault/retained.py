"""How long what is kept, over all cases of a tenant, as indexed: by month and clause, and the cases of one month.

For calendars, never for evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, exists, func, select

from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import transaction
from jianlu.vault._tables import objects, retentions
from jianlu.vault.projection import SHREDDED

ROWS_MAX = 500
"""Parts of cases that are listed of one month at once."""


@dataclass(frozen=True, slots=True)
class KeptUntil:
    """So many cases keep `part` until `month` (`YYYY-MM`, or `open` or `none`) by `clause`."""

    month: str
    part: str
    clause: str
    cases: int


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A case keeps `part` until `until` by `clause`."""

    case: str
    part: str
    until: str
    clause: str


def kept_by_month(index: Engine, tenant: TenantId) -> Sequence[KeptUntil]:
    """Everything that is kept, by month, part and clause; destroyed cases are left out."""
    month = func.substr(retentions.c.until, 1, 7).label("month")
    query = (
        select(month, retentions.c.part, retentions.c.clause, func.count(func.distinct(retentions.c.case_ref)))
        .where(retentions.c.tenant == tenant, is_there())
        .group_by(month, retentions.c.part, retentions.c.clause)
        .order_by(month, retentions.c.part, retentions.c.clause)
    )
    with transaction(index, writes=False) as connection:
        return [KeptUntil(*row) for row in connection.execute(query)]


def kept_until(index: Engine, tenant: TenantId, month: str) -> Sequence[KeptPart]:
    """What is kept until a day of `month` (or `open`, `none`), by day and case; at most `ROWS_MAX`."""
    columns = retentions.c
    query = (
        select(columns.case_ref, columns.part, columns.until, columns.clause)
        .where(columns.tenant == tenant, func.substr(columns.until, 1, 7) == month, is_there())
        .order_by(columns.until, columns.case_ref, columns.part)
        .limit(ROWS_MAX)
    )
    with transaction(index, writes=False) as connection:
        return [KeptPart(*row) for row in connection.execute(query)]


def is_there() -> ColumnElement[bool]:
    """The condition on a row of retentions that its keys were not destroyed: a case is one shred unit."""
    gone = select(objects.c.unit).where(
        objects.c.tenant == retentions.c.tenant, objects.c.unit == retentions.c.case_ref, objects.c.state == SHREDDED
    )
    return ~exists(gone)
