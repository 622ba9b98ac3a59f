"""Talks to be done again, as pages and clients see them: until when, in which case, and what the case before it was.

Who may see which is asked here of the policies; what is made is `judge/review/redoing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.capture.cases.model import CaseRow
from jianlu.core.errors import NotFoundError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.masking import shown_number
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.model import Staff
from jianlu.judge.review.days import day_at
from jianlu.judge.review.model import RedoRow, RedoState
from jianlu.judge.review.redoing import find_redo, find_redos, links_of

NUMBER_MAX = 64


def redos_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/reviews/redos`: all for those who review, watch or supervise; for anybody else those of their own cases."""
    everywhere = tenant_wide(deps.tenant)
    sees_all = any(deps.access.decide(staff, action, everywhere).is_allowed for action in ("review.list", "review.redo"))
    if not sees_all:
        deps.access.require(staff, "case.list", everywhere)
    rows = [row for row in find_redos(using=deps.reviews) if sees_all or row.agent == staff.account.id]
    return {"redos": [_redo(deps, staff, row) for row in rows], "today": day_at(deps.clock.now()), "sees_all": sees_all}


def redo_document(deps: Deps, staff: Staff, case: str) -> dict[str, Any]:
    """The answer to whoever made the new case."""
    row = find_redo(case, using=deps.reviews)
    if row is None:
        raise NotFoundError("no review asks for this talk to be done again: look at what was decided")
    return _redo(deps, staff, row)


def redo_of(deps: Deps, staff: Staff, case: str) -> dict[str, Any] | None:
    """What the case's review asks for, for those who may read the review; null where nobody asks, or no longer."""
    row = find_redo(case, using=deps.reviews)
    return _redo(deps, staff, row) if row is not None and row.state != RedoState.LIFTED else None


def linked_cases(deps: Deps, staff: Staff, cases: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """By case, for those that stand for another: {before, after}, each {case, number} or null."""
    found = links_of(cases, using=deps.reviews)
    return {
        case: {"before": _named(deps, staff, link.before), "after": _named(deps, staff, link.after)}
        for case, link in sorted(found.items())
    }


def _redo(deps: Deps, staff: Staff, row: RedoRow) -> dict[str, Any]:
    known = _row(deps, row.case)
    return {
        "case": row.case,
        "number": shown_number(deps, staff, known) if known else "",
        "title": known.title if known else "",
        "agent": known.agent_display if known else "",
        "state": row.state,
        "asked_at": row.asked_at,
        "due_on": row.due_on,
        "is_late": row.is_late(day_at(deps.clock.now())),
        "successor": _named(deps, staff, row.successor),
        "completed_at": row.completed_at,
        "proposed": _proposed(known.number) if known and shown_number(deps, staff, known) == known.number else "",
    }


def _named(deps: Deps, staff: Staff, case: str) -> dict[str, str] | None:
    """The other case; its number and state only for those who may read it."""
    if not case:
        return None
    known = _row(deps, case)
    if known is not None and not deps.access.decide(staff, "case.read", case_resource(known)).is_allowed:
        known = None
    return {"case": case, "number": shown_number(deps, staff, known) if known else "", "state": known.state if known else ""}


def _row(deps: Deps, case: str) -> CaseRow | None:
    try:
        return row_of(case, using=deps.sessions)
    except NotFoundError:
        return None


def _proposed(number: str) -> str:
    """A number for the new case: the old one's with `-r2`, `-r3`, ..."""
    stem, found, last = number.rpartition("-r")
    no = int(last) + 1 if found and last.isascii() and last.isdecimal() and len(last) < 4 else 2
    return f"{(stem if no > 2 else number)[: NUMBER_MAX - 6]}-r{no}"
