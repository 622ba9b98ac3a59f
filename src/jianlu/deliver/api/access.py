"""Rights over HTTP: requests that take a second person, revealing a masked name, who looked at a case, standings, the policies in words.

What is allowed is decided by policies; `govern/access` keeps requests and standings, the ledger every change of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter
from pydantic import Field

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import DeniedError
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.destinations import require_destination, require_place
from jianlu.deliver.api.holds import require_standing
from jianlu.deliver.api.paging import Cursor, behind
from jianlu.deliver.api.recent import require_proof
from jianlu.deliver.api.rights import hold_resource, on_account, on_case, on_request, on_tenant
from jianlu.govern.access import requests as use_cases
from jianlu.govern.access.destinations import EXPORT, RECIPIENTS, Destination, check_destination
from jianlu.govern.access.lines import Line, lines_after, lines_of_resource, newest_lines
from jianlu.govern.access.model import LEVEL_MAX, LEVEL_MIN, Resource, Standing
from jianlu.govern.access.requests import AccessRequest, RequestPorts
from jianlu.govern.access.standings import change_standing, standing_of
from jianlu.govern.identity.accounts import find_account, list_accounts, shown_names
from jianlu.govern.identity.model import Staff
from jianlu.govern.identity.roles import change_roles

router = APIRouter(prefix="/api/v1", tags=["rights"])

RequestId = Annotated[str, PathParameter(pattern=r"^r[0-9a-f]{26}$")]
PageNumber = Annotated[int, Query(ge=1, le=10_000)]
Which = Literal["all", "denied"]
Reason = Annotated[str, Field(min_length=use_cases.REASON_MIN, max_length=use_cases.REASON_MAX)]


class NewRequest(Body):
    """What a second person is asked for: `emergency` to look at a case, `approval` of an act on it."""

    kind: Literal["emergency", "approval"]
    action: Literal["", "package.export", "hold.lift"] = ""
    case: Annotated[str, Field(pattern=r"^c[a-z2-7]{26}$")]
    hold: Annotated[str, Field(pattern=r"^(h[0-9a-f]{26})?$")] = ""
    reason: Reason
    place: Annotated[str, Field(max_length=9, description="Of an export: the ISO 3166 code of where it goes.")] = ""
    recipient: Annotated[str, Field(max_length=16, description=f"Of an export: one of {', '.join(RECIPIENTS)}.")] = ""


class Revealing(Body):
    """Why a masked name must be seen."""

    reason: Reason


class NewStanding(Body):
    """Branch ("" for all), place ("" for unknown) and level of an account."""

    branch: Annotated[str, Field(max_length=40)] = ""
    place: Annotated[str, Field(max_length=16)] = ""
    level: Annotated[int, Field(ge=LEVEL_MIN, le=LEVEL_MAX, strict=True)]


class NewRoles(Body):
    """The roles that an account has from now on."""

    roles: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=9)]


@router.get("/access/requests", dependencies=[on_tenant("request.read")])
def access_requests(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Requests that wait for a second person, and one's own."""
    return requests_document(deps, staff.account.id)


@router.post("/access/requests", status_code=201, dependencies=[on_tenant("request.make")])
def make_request(body: NewRequest, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Ask for a second person, with a reason; for an emergency with a recent proof of who asks."""
    if body.kind == "emergency":
        require_proof(deps, staff)
    row = row_of(body.case, using=deps.sessions)
    on = case_resource(row)
    if body.action == "hold.lift":
        on = hold_resource(row, body.hold)
    to = Destination(body.place.strip(), body.recipient)
    if body.kind == "approval" and body.action == EXPORT:
        require_destination(deps, staff, row, check_destination(body.action, to))
    elif body.kind == "approval":
        _require_but_for_approval(deps, staff, body.action, on)
    if body.action == "hold.lift":
        require_standing(deps, body.case, body.hold)
    made = use_cases.ask(body.kind, body.action, on, body.reason, using=_ports(deps), by=staff.account.id, to=to)
    return _request_document(made, _names(deps, [made]))


@router.post("/access/requests/{request_id}/approve", dependencies=[on_request("request.approve")])
def approve_request(request_id: RequestId, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Approve somebody else's request, with a recent proof of who does: it is good for an hour from now, an approval for one act."""
    require_proof(deps, staff)
    asked = use_cases.find_request(request_id, deps.tenant, database=deps.database)
    if asked.action == EXPORT:
        require_place(deps, staff, asked)
    return _decided(deps, request_id, staff, is_approved=True)


@router.post("/access/requests/{request_id}/refuse", dependencies=[on_request("request.approve")])
def refuse_request(request_id: RequestId, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Refuse somebody else's request."""
    return _decided(deps, request_id, staff, is_approved=False)


@router.post("/cases/{case}/reveal", dependencies=[on_case("case.reveal")])
def reveal(case: CaseRef, body: Revealing, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The people of the case by their whole names and telephone numbers; the reason is on the record before they are shown."""
    require_proof(deps, staff)
    deps.access.log.change("reveal", {"case": case, "by": staff.account.id, "reason": body.reason.strip()})
    particulars = json.loads(deps.reader.log(case).open_object("particulars"))
    return {"case": case, "people": particulars["people"]}


@router.get("/cases/{case}/access", dependencies=[on_case("case.disclose")])
def case_access(case: CaseRef, _: StaffCaller, deps: TheDeps, page: PageNumber = 1, cursor: Cursor = "") -> dict[str, Any]:
    """Who looked at the case and who was refused, newest first, with every emergency that opened it: the customer's copy."""
    return case_access_document(deps, case, page, cursor)


@router.get("/access/log", dependencies=[on_tenant("access.read")])
def access_log(_: StaffCaller, deps: TheDeps, page: PageNumber = 1, which: Which = "all", cursor: Cursor = "") -> dict[str, Any]:
    """Every decision of access, or the refusals alone, newest first."""
    return access_log_document(deps, page, which, cursor)


@router.get("/access/policies", dependencies=[on_tenant("policy.read")])
def access_policies(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The rules by which access is decided, as their authors describe them."""
    policies = deps.access.policies
    rules = [
        {"id": rule.id, "clauses": list(rule.clauses), "next_step": {"zh": rule.next_step["zh"], "en": rule.next_step["en"]}}
        for _, rule in sorted(policies.rules.items())
    ]
    return {"digest": policies.digest, "rules": rules}


@router.get("/accounts", dependencies=[on_tenant("account.list")])
def accounts(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every account with its roles and standing."""
    found = list_accounts(deps.identity, deps.tenant)
    return {
        "accounts": [
            {
                "account": each.id,
                "name": each.name,
                "display": each.display,
                "roles": sorted(each.roles),
                "is_active": each.is_active,
                **asdict(standing_of(deps.database, deps.tenant, each.id)),
            }
            for each in found
        ]
    }


@router.put("/accounts/{name}/standing", status_code=204, response_class=Response, dependencies=[on_account("account.change")])
def set_account_standing(name: str, body: NewStanding, staff: StaffCaller, deps: TheDeps) -> None:
    """Set branch, place and level of somebody else's account."""
    account = find_account(deps.identity, deps.tenant, name)
    standing = Standing(body.branch, body.place, body.level)
    change_standing(deps.database, deps.clock, deps.access.log, deps.tenant, account.id, standing, by=staff.account.id)


@router.put("/accounts/{name}/roles", status_code=204, response_class=Response, dependencies=[on_account("account.roles")])
def set_account_roles(name: str, body: NewRoles, staff: StaffCaller, deps: TheDeps) -> None:
    """Set the roles of somebody else's account; their sign-ins end."""
    change_roles(deps.identity, deps.tenant, name, body.roles, by=staff, keep=deps.access.log.change)


def requests_document(deps: Deps, account: str) -> dict[str, Any]:
    """The answer of `/access/requests`."""
    found = use_cases.open_requests(deps.tenant, database=deps.database, clock=deps.clock, of=account)
    names = _names(deps, found)
    return {"requests": [{**_request_document(each, names), "is_own": each.asked_by == account} for each in found]}


def access_log_document(deps: Deps, page: int, which: str, cursor: str = "") -> dict[str, Any]:
    """The answer of `/access/log`, for a caller about whom was decided."""
    deps.access.log.flush()
    is_denied_only, further = which == "denied", ""
    if cursor:
        lines, further = lines_after(deps.database, deps.tenant, behind(cursor), is_denied_only=is_denied_only)
    else:
        lines = newest_lines(deps.database, deps.tenant, page=page, is_denied_only=is_denied_only)
    return {"lines": _lines_document(deps, lines), "page": 0 if cursor else page, "next": further}


def case_access_document(deps: Deps, case: str, page: int, cursor: str = "") -> dict[str, Any]:
    """The answer of `/cases/{case}/access`."""
    deps.access.log.flush()
    further = ""
    if cursor:
        lines, further = lines_after(deps.database, deps.tenant, behind(cursor), resource=("case", case))
    else:
        lines = lines_of_resource(deps.database, deps.tenant, "case", case, page=page)
    opened = use_cases.emergencies_of(deps.tenant, "case", case, database=deps.database)
    names = _names(deps, opened)
    return {
        "case": case,
        "lines": _lines_document(deps, lines),
        "emergencies": [_request_document(each, names) for each in opened],
        "page": 0 if cursor else page,
        "next": further,
    }


def _require_but_for_approval(deps: Deps, staff: Staff, action: str, case: Resource) -> None:
    """A second person is not troubled with what would be denied all the same."""
    if not deps.access.could(staff, action, case):
        decision = deps.access.decide(staff, action, case)
        raise DeniedError(f"this would be denied with an approval too: {decision.next_step}")


def _decided(deps: Deps, request: str, staff: Staff, *, is_approved: bool) -> dict[str, Any]:
    decided = use_cases.decide(request, deps.tenant, is_approved=is_approved, using=_ports(deps), by=staff.account.id)
    deps.changes.notify(decided.case)
    return _request_document(decided, _names(deps, [decided]))


def _ports(deps: Deps) -> RequestPorts:
    return RequestPorts(deps.database, deps.clock, deps.access.log)


def _names(deps: Deps, found: Sequence[AccessRequest]) -> dict[str, str]:
    return shown_names(deps.identity, deps.tenant, {who for each in found for who in (each.asked_by, each.decided_by)})


def _request_document(each: AccessRequest, names: dict[str, str]) -> dict[str, Any]:
    fields = {
        name: value for name, value in asdict(each).items() if name not in ("tenant", "resource_kind", "resource", "used_for")
    }
    people = {"asked_by_name": names.get(each.asked_by, ""), "decided_by_name": names.get(each.decided_by, "")}
    return {
        **fields,
        **people,
        "case": each.case,
        "hold": each.hold,
        "decided_at": each.decided_at or "",
        "used_at": each.used_at or "",
    }


def _lines_document(deps: Deps, lines: Sequence[Line]) -> list[dict[str, Any]]:
    names = shown_names(deps.identity, deps.tenant, {line.who for line in lines if line.who_kind == "staff"})
    return [{**line.document, "name": names.get(line.who, "")} for line in lines]
