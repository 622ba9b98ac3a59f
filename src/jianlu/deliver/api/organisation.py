"""Signing in with the organisation's account over HTTP: where to go, and what came back.

The provider sends the browser to the page `/sign-in/back`, which posts the answer here: a request of our own page carries the strict cookie
and the device's proof, one that another site caused would carry neither.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from jianlu.core.errors import NotFoundError
from jianlu.deliver.api.coming_in import let_in, renewed
from jianlu.deliver.api.cookies import clear_cookie, set_cookie
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.me import me_document
from jianlu.deliver.api.sign_in_bodies import OrganisationAnswer
from jianlu.govern.identity import organisation as use_cases
from jianlu.govern.identity.organisation import Begun, Organisation

router = APIRouter(prefix="/api/v1", tags=["me"])
SECRET_COOKIE = "__Host-jianlu-organisation"  # noqa: S105 a cookie's name


@router.post("/sign-in/organisation/begin")
def begin_organisation(deps: TheDeps, response: Response) -> dict[str, str]:
    """Where to send the browser; 404 where the installation has no organisation's sign-in."""
    return _begun(response, use_cases.begin(deps.identity, _organisation(deps)))


@router.post("/sign-in/organisation")
def sign_in_with_organisation(body: OrganisationAnswer, request: Request, deps: TheDeps, response: Response) -> dict[str, Any]:
    """Sign in with what the provider answered; sets the cookie."""
    token, staff = use_cases.come_back(
        deps.identity, deps.tenant, _organisation(deps), seen=deps.seen(request), **_answer(body, request)
    )
    clear_cookie(response, SECRET_COOKIE)
    let_in(deps, request, response, token)
    return me_document(staff)


@router.post("/me/step-up/organisation/begin")
def begin_organisation_step_up(_: StaffCaller, deps: TheDeps, response: Response) -> dict[str, str]:
    """Where to send the browser so that the provider asks the person anew."""
    return _begun(response, use_cases.begin(deps.identity, _organisation(deps), is_fresh=True))


@router.post("/me/step-up/organisation", status_code=204, response_class=Response)
def step_up_with_organisation(body: OrganisationAnswer, request: Request, staff: StaffCaller, deps: TheDeps) -> Response:
    """Prove anew who one is, with what the provider answered. The cookie changes."""
    token = use_cases.step_up_by_organisation(deps.identity, staff, _organisation(deps), **_answer(body, request))
    return renewed(token)


def _organisation(deps: Deps) -> Organisation:
    if deps.organisation is None:
        raise NotFoundError("this installation has no organisation's sign-in: sign in with a passkey or password")
    return deps.organisation


def _begun(response: Response, begun: Begun) -> dict[str, str]:
    set_cookie(response, SECRET_COOKIE, begun.secret)
    return {"address": begun.address}


def _answer(body: OrganisationAnswer, request: Request) -> dict[str, Any]:
    secret = request.cookies.get(SECRET_COOKIE, "")
    return {"secret": secret, "code": body.code, "state": body.state, "issuer": body.iss}
