"""Work lists: cases by state, number and title, one page at a time, of those that access policies let the caller read.

The list asks the policies' residuals, one case asks for a decision; neither is kept here: the edge asks for the decision that is.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.capture.cases.case_access import case_resource, visible_cases
from jianlu.capture.cases.case_rows import PAGE_ROWS, Sought, cases_before, find_case, page_of_cases, rows_of_refs
from jianlu.capture.cases.model import CasePage, CaseRow
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import NotFoundError
from jianlu.govern.identity.model import Principal, Staff
from jianlu.runtime.cursors import cursor_of, opened_cursor
from jianlu.runtime.database import transaction

_QUERY_MAX = 100
_PAGES_MAX = 10_000


def find_cases(*, using: SessionPorts, by: Staff, state: str = "", q: str = "", page: int = 1) -> CasePage:
    """One page of the cases that `by` may see, newest first, and how many of those are in each state that any is in."""
    if by.tenant != using.tenant:
        raise NotFoundError("there is nothing of that name here: check it")
    page = min(max(page, 1), _PAGES_MAX)
    visible = visible_cases(using.access, by)
    with transaction(using.database, writes=False) as connection:
        rows, total, counts = page_of_cases(connection, using.tenant, visible, state=state, q=_sought(q, using, by), page=page)
    return CasePage(tuple(rows), total, page, max(1, -(-total // PAGE_ROWS)), counts)


def cases_after(cursor: str, *, using: SessionPorts, by: Staff, state: str = "", q: str = "") -> tuple[list[CaseRow], str]:
    """The page of cases behind `cursor` (empty: the newest) and the cursor of the next one, empty on the last.

    Cases that are made meanwhile neither shift nor repeat any. InvalidError for a cursor that is none of ours.
    """
    if by.tenant != using.tenant:
        raise NotFoundError("there is nothing of that name here: check it")
    visible, before = visible_cases(using.access, by), opened_cursor(cursor)
    with transaction(using.database, writes=False) as connection:
        rows = cases_before(connection, using.tenant, visible, before, state=state, q=_sought(q, using, by))
    page = rows[:PAGE_ROWS]
    return page, cursor_of(page[-1].created_at, page[-1].case) if len(rows) > PAGE_ROWS else ""


def row_of(case: str, *, using: SessionPorts) -> CaseRow:
    """The row of a case, for whoever decides who may see it; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        row = find_case(connection, using.tenant, case)
    if row is None:
        raise NotFoundError("there is no such case here: check the link, or ask who sent it to you")
    return row


def rows_of(cases: Sequence[str], *, using: SessionPorts) -> list[CaseRow]:
    """The rows of those of these cases that there are, newest first, for whoever decides who may see them."""
    with transaction(using.database, writes=False) as connection:
        return rows_of_refs(connection, using.tenant, cases)


def read_case(case: str, *, using: SessionPorts, by: Principal) -> CaseRow:
    """The row of a case that `by` may see; NotFoundError for any other, whether it exists or not."""
    row = row_of(case, using=using)
    if not using.access.decide(by, "case.read", case_resource(row)).is_allowed:
        raise NotFoundError("there is no such case here: check the link, or ask who sent it to you")
    return row


def _sought(q: str, using: SessionPorts, by: Staff) -> Sought | None:
    """What the list is asked for; a part of a number finds only what the caller sees with its number."""
    text = q.strip()[:_QUERY_MAX]
    return Sought(text, visible_cases(using.access, by, action="case.see_number")) if text else None
