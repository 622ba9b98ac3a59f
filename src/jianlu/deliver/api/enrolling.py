"""Enrolment links over HTTP: whose it is, and the owner's choice of password or passkey, which signs them in.

The token is in the body, never in an address: pages keep it in the fragment, which browsers do not send.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from jianlu.core.errors import InvalidError
from jianlu.deliver.api.coming_in import let_in
from jianlu.deliver.api.deps import StaffCaller, TheDeps
from jianlu.deliver.api.me import me_document
from jianlu.deliver.api.sign_in_bodies import EnrolmentChoice, EnrolmentClaim, EnrolmentToken, NewPassword
from jianlu.govern.identity import enrolment

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.post("/enrol/look")
def look_at_link(body: EnrolmentToken, deps: TheDeps) -> dict[str, Any]:
    """Whose link it is, and whether a second person released its code; 404 when it was used or is over."""
    link = enrolment.look_at_link(deps.identity, body.token)
    return {"name": link.account.name, "display": link.account.display, "is_released": link.is_released}


@router.post("/enrol/options")
def link_options(body: EnrolmentClaim, request: Request, deps: TheDeps) -> dict[str, Any]:
    """What to hand to `navigator.credentials.create`, for whoever has the link and its code."""
    return enrolment.begin_with_passkey(deps.identity, body.token, body.code, deps.site, seen=deps.seen(request))


@router.post("/enrol")
def take_link(body: EnrolmentChoice, request: Request, deps: TheDeps, response: Response) -> dict[str, Any]:
    """Take the link with its code and exactly one of password and passkey; sets the cookie."""
    if bool(body.password) == bool(body.credential):
        raise InvalidError("send exactly one of password and credential")
    seen = deps.seen(request)
    if body.credential is None:
        token, staff = enrolment.enrol_with_password(
            deps.identity, body.token, body.code, body.password, seen=seen, place=deps.place_names
        )
    else:
        claimed = body.credential.model_dump(exclude_none=True)
        link = (body.token, body.code, deps.site)
        token, staff = enrolment.enrol_with_passkey(deps.identity, *link, claimed, body.name, seen=seen)
    let_in(deps, request, response, token)
    return me_document(staff)


@router.post("/me/password", status_code=204, response_class=Response)
def set_my_password(body: NewPassword, staff: StaffCaller, deps: TheDeps) -> None:
    """A new password of one's own; needs a fresh proof of the caller, ends their other sign-ins."""
    enrolment.set_own_password(deps.identity, staff, body.password, place=deps.place_names)
