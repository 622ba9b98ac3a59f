"""Which cases somebody may find by searching: rights as a query of references, for an index that has rows of its own.

The policies' residuals concern the columns of cases; whoever searches joins this query and knows nothing of either.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, select

from jianlu.capture.cases._tables import live_cases
from jianlu.capture.cases.case_access import visible_cases
from jianlu.capture.cases.case_rows import find_case
from jianlu.capture.cases.model import CaseRow
from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.decide import Access
from jianlu.govern.identity.model import Principal


def searchable_cases(access: Access, who: Principal, tenant: TenantId, *, purpose: str = "") -> Select[tuple[str]]:
    """The references of every case of `tenant` that `who` may find for that purpose; raises as `visible_cases`."""
    visible = visible_cases(access, who, action="case.search", purpose=purpose)
    return select(live_cases.c.case_ref).where(live_cases.c.tenant == tenant, visible)


def rows_by_case(connection: Connection, tenant: TenantId, cases: Sequence[str]) -> dict[str, CaseRow]:
    """The rows of those cases that there are."""
    found = ((case, find_case(connection, tenant, case)) for case in cases)
    return {case: row for case, row in found if row is not None}
