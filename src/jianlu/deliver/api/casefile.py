"""The case file: everything of one case for whoever may read it; who looked at it for those who may read the record of looks.

What is in it is put together by `deliver/oversight`; the decision about the case is asked before.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from jianlu.capture.cases.find_cases import read_case
from jianlu.capture.cases.masks import masked, masked_number
from jianlu.capture.cases.model import CaseRow
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api.custody import custody_of
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.masking import shown_number
from jianlu.deliver.api.review_redos import linked_cases
from jianlu.deliver.api.rights import on_case
from jianlu.deliver.oversight.case_file import case_file
from jianlu.deliver.packages.write import package_path
from jianlu.govern.access.lines import Line, lines_of_resource
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["oversight"])

LOOKS_PAGES_MAX = 20
"""Of a case's record of looks that is shown with it; the whole is in the access log."""


@router.get("/file", dependencies=[on_case("case.read")])
def read_case_file(case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The case file; `access` is null for whoever may not read who looked."""
    return file_document(deps, staff, case)


def file_document(deps: Deps, staff: Staff, case: str) -> dict[str, Any]:
    """The answer of `/cases/{case}/file`, for a caller about whom was decided."""
    row = read_case(case, using=deps.sessions, by=staff)
    found = case_file(deps.reader.log(case), custody_of(deps, case), row, deps.sessions.scenes.get(row.scene))
    path = package_path(deps.home, case_ref(case))
    package = {"bytes": path.stat().st_size, "url": f"/api/v1/cases/{case}/package"} if path.is_file() else None
    may_know = deps.access.decide(staff, "access.read", tenant_wide(deps.tenant)).is_allowed
    number, links = shown_number(deps, staff, row), linked_cases(deps, staff, [case]).get(case)
    shown = {"number": number, "package": package, "links": links, "access": looks_of(deps, case) if may_know else None}
    return {**found, **deps.sessions.jobs_of(case), **shown}


def masked_file_document(deps: Deps, row: CaseRow, package_url: str | None) -> dict[str, Any]:
    """The case file for an inspection: number and everybody's names masked, its package by `package_url`, with who looked."""
    found = case_file(deps.reader.log(row.case), custody_of(deps, row.case), row, deps.sessions.scenes.get(row.scene))
    path = package_path(deps.home, case_ref(row.case))
    masks = {
        "number": masked_number(row.number),
        "agent": masked(row.agent_display),
        "people": [{**each, "name": each["name"] if "*" in each["name"] else masked(each["name"])} for each in found["people"]],
        "package": {"bytes": path.stat().st_size, "url": package_url} if package_url else None,
        "access": [{**look, "who": masked(look["who"])} for look in looks_of(deps, row.case)],
    }
    return {**found, **deps.sessions.jobs_of(row.case), "links": None, **masks}


def looks_of(deps: Deps, case: str) -> list[dict[str, Any]]:
    """Who asked for the case and what they were answered, newest first; accounts by their shown names."""
    lines: list[Line] = []
    for page in range(1, LOOKS_PAGES_MAX + 1):
        more = lines_of_resource(deps.database, deps.tenant, "case", case, page=page)
        lines += more
        if not more:
            break
    names = shown_names(deps.identity, deps.tenant, {line.who for line in lines if line.who_kind == "staff"})
    return [
        {
            "at": line.at,
            "who": names.get(line.who, line.who) if line.who_kind != "seat" else "",
            "seat": line.who if line.who_kind == "seat" else "",
            "action": line.action,
            "purpose": line.purpose,
            "is_allowed": line.is_allowed,
            "policies": list(line.policies),
            "times": line.times,
        }
        for line in lines
    ]
