"""Passkeys: enrolled by their owner alone after a fresh proof, good for signing in and for step-up, listed and removed by their owner.

A counter that goes back means that there are two of a key: the proof is refused and the passkey is good for nothing from then on, until its
owner removes it. Parsing and checking of what browsers say is `_webauthn.py`.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity._challenges import issue, redeem
from jianlu.govern.identity._records import Kept
from jianlu.govern.identity._tables import passkeys
from jianlu.govern.identity._webauthn import (
    Made,
    claimed_challenge,
    creation_options,
    request_options,
    verify_made,
    verify_proof,
)
from jianlu.govern.identity.devices import NOWHERE, Seen
from jianlu.govern.identity.model import Account, SignInNeededError, Site, Staff
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.second_factor import require_another
from jianlu.govern.identity.sign_in import note_refusal
from jianlu.govern.identity.sign_ins import open_sign_in, renew
from jianlu.govern.identity.step_up import require_recent
from jianlu.govern.identity.whereabouts import require_expected
from jianlu.runtime.database import transaction

PASSKEYS_MAX = 10
NAME_CHARACTERS_MAX = 80
_ENROL, _SIGN_IN, _STEP_UP = "passkey:enrol", "passkey:sign-in", "passkey:step-up"
_REFUSED = "this passkey does not let you in: it is unknown here, was removed, or its answer came too late; try again or sign in otherwise"
_CLONED = "this passkey has been copied, as its counter shows, and is good for nothing any more: sign in otherwise and remove it"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it in the list."""

    id: str
    name: str
    is_backed_up: bool
    is_cloned: bool
    created_at: str
    used_at: str | None


def begin_enrolment(using: IdentityPorts, staff: Staff, site: Site) -> dict[str, Any]:
    """Options for `navigator.credentials.create`. StepUpNeededError without a fresh proof, ConflictError when there are too many."""
    require_recent(using, staff)
    with transaction(using.database) as connection:
        known = _of_account(connection, staff.account.id)
        if len(known) >= PASSKEYS_MAX:
            raise ConflictError(f"an account has {PASSKEYS_MAX} passkeys at most: remove one first")
        challenge = issue(connection, _ENROL, using.clock.now(), bound_to=staff.sign_in)
    return creation_options(site, staff.account, challenge, [row["credential"] for row in known])


def enrol(using: IdentityPorts, staff: Staff, site: Site, claimed: Mapping[str, Any], name: str) -> tuple[Passkey, str]:
    """The passkey that the browser made, now the caller's, and the cookie's new token: to make one proves the person anew.

    InvalidError for a wrong or late answer; errors as `begin_enrolment`.
    """
    require_recent(using, staff)
    made = made_for(using, site, claimed, _ENROL, staff.sign_in)
    with transaction(using.database) as connection:
        kept = keep(using, connection, staff.account, made, name)
        return kept, renew(connection, staff, "passkey", using.clock.now())


def begin_sign_in(using: IdentityPorts, site: Site) -> dict[str, Any]:
    """Options for `navigator.credentials.get` of whoever comes; they name nobody."""
    with transaction(using.database) as connection:
        challenge = issue(connection, _SIGN_IN, using.clock.now())
    return request_options(site, challenge, [])


def sign_in_by_passkey(
    using: IdentityPorts, tenant: TenantId, site: Site, claimed: Mapping[str, Any], *, seen: Seen = NOWHERE
) -> tuple[str, Staff]:
    """Sign in; returns the token for the cookie and who is signed in. SignInNeededError when anything is wrong, in the same words."""
    account = _proved(using, tenant, site, claimed, _SIGN_IN, "")
    require_expected(using, account, "passkey", seen)
    with transaction(using.database) as connection:
        return open_sign_in(using, connection, account, "passkey", seen)


def begin_step_up(using: IdentityPorts, staff: Staff, site: Site) -> dict[str, Any]:
    """Options for `navigator.credentials.get` with one of the caller's own. ConflictError when they have none."""
    with transaction(using.database) as connection:
        mine = [row["credential"] for row in _of_account(connection, staff.account.id) if not row["is_cloned"]]
        if not mine:
            raise ConflictError("this account has no passkey: use its code or password")
        challenge = issue(connection, _STEP_UP, using.clock.now(), bound_to=staff.sign_in)
    return request_options(site, challenge, mine)


def step_up_by_passkey(using: IdentityPorts, staff: Staff, site: Site, claimed: Mapping[str, Any]) -> str:
    """Prove anew with one's own passkey; returns the cookie's new token, the one before is refused.

    SignInNeededError when anything is wrong, a colleague's passkey included.
    """
    account = _proved(using, staff.tenant, site, claimed, _STEP_UP, staff.sign_in)
    if account.id != staff.account.id:
        raise SignInNeededError(_REFUSED)
    with transaction(using.database) as connection:
        return renew(connection, staff, "passkey", using.clock.now())


def list_passkeys(using: IdentityPorts, account: str) -> list[Passkey]:
    """The account's passkeys, the oldest first."""
    with transaction(using.database, writes=False) as connection:
        return [_passkey(row) for row in _of_account(connection, account)]


def remove_passkey(using: IdentityPorts, staff: Staff, passkey: str) -> Passkey:
    """Take away one of the caller's own, which is returned. StepUpNeededError without a fresh proof, NotFoundError when it is not theirs,

    ConflictError when it is the last way in.
    """
    require_recent(using, staff)
    with transaction(using.database) as connection:
        mine = _of_account(connection, staff.account.id)
        gone = next((row for row in mine if row["passkey"] == passkey), None)
        if gone is None:
            raise NotFoundError("there is no such passkey of yours, or no longer: reload the list")
        kept = _records.find_by_id(connection, staff.account.id)
        has_other = any(row["passkey"] != passkey and not row["is_cloned"] for row in mine)
        if kept is not None and not kept.password_hash and not has_other:
            raise ConflictError("this is the only way into the account: add another passkey first")
        require_another(using, connection, staff.account, passkey)
        connection.execute(delete(passkeys).where(passkeys.c.passkey == passkey))
        note(connection, staff.tenant, Act.PASSKEY_REMOVED, staff.account.id, at=using.clock.now(), how=passkey)
    return _passkey(gone)


def made_for(using: IdentityPorts, site: Site, claimed: Mapping[str, Any], purpose: str, bound_to: str) -> Made:
    """The credential of an answer whose challenge was issued for this and is used up now; InvalidError otherwise."""
    challenge = claimed_challenge(claimed)
    with transaction(using.database) as connection:
        if not redeem(connection, challenge, purpose, using.clock.now(), bound_to=bound_to):
            raise InvalidError("this answer came too late, or was sent before: begin again")
    return verify_made(site, claimed, challenge)


def keep(using: IdentityPorts, connection: Connection, account: Account, made: Made, name: str) -> Passkey:
    """Keep a checked credential as the account's; ConflictError when somebody has it already."""
    shown = name.strip() or "passkey"
    if len(shown) > NAME_CHARACTERS_MAX or not shown.isprintable():
        raise InvalidError(f"a passkey's name has at most {NAME_CHARACTERS_MAX} printable characters")
    if connection.execute(select(passkeys.c.passkey).where(passkeys.c.credential == made.credential)).first():
        raise ConflictError("this passkey is in use already: choose another, or sign in with it")
    now = instant_text(using.clock.now())
    passkey = "k" + base64.b32encode(secrets.token_bytes(17))[:26].decode().lower()
    connection.execute(
        insert(passkeys).values(
            passkey=passkey,
            tenant=account.tenant,
            account=account.id,
            credential=made.credential,
            public_key=made.public_key.hex(),
            sign_count=made.sign_count,
            name=shown,
            is_backed_up=made.is_backed_up,
            is_cloned=False,
            created_at=now,
        )
    )
    note(connection, account.tenant, Act.PASSKEY_ENROLLED, account.id, at=using.clock.now(), how=passkey)
    return Passkey(passkey, shown, made.is_backed_up, False, now, None)


def forget_passkeys(connection: Connection, account: str) -> None:
    """Take away all passkeys of the account, in the caller's transaction: before it is set up anew."""
    connection.execute(delete(passkeys).where(passkeys.c.account == account))


def _proved(
    using: IdentityPorts, tenant: TenantId, site: Site, claimed: Mapping[str, Any], purpose: str, bound_to: str
) -> Account:
    """Whose passkey answered a challenge that was issued for this; the challenge is used up whatever comes of it."""
    now = using.clock.now()
    try:
        challenge = claimed_challenge(claimed)
        with transaction(using.database) as connection:
            is_ours = redeem(connection, challenge, purpose, now, bound_to=bound_to)
            row = _by_credential(connection, tenant, claimed) if is_ours else None
            kept = _records.find_by_id(connection, row["account"]) if row else None
        if row is None or kept is None or not kept.account.is_active or not _is_users(claimed, kept.account):
            raise SignInNeededError(_REFUSED)
        count = _checked_proof(using, kept, site, claimed, challenge, row["public_key"])
    except InvalidError as error:
        raise SignInNeededError(_REFUSED) from error
    if row["is_cloned"] or not _count_on(using, kept.account, row["passkey"], count):
        raise SignInNeededError(_CLONED)
    return kept.account


def _checked_proof(
    using: IdentityPorts, kept: Kept, site: Site, claimed: Mapping[str, Any], challenge: str, public_key: str
) -> int:
    try:
        return verify_proof(site, claimed, challenge, bytes.fromhex(public_key))
    except InvalidError:
        note_refusal(using, kept, Act.SIGN_IN_REFUSED, "passkey")
        raise


def _count_on(using: IdentityPorts, account: Account, passkey: str, count: int) -> bool:
    """Whether the counter went forward, or is not kept by this authenticator; if it went back, the passkey is marked as copied."""
    c = passkeys.c
    goes_on = c.sign_count < count if count else c.sign_count == 0
    used = {"sign_count": count, "used_at": instant_text(using.clock.now())}
    with transaction(using.database) as connection:
        mine = (c.passkey == passkey, c.is_cloned.is_(False))
        if connection.execute(update(passkeys).where(*mine, goes_on).values(**used)).rowcount == 1:
            return True
        connection.execute(update(passkeys).where(*mine).values(is_cloned=True))
        note(connection, account.tenant, Act.PASSKEY_CLONED, account.id, at=using.clock.now(), by="somebody", how=passkey)
        return False


def _by_credential(connection: Connection, tenant: TenantId, claimed: Mapping[str, Any]) -> RowMapping | None:
    query = select(passkeys).where(passkeys.c.credential == str(claimed.get("id", "")), passkeys.c.tenant == tenant)
    return connection.execute(query).mappings().one_or_none()


def _is_users(claimed: Mapping[str, Any], account: Account) -> bool:
    """Section 7.2, step 6: a discoverable credential names its user, who must be the account's owner."""
    said = claimed["response"].get("userHandle") if isinstance(claimed.get("response"), dict) else None
    return said in (None, "") or said == base64.urlsafe_b64encode(account.id.encode()).rstrip(b"=").decode()


def _of_account(connection: Connection, account: str) -> list[RowMapping]:
    query = select(passkeys).where(passkeys.c.account == account).order_by(passkeys.c.created_at, passkeys.c.passkey)
    return list(connection.execute(query).mappings())


def _passkey(row: RowMapping) -> Passkey:
    return Passkey(row["passkey"], row["name"], row["is_backed_up"], row["is_cloned"], row["created_at"], row["used_at"])
