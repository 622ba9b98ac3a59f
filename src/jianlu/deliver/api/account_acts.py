"""What a security administrator does to accounts: make one, offer its owner a link, unlock, switch off, sign out everywhere.

Nothing here sets a password, a code or a passkey; only the owner does. Roles and standings are `access.py`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.me import history_document
from jianlu.deliver.api.rights import on_account, on_tenant
from jianlu.deliver.api.sign_in_bodies import NewAccount
from jianlu.govern.identity import accounts
from jianlu.govern.identity.accounts import look_at_ways
from jianlu.govern.identity.model import Staff
from jianlu.govern.identity.passkeys import list_passkeys
from jianlu.govern.identity.releases import offer_enrolment
from jianlu.govern.identity.sign_ins import end_all_sign_ins, list_sign_ins
from jianlu.govern.identity.step_up import require_recent

router = APIRouter(prefix="/api/v1/accounts", tags=["rights"])

PASSKEY_PARTS = ("is_backed_up", "is_cloned", "created_at", "used_at")
SIGN_IN_PARTS = ("method", "device", "where", "is_bound", "created_at", "seen_at")
"""What others than the owner see: the names by which passkeys and sign-ins are ended stay with their owner."""


@router.post("", status_code=201, dependencies=[on_tenant("account.make")])
def make_account(body: NewAccount, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """A new account, and the link for its owner, shown this once; a second person releases its code. Needs a fresh proof of the caller."""
    require_recent(deps.identity, staff)
    words = body.model_dump(exclude={"name"})
    made = accounts.make_account(deps.identity, deps.tenant, body.name, by=staff.account.id, **words)
    return {"account": made.id, "name": made.name, "link": _link(deps, made.name, staff)}


@router.post("/{name}/link", status_code=201, dependencies=[on_account("account.change")])
def offer_link(name: str, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """A new link for the owner of somebody else's account, shown this once; it waits for a second person."""
    require_recent(deps.identity, staff)
    account = accounts.find_account(deps.identity, deps.tenant, name)
    return {"account": account.id, "name": name, "link": _link(deps, name, staff)}


@router.post("/{name}/sign-out", status_code=204, response_class=Response, dependencies=[on_account("account.change")])
def sign_out_account(name: str, staff: StaffCaller, deps: TheDeps) -> None:
    """End every sign-in of the account: pages and calls on the next request, open streams and media within seconds."""
    end_all_sign_ins(deps.identity, accounts.find_account(deps.identity, deps.tenant, name), by=staff.account.id)


@router.post("/{name}/disable", status_code=204, response_class=Response, dependencies=[on_account("account.change")])
def disable_account(name: str, staff: StaffCaller, deps: TheDeps) -> None:
    """Switch the account off; its sign-ins end."""
    accounts.set_active(deps.identity, deps.tenant, name, is_active=False, by=staff.account.id)


@router.post("/{name}/enable", status_code=204, response_class=Response, dependencies=[on_account("account.change")])
def enable_account(name: str, staff: StaffCaller, deps: TheDeps) -> None:
    """Switch the account on again. Needs a fresh proof of the caller."""
    require_recent(deps.identity, staff)
    accounts.set_active(deps.identity, deps.tenant, name, is_active=True, by=staff.account.id)


@router.get("/{name}", dependencies=[on_account("account.change")])
def account_state(name: str, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """How the account's owner gets in and where they are signed in: names of passkeys and devices, no secret."""
    kept = look_at_ways(deps.identity, deps.tenant, name)
    account = kept.account
    return {
        "account": account.id,
        "name": account.name,
        "display": account.display,
        "roles": sorted(account.roles),
        "is_active": account.is_active,
        "has_password": kept.has_password,
        "has_totp": account.has_totp,
        "locked_until": kept.locked_until,
        "passkeys": [_named(each, "name", *PASSKEY_PARTS) for each in list_passkeys(deps.identity, account.id)],
        "sign_ins": [_named(each, *SIGN_IN_PARTS) for each in list_sign_ins(deps.identity, account.id)],
    }


@router.post("/{name}/unlock", status_code=204, response_class=Response, dependencies=[on_account("account.change")])
def unlock_account(name: str, staff: StaffCaller, deps: TheDeps) -> None:
    """Forget the account's failed tries."""
    accounts.unlock_account(deps.identity, deps.tenant, name, by=staff.account.id)


@router.get("/{name}/history", dependencies=[on_account("account.change")])
def account_history(name: str, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Sign-ins, refusals, enrolments and revocations of the account, the newest first."""
    return {"history": history_document(deps, accounts.find_account(deps.identity, deps.tenant, name).id)}


def _named(each: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(each, name) for name in names}


def _link(deps: Deps, name: str, staff: Staff) -> str:
    by = {"by": staff.account.id, "by_sign_in": staff.sign_in}
    return f"{deps.public_url}/enrol#{offer_enrolment(deps.identity, deps.tenant, name, **by).token}"
