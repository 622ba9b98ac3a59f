"""The customer's own copy: for whoever sat in the session, by the seat that they still hold, or by a link that staff made for them.

Each copy that is taken is a look like any other, on the record with the purpose of disclosure.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import DeniedError, JianluError
from jianlu.core.terms.ids import case_ref
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._bodies import Body, Code
from jianlu.deliver.api.casefile import looks_of
from jianlu.deliver.api.custody import custody_of
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_case, require_case
from jianlu.deliver.oversight.copy_links import LinkPorts, give_back, make_link, use_link
from jianlu.deliver.oversight.own_copy import OWN_SEATS, own_copy
from jianlu.govern.identity.model import Participant, Principal

router = APIRouter(prefix="/api/v1", tags=["oversight"])

DISCLOSURE = "disclosure"


class CopyFor(Body):
    """Whose copy a link is for."""

    seat: Code = "customer"


class CopyAsked(Body):
    """A link's token, and the code that was told by another way."""

    token: Annotated[str, Field(max_length=200)]
    code: Annotated[str, Field(max_length=20)]


@router.post("/cases/{case}/copies", status_code=201, dependencies=[on_case("case.disclose")])
def make_copy_link(body: CopyFor, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """A link to the customer's own copy and its code, shown this once: send them by two ways. It works once, within a week."""
    made = make_link(case, body.seat, using=link_ports(deps), by=staff.account.id)
    return {"url": f"{deps.public_url}/copy#{made.token}", "code": made.code, "expires_at": made.expires_at}


@router.get("/cases/{case}/copy", dependencies=[on_case("case.read")])
def read_own_copy(case: CaseRef, caller: Caller, deps: TheDeps) -> dict[str, Any]:
    """One's own copy, for whoever sat there as the customer or their guardian."""
    return copy_document(deps, caller, case)


@router.post("/copy")
def open_copy(body: CopyAsked, deps: TheDeps) -> dict[str, Any]:
    """The copy that a link leads to, once, with its code."""
    return linked_copy_document(deps, body.token, body.code)


def copy_document(deps: Deps, caller: Principal, case: str) -> dict[str, Any]:
    """The answer of `/cases/{case}/copy`; DeniedError for whoever has no copy."""
    if not isinstance(caller, Participant) or caller.seat not in OWN_SEATS or caller.scope:
        raise DeniedError("the copy is the customer's own: make a link for them")
    require_case(deps, caller, "case.read", case, purpose=DISCLOSURE)
    row = row_of(case, using=deps.sessions)
    looks, made_at = looks_of(deps, case), instant_text(deps.clock.now())
    scene = deps.sessions.scenes.get(row.scene)
    return own_copy(deps.reader.log(case), custody_of(deps, case), row, scene, looks, made_at=made_at)


def linked_copy_document(deps: Deps, token: str, code: str) -> dict[str, Any]:
    """The answer of `POST /copy`."""
    link, case, seat = use_link(token, code, using=link_ports(deps))
    try:
        return copy_document(deps, Participant(deps.tenant, case_ref(case), seat, f"copy-{link}"[:16]), case)
    except JianluError:
        give_back(link, using=link_ports(deps))
        raise


def link_ports(deps: Deps) -> LinkPorts:
    """What links rest on, of this application."""
    return LinkPorts(deps.database, deps.clock, deps.tenant, deps.sessions.tenant_secret)
