"""Notice of emergency access over HTTP: to supervisors of the branch, compliance, audit administrators and whoever leads the case.

Who took note is kept by `govern/access/emergencies.py`; the two people of the emergency themselves are not told.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter

from jianlu.capture.cases.case_access import whose
from jianlu.core.errors import NotFoundError
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_tenant
from jianlu.govern.access.emergencies import take_note, unnoted
from jianlu.govern.access.requests import AccessRequest
from jianlu.govern.access.standings import branch_of
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Role, Staff

router = APIRouter(prefix="/api/v1/access/notices", tags=["rights"])

TOLD_ALL = frozenset({Role.COMPLIANCE, Role.AUDIT_ADMINISTRATOR})
RequestId = Annotated[str, PathParameter(pattern=r"^r[0-9a-f]{26}$")]


@router.get("", dependencies=[on_tenant("me.secure")])
def emergency_notices(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Emergencies that opened a case which concerns the caller, and that they took no note of yet; newest first."""
    found = _concerning(deps, staff)
    people = {who for each in found for who in (each.asked_by, each.decided_by)}
    names = shown_names(deps.identity, deps.tenant, people)
    return {"notices": [_shown(each, names) for each in found]}


@router.post("/{request_id}/acknowledge", status_code=204, response_class=Response, dependencies=[on_tenant("me.secure")])
def acknowledge_emergency(request_id: RequestId, staff: StaffCaller, deps: TheDeps) -> None:
    """The caller took note; it is on the record."""
    found = next((each for each in _concerning(deps, staff) if each.request == request_id), None)
    if found is None:
        raise NotFoundError("there is no such notice for you, or you took note of it: see the list of notices")
    take_note(found, staff.account.id, database=deps.database, clock=deps.clock, log=deps.access.log)


def _concerning(deps: Deps, staff: Staff) -> list[AccessRequest]:
    opened = unnoted(deps.tenant, staff.account.id, database=deps.database)
    if not opened or TOLD_ALL & staff.account.roles:
        return opened
    cases = whose(deps.database, deps.tenant, {each.case for each in opened})
    branch = branch_of(deps.database, deps.tenant, staff.account.id)

    def concerns(each: AccessRequest) -> bool:
        owner, maker, place = cases.get(each.case, ("", "", ""))
        supervises = Role.SUPERVISOR in staff.account.roles and (not branch or not place or branch == place)
        return supervises or staff.account.id in (owner, maker)

    return [each for each in opened if concerns(each)]


def _shown(each: AccessRequest, names: dict[str, str]) -> dict[str, Any]:
    return {
        "request": each.request,
        "case": each.case,
        "reason": each.reason,
        "asked_by_name": names.get(each.asked_by, ""),
        "decided_by_name": names.get(each.decided_by, ""),
        "decided_at": each.decided_at or "",
        "expires_at": each.expires_at,
    }
