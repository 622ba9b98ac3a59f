"""Passkeys and step-up over HTTP: options for the browser's dialog, its answers, and the list of one's own.

What is checked and kept is `govern/identity`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from jianlu.core.errors import InvalidError
from jianlu.deliver.api.coming_in import let_in, renewed
from jianlu.deliver.api.cookies import STAFF_COOKIE, set_cookie
from jianlu.deliver.api.deps import StaffCaller, TheDeps
from jianlu.deliver.api.me import me_document
from jianlu.deliver.api.sign_in_bodies import NewPasskey, PasskeyProof, StepUp
from jianlu.govern.identity import passkeys
from jianlu.govern.identity.step_up import step_up_by_code, step_up_by_password

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.post("/sign-in/passkey/options")
def passkey_options(deps: TheDeps) -> dict[str, Any]:
    """What to hand to `navigator.credentials.get`; good once, for two minutes."""
    return passkeys.begin_sign_in(deps.identity, deps.site)


@router.post("/sign-in/passkey")
def sign_in_with_passkey(body: PasskeyProof, request: Request, deps: TheDeps, response: Response) -> dict[str, Any]:
    """Sign in with a passkey; sets the cookie."""
    claimed = body.credential.model_dump(exclude_none=True)
    token, staff = passkeys.sign_in_by_passkey(deps.identity, deps.tenant, deps.site, claimed, seen=deps.seen(request))
    let_in(deps, request, response, token)
    return me_document(staff)


@router.get("/me/passkeys")
def my_passkeys(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """One's own passkeys."""
    return {"passkeys": [asdict(each) for each in passkeys.list_passkeys(deps.identity, staff.account.id)]}


@router.post("/me/passkeys/options")
def new_passkey_options(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """What to hand to `navigator.credentials.create`. 401 with the type `...:step-up-needed` without a fresh proof of the caller."""
    return passkeys.begin_enrolment(deps.identity, staff, deps.site)


@router.post("/me/passkeys", status_code=201)
def enrol_passkey(body: NewPasskey, staff: StaffCaller, deps: TheDeps, response: Response) -> dict[str, Any]:
    """The passkey that the browser made is one's own from now on. The cookie changes."""
    claimed = body.credential.model_dump(exclude_none=True)
    made, token = passkeys.enrol(deps.identity, staff, deps.site, claimed, body.name)
    set_cookie(response, STAFF_COOKIE, token)
    return asdict(made)


@router.delete("/me/passkeys/{passkey}", status_code=204, response_class=Response)
def remove_passkey(passkey: str, staff: StaffCaller, deps: TheDeps) -> None:
    """Take one's own passkey away; needs a fresh proof of the caller."""
    passkeys.remove_passkey(deps.identity, staff, passkey)


@router.post("/me/step-up/options")
def step_up_options(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """What to hand to `navigator.credentials.get` to prove anew who one is."""
    return passkeys.begin_step_up(deps.identity, staff, deps.site)


@router.post("/me/step-up", status_code=204, response_class=Response)
def step_up(body: StepUp, staff: StaffCaller, deps: TheDeps) -> Response:
    """Prove anew who one is, by exactly one of passkey, code and password; good for five minutes. The cookie changes."""
    if sum(map(bool, (body.code, body.password, body.credential))) != 1:
        raise InvalidError("send exactly one of code, password and credential")
    if body.credential is not None:
        token = passkeys.step_up_by_passkey(deps.identity, staff, deps.site, body.credential.model_dump(exclude_none=True))
    elif body.code:
        token = step_up_by_code(deps.identity, staff, body.code)
    else:
        token = step_up_by_password(deps.identity, staff, body.password)
    return renewed(token)
