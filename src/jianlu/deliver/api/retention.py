"""What is kept how long, and who answers for which clause: two tables over everything.

For those who answer for it; what is in them is put together by `deliver/oversight`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import NotFoundError
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.holds import holds_document
from jianlu.deliver.api.masking import shown_number
from jianlu.deliver.api.rights import on_tenant
from jianlu.deliver.oversight.calendar import month_cases, retention_calendar
from jianlu.deliver.oversight.matrix import responsibility_matrix
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.model import Staff
from jianlu.govern.policy.load_packs import packs_directory
from jianlu.govern.policy.responsibility import FOLDER, load_responsibilities
from jianlu.vault.retained import kept_by_month, kept_until

router = APIRouter(prefix="/api/v1", tags=["oversight"])

Month = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}|open|none)?$")]


@router.get("/retention", dependencies=[on_tenant("retention.read")])
def read_retention(staff: StaffCaller, deps: TheDeps, month: Month = "") -> dict[str, Any]:
    """The retention calendar; with `month` (`2036-11`, `open` or `none`) also the cases of that month that the caller may read."""
    return retention_document(deps, staff, month)


@router.get("/responsibility", dependencies=[on_tenant("pack.read")])
def read_responsibility(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Who answers for each clause of each pack: the provider, the institution, or both, each with their share."""
    return responsibility_document(deps)


def retention_document(deps: Deps, staff: Staff, month: str) -> dict[str, Any]:
    """The answer of `/retention`, for a caller about whom was decided."""
    packs, today = deps.sessions.rules.packs, deps.clock.now().date().isoformat()
    found = retention_calendar(kept_by_month(deps.database, deps.tenant), packs, today=today)
    may_know = deps.access.decide(staff, "hold.list", tenant_wide(deps.tenant)).is_allowed
    holds = holds_document(deps, staff)["holds"] if may_know else None

    def number_of(case: str) -> str | None:
        try:
            row = row_of(case, using=deps.sessions)
        except NotFoundError:
            return None  # a case of the command line, which no page shows
        may_read = deps.access.decide(staff, "case.read", case_resource(row)).is_allowed
        return shown_number(deps, staff, row) if may_read else None

    kept = kept_until(deps.database, deps.tenant, month) if month else ()
    return {**found, "holds": holds, "month": month, "cases": month_cases(kept, packs, number_of)}


def responsibility_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/responsibility`: of the packs that this installation judges by."""
    packs = deps.sessions.rules.packs
    folder = deps.settings.policy.packs_path
    return responsibility_matrix(packs, load_responsibilities(packs_folder(folder), packs))


def packs_folder(configured: str) -> Path:
    """Where the packs are, and beside them who answers for what; the shipped ones where nothing else is set."""
    own = Path(configured) if configured else packs_directory()
    return own if (own / FOLDER).is_dir() else packs_directory()
