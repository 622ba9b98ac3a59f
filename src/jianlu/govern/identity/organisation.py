"""Signing in with the organisation's account: off to its provider and back, with what only this browser has.

The browser keeps a secret in a cookie; `nonce` and PKCE's verifier are derived from it, `state` is good once and bound to it. So neither an
answer that was caught on the way nor one that somebody else began signs anybody in. Who somebody is then is the directory's to say.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from jianlu.core.errors import InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity._challenges import issue, redeem
from jianlu.govern.identity._tokens import digest_of_claimed, fresh_token
from jianlu.govern.identity.devices import NOWHERE, Seen
from jianlu.govern.identity.directory import Person, account_name, roles_of, take_person
from jianlu.govern.identity.model import Account, SignInNeededError, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.provider import Provider
from jianlu.govern.identity.sign_ins import open_sign_in, renew
from jianlu.govern.identity.whereabouts import require_expected
from jianlu.runtime.database import transaction

ANSWER_WITHIN = timedelta(minutes=10)
"""Somebody may have to find their token or reset a password there."""

_PURPOSE = "organisation"
_SOURCE = "oidc"
_REFUSED = "the organisation's sign-in was not accepted: begin again from the sign-in page"


@dataclass(frozen=True, slots=True)
class Organisation:
    """The provider, and which of its groups give which of our roles."""

    provider: Provider
    groups_claim: str
    roles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the secret that its cookie keeps meanwhile."""

    address: str
    secret: str


def begin(using: IdentityPorts, organisation: Organisation, *, is_fresh: bool = False) -> Begun:
    """Off to the provider. UnavailableError when it cannot be reached."""
    secret, digest = fresh_token()
    now = using.clock.now()
    with transaction(using.database) as connection:
        state = issue(connection, _PURPOSE, now, bound_to=digest, good_for=ANSWER_WITHIN)
    challenge = _base64url(hashlib.sha256(_derived(secret, "verifier").encode()).digest())
    nonce = _derived(secret, "nonce")
    address = organisation.provider.address(state=state, nonce=nonce, challenge=challenge, now=now, is_fresh=is_fresh)
    return Begun(address, secret)


def come_back(
    using: IdentityPorts,
    tenant: TenantId,
    organisation: Organisation,
    *,
    secret: str,
    code: str,
    state: str,
    issuer: str = "",
    seen: Seen = NOWHERE,
) -> tuple[str, Staff]:
    """Sign in with what the provider answered; returns the cookie's token and who is signed in.

    SignInNeededError for an answer that is not this browser's, was used, is over or does not hold; also for somebody in none of our groups,
    who is switched off. ConflictError when an account that was made here has their name.
    """
    person = _person(using, organisation, secret, code, state, issuer, is_fresh=False)
    account = take_person(using, tenant, _SOURCE, person) if person.roles else _leave(using, tenant, person)
    if not account.is_active:
        raise SignInNeededError("your account is switched off here: ask whoever looks after accounts")
    require_expected(using, account, "organisation", seen)
    with transaction(using.database) as connection:
        return open_sign_in(using, connection, account, "organisation", seen)


def step_up_by_organisation(
    using: IdentityPorts, staff: Staff, organisation: Organisation, *, secret: str, code: str, state: str, issuer: str = ""
) -> str:
    """Prove anew who one is at the provider, which asked for it just now; returns the cookie's new token, the one before is refused.

    SignInNeededError for anybody else's answer.
    """
    person = _person(using, organisation, secret, code, state, issuer, is_fresh=True)
    if take_person(using, staff.tenant, _SOURCE, person).id != staff.account.id:
        raise SignInNeededError(_REFUSED)
    with transaction(using.database) as connection:
        return renew(connection, staff, "organisation", using.clock.now())


def _person(
    using: IdentityPorts, organisation: Organisation, secret: str, code: str, state: str, issuer: str, *, is_fresh: bool
) -> Person:
    now = using.clock.now()
    with transaction(using.database) as connection:
        if not secret or not redeem(connection, state, _PURPOSE, now, bound_to=digest_of_claimed(secret)):
            raise SignInNeededError(_REFUSED)
    if issuer and issuer != organisation.provider.registration.issuer:
        raise SignInNeededError(_REFUSED)
    verifier, nonce = _derived(secret, "verifier"), _derived(secret, "nonce")
    said = organisation.provider.redeem(code, verifier=verifier, nonce=nonce, now=now, is_fresh=is_fresh)
    groups = said.get(organisation.groups_claim)
    called = str(said.get("preferred_username") or said.get("email") or said["sub"])
    return Person(
        subject=said["sub"],
        name=account_name(called),
        display=str(said.get("name") or called),
        roles=roles_of(groups if isinstance(groups, list) else [groups], organisation.roles),
    )


def _leave(using: IdentityPorts, tenant: TenantId, person: Person) -> Account:
    """Somebody in none of our groups: switched off where they have an account, otherwise nobody."""
    try:
        return take_person(using, tenant, _SOURCE, person)
    except InvalidError as error:
        raise SignInNeededError("your organisation gives you no role here: ask whoever looks after accounts") from error


def _derived(secret: str, what: str) -> str:
    return _base64url(hmac.digest(secret.encode(), f"jianlu/organisation/{what}@v1".encode(), "sha256"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
