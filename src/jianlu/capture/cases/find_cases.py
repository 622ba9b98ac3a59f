"""Work lists: cases by state, number and title, one page at a time.

Agents see their own and those that nobody has taken; supervisors and compliance see all; a participant sees one case.
"""

from __future__ import annotations

from jianlu.capture.cases.case_rows import PAGE_ROWS, find_case, page_of_cases
from jianlu.capture.cases.model import CasePage, CaseRow
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import NotFoundError
from jianlu.govern.identity.model import Participant, Principal, Role, Staff
from jianlu.runtime.database import transaction

SEES_ALL = (Role.SUPERVISOR, Role.COMPLIANCE)
_QUERY_MAX = 100
_PAGES_MAX = 10_000


def find_cases(*, using: SessionPorts, by: Staff, state: str = "", q: str = "", page: int = 1) -> CasePage:
    """One page of the cases that `by` may see, newest first."""
    if by.tenant != using.tenant:
        raise NotFoundError("there is nothing of that name here: check it")
    agent = "" if by.has(*SEES_ALL) else by.account.id
    page = min(max(page, 1), _PAGES_MAX)
    with transaction(using.database, writes=False) as connection:
        rows, total = page_of_cases(connection, using.tenant, agent=agent, state=state, q=q[:_QUERY_MAX], page=page)
    return CasePage(tuple(rows), total, page, max(1, -(-total // PAGE_ROWS)))


def read_case(case: str, *, using: SessionPorts, by: Principal) -> CaseRow:
    """The row of a case that `by` may see; NotFoundError for any other, whether it exists or not."""
    with transaction(using.database, writes=False) as connection:
        row = find_case(connection, using.tenant, case)
    if row is None or by.tenant != using.tenant or not _may_see(row, by):
        raise NotFoundError("there is no such case here: check the link, or ask who sent it to you")
    return row


def _may_see(row: CaseRow, by: Principal) -> bool:
    if isinstance(by, Participant):
        return by.case == row.case
    return by.has(*SEES_ALL) or (by.has(Role.AGENT) and by.account.id in (row.agent, row.created_by)) or not row.agent
