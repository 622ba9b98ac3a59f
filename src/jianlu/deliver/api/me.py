"""Who I am: signing in and out, and the second factor of one's own account.

How credentials are checked is `govern/identity`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import segno
from fastapi import APIRouter, Request, Response

from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._bodies import SignIn, TotpCode
from jianlu.deliver.api.coming_in import let_in, renewed, signed_out
from jianlu.deliver.api.cookies import capacity_of, clear_cookie, seat_cookies, staff_token
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.govern.identity import sign_in as signing_in
from jianlu.govern.identity import sign_ins, totp
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Principal, Staff
from jianlu.govern.identity.notes import notes_of

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.post("/sign-in")
def sign_in(body: SignIn, request: Request, deps: TheDeps, response: Response) -> dict[str, Any]:
    """Sign in; sets the cookie. 401 with the type `...:code-needed` when only the code is missing."""
    token, staff = signing_in.sign_in(deps.identity, deps.tenant, body.name, body.password, body.code, seen=deps.seen(request))
    let_in(deps, request, response, token)
    return me_document(staff)


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, deps: TheDeps) -> Response:
    """End the sign-in; streams that rest on it end too."""
    if token := staff_token(request):
        sign_ins.sign_out(deps.identity, token)
    return signed_out()


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


@router.post("/me/here", status_code=204, response_class=Response)
def say_here(_: StaffCaller) -> None:
    """The page is open on the device of the sign-in, as its proof says: streams and pages go on without one for three minutes."""


@router.get("/me/sign-ins")
def my_sign_ins(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Where one is signed in."""
    found = sign_ins.list_sign_ins(deps.identity, staff.account.id, this=staff.sign_in)
    return {"sign_ins": [asdict(each) for each in found]}


@router.get("/me/history")
def my_history(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """What happened to one's own ways in: sign-ins, refusals, enrolments, revocations."""
    return {"history": history_document(deps, staff.account.id)}


@router.delete("/me/sign-ins/{name}", status_code=204, response_class=Response)
def end_sign_in(name: str, staff: StaffCaller, deps: TheDeps) -> None:
    """Sign out on another device."""
    sign_ins.end_own_sign_in(deps.identity, staff, name)


@router.post("/me/sign-out-everywhere", status_code=204)
def sign_out_everywhere(staff: StaffCaller, deps: TheDeps) -> Response:
    """End every sign-in of one's own, this one included."""
    sign_ins.end_all_sign_ins(deps.identity, staff.account, by=staff.account.id)
    return signed_out()


@router.post("/me/totp")
def begin_totp(staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """A fresh secret for an authenticator app, shown once."""
    enrolment = totp.begin_totp(deps.identity, staff)
    return {"secret": enrolment.secret, "uri": enrolment.uri, "qr_svg": qr_svg(enrolment.uri)}


@router.post("/me/totp/confirm", status_code=204, response_class=Response)
def confirm_totp(body: TotpCode, staff: StaffCaller, deps: TheDeps) -> Response:
    """Switch the second factor on with its first code. The cookie changes."""
    return renewed(totp.confirm_totp(deps.identity, staff, body.code))


def history_document(deps: Deps, account: str) -> list[dict[str, str]]:
    """What was noted of the account, the newest first; whoever acted is named as people know them."""
    found = notes_of(deps.identity, account)
    names = shown_names(deps.identity, deps.tenant, {each.by for each in found})
    return [
        {"at": each.at, "act": each.act, "by": names.get(each.by, each.by), "how": each.how, "device": each.device}
        for each in found
    ]


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
            "proved_at": instant_text(principal.proved_at) if principal.proved_at else None,
            "proved_by": principal.proved_by,
            "is_bound": principal.is_bound,
        }
    return {"kind": "participant", "tenant": principal.tenant, "case": principal.case, "seat": principal.seat}


def qr_svg(text: str) -> str:
    """`text` as a QR code, an inline SVG without style or script."""
    return segno.make(text, error="m").svg_inline(scale=6, omitsize=True, svgclass="qr", lineclass="qr-line")
