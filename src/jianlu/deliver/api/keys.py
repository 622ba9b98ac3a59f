"""API keys and the accounts of programs: made, listed, revoked by a person who is signed in. No key reaches these operations.

Who may is the access model's; how keys are kept is `govern/apikeys`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParameter
from pydantic import Field

from jianlu.core.errors import DeniedError, InvalidError
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._bodies import Body, Code
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_tenant
from jianlu.govern.access.model import Resource
from jianlu.govern.apikeys import keys
from jianlu.govern.apikeys.model import PER_MINUTE, PER_MINUTE_MAX, ApiKey
from jianlu.govern.identity.accounts import find_account, make_account
from jianlu.govern.identity.known import known_accounts
from jianlu.govern.identity.model import Account, Role, Staff

router = APIRouter(prefix="/api/v1", tags=["keys"])

PROGRAM_PREFIX = "program-"
"""What the name of a program's account begins with, so that lists tell it from a person's."""

PROGRAM_ROLES = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE, Role.REVIEWER, Role.AUDITOR)
"""What a program's account may be: never an administrator, who could make it more."""

KeyId = Annotated[str, PathParameter(pattern=r"^k[a-z2-7]{26}$")]


class NewKey(Body):
    """Whose key (an account's name, empty for one's own), what it may do, how long it holds, how often it may call."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    account: Annotated[str, Field(max_length=64)] = ""
    scopes: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(min_length=1, max_length=40)]
    days: Annotated[int, Field(ge=1, le=366, strict=True)] = 90
    per_minute: Annotated[int, Field(ge=1, le=PER_MINUTE_MAX, strict=True)] = PER_MINUTE


class NewProgram(Body):
    """The account of a program: its name begins with `program-`."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    display: Annotated[str, Field(max_length=80)] = ""
    roles: Annotated[tuple[Code, ...], Field(min_length=1, max_length=5)]
    languages: Annotated[tuple[Code, ...], Field(max_length=10)] = ("zh",)
    licences: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    skills: Annotated[tuple[Code, ...], Field(max_length=20)] = ()


@router.get("/keys")
def api_keys(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """One's own API keys; of whoever may administer them, all of the tenant."""
    return keys_document(deps, staff)


@router.post("/keys", status_code=201, dependencies=[on_tenant("apikey.make")])
def make_key(body: NewKey, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """A new API key of one's own account or a program's, shown this once."""
    owner = find_account(deps.identity, deps.tenant, body.account) if body.account else staff.account
    if owner.id != staff.account.id and not owner.name.startswith(PROGRAM_PREFIX):
        raise DeniedError("a key is one's own or a program's: nobody makes one in another person's name")
    token, made = keys.make_key(
        deps.identity,
        deps.tenant,
        owner.id,
        body.name,
        scopes=body.scopes,
        life=timedelta(days=body.days),
        by=staff.account.id,
        per_minute=body.per_minute,
    )
    return {"key": token, "entry": _entry(made, {owner.id: owner}, deps.clock.now())}


@router.delete("/keys/{key}")
def revoke_key(key: KeyId, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Revoke the key: its next call is refused, its open streams end."""
    if keys.find_key(deps.identity, deps.tenant, key).account != staff.account.id:
        deps.access.require(staff, "apikey.revoke", Resource("api_key", key, deps.tenant))
    revoked = keys.revoke_key(deps.identity, deps.tenant, key)
    return _entry(revoked, known_accounts(deps.identity, deps.tenant), deps.clock.now())


@router.post("/programs", status_code=201, dependencies=[on_tenant("account.make")])
def make_program(body: NewProgram, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """The account of a program, which is called by API keys alone."""
    if not body.name.startswith(PROGRAM_PREFIX) or not set(body.roles) <= set(PROGRAM_ROLES):
        raise InvalidError(f"a program's name begins with {PROGRAM_PREFIX}, its roles are of {', '.join(PROGRAM_ROLES)}")
    made = make_account(
        deps.identity,
        deps.tenant,
        body.name,
        roles=body.roles,
        by=staff.account.id,
        display=body.display,
        languages=body.languages,
        licences=body.licences,
        skills=body.skills,
    )
    return {"account": made.id, "name": made.name}


def keys_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/keys`."""
    sees_all = deps.access.decide(staff, "apikey.list", Resource("api_key", "all", deps.tenant)).is_allowed
    only = "" if sees_all else staff.account.id
    owners, now = known_accounts(deps.identity, deps.tenant), deps.clock.now()
    return {"keys": [_entry(each, owners, now) for each in keys.list_keys(deps.identity, deps.tenant, account=only)]}


def _entry(key: ApiKey, owners: dict[str, Account], now: datetime) -> dict[str, Any]:
    owner = owners.get(key.account)
    state = "revoked" if key.revoked_at else "active" if key.holds_at(now) else "over"
    return {
        "id": key.id,
        "name": key.name,
        "account": owner.name if owner else "",
        "display": owner.display if owner else "",
        "is_program": bool(owner and owner.name.startswith(PROGRAM_PREFIX)),
        "scopes": list(key.scopes),
        "per_minute": key.per_minute,
        "state": state,
        "created_at": instant_text(key.created_at),
        "expires_at": instant_text(key.expires_at),
        "used_at": instant_text(key.used_at) if key.used_at else "",
        "revoked_at": instant_text(key.revoked_at) if key.revoked_at else "",
    }
