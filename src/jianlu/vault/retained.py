"""How long what is kept, over all cases of a tenant, as indexed: by month and clause, and the cases of one month.

For calendars, never for evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select, union_all

from jianlu.core.formats.keeping import OPEN
from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import transaction
from jianlu.vault._kept import is_settled, is_there
from jianlu.vault._tables import retention_counts, retentions, settlements

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
    """Everything that is kept, by month, part and clause; destroyed cases are left out.

    A part that was open stands with the case's end where days were stated that give it one: a case goes when its last part may.
    """
    c = retention_counts.c
    query = select(c.month, c.part, c.clause, c.n).where(c.tenant == tenant).order_by(c.month, c.part, c.clause)
    with transaction(index, writes=False) as connection:
        return [KeptUntil(*row) for row in connection.execute(query)]


def kept_until(index: Engine, tenant: TenantId, month: str) -> Sequence[KeptPart]:
    """What is kept until a day of `month` (or `open`, `none`), by day and case; at most `ROWS_MAX`."""
    days = [month, *(f"{month}-{day:02}" for day in range(1, 32))]  # named, so that an index finds them in any database's order
    c, stated = retentions.c, settlements.c
    mine = (c.tenant == tenant, is_there())
    named = select(c.case_ref, c.part, c.until, c.clause).where(*mine, c.until.in_(days))
    if month == OPEN:
        named = named.where(~select(stated.position).where(is_settled()).correlate(retentions).exists())
    settled = (
        select(c.case_ref, c.part, stated.until, stated.clause)
        .select_from(settlements.join(retentions, is_settled()))
        .where(*mine, stated.tenant == tenant, stated.until.in_(days))
    )
    both = union_all(named, settled).subquery().c
    query = (
        select(both.case_ref, both.part, both.until, both.clause).order_by(both.until, both.case_ref, both.part).limit(ROWS_MAX)
    )
    with transaction(index, writes=False) as connection:
        return [KeptPart(*row) for row in connection.execute(query)]
