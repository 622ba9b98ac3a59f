"""Links that wait for their owners, and the second person who releases them: the list, the code, and taking a link back.

Making a link is `account_acts.py`, taking it `enrolling.py`. The code is shown once, to whoever releases it, and said by them to the owner.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_account, on_link, on_tenant
from jianlu.govern.identity.accounts import find_account, shown_names
from jianlu.govern.identity.releases import release, waiting_links, withdraw_link

router = APIRouter(prefix="/api/v1", tags=["rights"])


@router.get("/enrolments", dependencies=[on_tenant("enrolment.release")])
def enrolments(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Links that nobody has taken yet; `may_release` is false for one's own and for those that one made."""
    return {"enrolments": enrolments_document(deps, staff.account.id)}


@router.post("/enrolments/{name}/release", dependencies=[on_link("enrolment.release")])
def release_enrolment(name: str, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """The code for the owner, shown this once: say it to them in person. Needs a fresh proof of the caller."""
    made = release(deps.identity, deps.tenant, name, by=staff)
    return {"name": name, "code": made.code, "until": made.until}


@router.delete("/accounts/{name}/link", status_code=204, response_class=Response, dependencies=[on_account("account.change")])
def withdraw_enrolment(name: str, staff: StaffCaller, deps: TheDeps) -> None:
    """Take a link back that nobody has taken yet."""
    withdraw_link(deps.identity, deps.tenant, find_account(deps.identity, deps.tenant, name), by=staff.account.id)


@router.delete("/me/link", status_code=204, response_class=Response)
def refuse_my_link(staff: StaffCaller, deps: TheDeps) -> None:
    """The owner did not ask for the link that was made for their account: it is good for nothing any more."""
    withdraw_link(deps.identity, deps.tenant, staff.account, by=staff.account.id)


def enrolments_document(deps: Deps, viewer: str) -> list[dict[str, Any]]:
    """The links of the answer of `/enrolments`, for a caller about whom was decided."""
    found = waiting_links(deps.identity, deps.tenant)
    names = shown_names(deps.identity, deps.tenant, {who for each in found for who in (each.made_by, each.released_by)})
    return [
        {
            "name": each.account.name,
            "display": each.account.display,
            "roles": sorted(each.account.roles),
            "made_by": names.get(each.made_by, each.made_by),
            "created_at": each.created_at,
            "expires_at": each.expires_at,
            "released_by": names.get(each.released_by, each.released_by),
            "released_until": each.released_until,
            "may_release": viewer not in (each.account.id, each.made_by),
        }
        for each in found
    ]
