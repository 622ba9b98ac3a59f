"""Who I am: signing in and out, and the second factor of one's own account.

How credentials are checked is `govern/identity`.
"""

from __future__ import annotations

from typing import Any

import segno
from fastapi import APIRouter, Request, Response

from jianlu.deliver.api._bodies import SignIn, TotpCode
from jianlu.deliver.api.cookies import STAFF_COOKIE, capacity_of, clear_cookie, seat_cookies, set_cookie, staff_token
from jianlu.deliver.api.deps import StaffCaller, TheDeps
from jianlu.govern.identity import sign_in as signing_in
from jianlu.govern.identity import totp
from jianlu.govern.identity.model import Principal, Staff

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.post("/sign-in")
def sign_in(body: SignIn, deps: TheDeps, response: Response) -> dict[str, Any]:
    """Sign in; sets the cookie. 401 with the type `...:code-needed` when only the code is missing."""
    token, staff = signing_in.sign_in(deps.identity, deps.tenant, body.name, body.password, body.code)
    set_cookie(response, STAFF_COOKIE, token)
    return me_document(staff)


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, deps: TheDeps) -> Response:
    """End the sign-in; streams that rest on it end too."""
    if token := staff_token(request):
        signing_in.sign_out(deps.identity, token)
    response = Response(status_code=204)
    clear_cookie(response, STAFF_COOKIE)
    return response


@router.post("/leave", status_code=204)
def leave(request: Request) -> Response:
    """Take the participant's cookies from this browser, or those of one seat where the call says as whom (`seat:guardian`)."""
    response, seat = Response(status_code=204), capacity_of(request).seat
    for name in seat_cookies(request):
        if not seat or name.rpartition(".")[2] == seat:
            clear_cookie(response, name)
    return response


@router.get("/me")
def me(request: Request, deps: TheDeps) -> dict[str, Any]:
    """Who is calling; `kind` is `nobody` when no one is signed in."""
    return me_document(deps.principal(request))


@router.post("/me/totp")
def begin_totp(staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """A fresh secret for an authenticator app, shown once."""
    enrolment = totp.begin_totp(deps.identity, staff)
    return {"secret": enrolment.secret, "uri": enrolment.uri, "qr_svg": qr_svg(enrolment.uri)}


@router.post("/me/totp/confirm", status_code=204)
def confirm_totp(body: TotpCode, staff: StaffCaller, deps: TheDeps) -> None:
    """Switch the second factor on with its first code."""
    totp.confirm_totp(deps.identity, staff, body.code)


def me_document(principal: Principal | None) -> dict[str, Any]:
    """The answer of `/me`."""
    if principal is None:
        return {"kind": "nobody"}
    if isinstance(principal, Staff):
        account = principal.account
        return {
            "kind": "staff",
            "tenant": account.tenant,
            "account": account.id,
            "name": account.name,
            "display": account.display,
            "roles": sorted(account.roles),
            "languages": list(account.languages),
            "licences": list(account.licences),
            "skills": list(account.skills),
            "has_totp": account.has_totp,
        }
    return {"kind": "participant", "tenant": principal.tenant, "case": principal.case, "seat": principal.seat}


def qr_svg(text: str) -> str:
    """`text` as a QR code, an inline SVG without style or script."""
    return segno.make(text, error="m").svg_inline(scale=6, omitsize=True, svgclass="qr", lineclass="qr-line")
