"""Enrolment: the owner of an account takes a link, with the code that a second person released, and sets a password or enrols a passkey.

Nobody else can: whoever made the link has no code, whoever released the code has no link, and neither can use the device of the other. A
link for an account that was in use starts it anew: what let somebody in before (password, second factor, passkeys, sign-ins) is gone once
the link is taken, and not before. Links are made and released in `releases.py`.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from jianlu.core.errors import DeniedError, NotFoundError
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity._challenges import issue
from jianlu.govern.identity._tables import enrolments
from jianlu.govern.identity._tokens import digest_of_claimed
from jianlu.govern.identity._webauthn import creation_options
from jianlu.govern.identity.accounts import NO_PASSWORD
from jianlu.govern.identity.devices import NOWHERE, Seen
from jianlu.govern.identity.model import Account, Site, Staff
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.notices import mark_read
from jianlu.govern.identity.passkeys import forget_passkeys, keep, made_for
from jianlu.govern.identity.passwords import check_password
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.releases import TRIES_MAX, code_context
from jianlu.govern.identity.sign_ins import end_sign_ins, open_sign_in
from jianlu.govern.identity.step_up import require_recent
from jianlu.runtime.database import transaction

_ENROL = "enrolment:passkey"
_GONE = "this link was used or is over: ask whoever sent it for another"
_UNRELEASED = "this link waits for a second person: ask your supervisor or the system administrator for its code"
_WRONG = f"this is not the code of this link: ask for it anew; after {TRIES_MAX} wrong ones the link is good for nothing"
_THEIR_DEVICE = "this is the device of whoever made or released the link: open the link on your own"


@dataclass(frozen=True, slots=True)
class Link:
    """Whose link it is, and whether a second person has released it."""

    account: Account
    is_released: bool


def look_at_link(using: IdentityPorts, token: str) -> Link:
    """Whose link it is. NotFoundError when it was used, is over or never was."""
    with transaction(using.database, writes=False) as connection:
        row, account = _found(using, connection, token)
    return Link(account, _is_released(using, row))


def enrol_with_password(
    using: IdentityPorts, token: str, code: str, password: str, *, seen: Seen = NOWHERE, place: Iterable[str] = ()
) -> tuple[str, Staff]:
    """Take the link with a password: the cookie's token and who is signed in.

    Errors as `look_at_link`; DeniedError without the right code, or on the device of whoever made or released it; InvalidError for a bad
    password.
    """
    account = look_at_link(using, token).account
    check_password(password, account.name, (account.display, *place))
    _require_released(using, token, code, seen)
    with using.passwords.turn():
        hashed = using.passwords.hash(password)
    with transaction(using.database) as connection:
        account = _take(using, connection, token, hashed, seen)
        note(connection, account.tenant, Act.PASSWORD_SET, account.id, at=using.clock.now(), device=seen.name)
        return open_sign_in(using, connection, account, "password", seen)


def begin_with_passkey(using: IdentityPorts, token: str, code: str, site: Site, *, seen: Seen = NOWHERE) -> dict[str, Any]:
    """Options for `navigator.credentials.create` of the link's owner. Errors as `enrol_with_password`."""
    _require_released(using, token, code, seen)
    with transaction(using.database) as connection:
        _, account = _found(using, connection, token)
        challenge = issue(connection, _ENROL, using.clock.now(), bound_to=digest_of_claimed(token))
    return creation_options(site, account, challenge, [])


def enrol_with_passkey(
    using: IdentityPorts, token: str, code: str, site: Site, claimed: Mapping[str, Any], name: str, *, seen: Seen = NOWHERE
) -> tuple[str, Staff]:
    """Take the link with a passkey: the cookie's token and who is signed in. Errors as `enrol_with_password`."""
    _require_released(using, token, code, seen)
    made = made_for(using, site, claimed, _ENROL, digest_of_claimed(token))
    with transaction(using.database) as connection:
        account = _take(using, connection, token, NO_PASSWORD, seen)
        keep(using, connection, account, made, name)
        return open_sign_in(using, connection, account, "passkey", seen)


def set_own_password(using: IdentityPorts, staff: Staff, password: str, *, place: Iterable[str] = ()) -> None:
    """A new password of one's own; other sign-ins end. StepUpNeededError without a fresh proof, InvalidError for a bad one."""
    require_recent(using, staff)
    check_password(password, staff.account.name, (staff.account.display, *place))
    with using.passwords.turn():
        hashed = using.passwords.hash(password)
    with transaction(using.database) as connection:
        _records.change(connection, staff.account.id, password_hash=hashed)
        end_sign_ins(connection, staff.account.id, but=staff.sign_in)
        note(connection, staff.tenant, Act.PASSWORD_SET, staff.account.id, at=using.clock.now())


def _found(using: IdentityPorts, connection: Connection, token: str) -> tuple[RowMapping, Account]:
    c = enrolments.c
    mine = (c.digest == digest_of_claimed(token), c.expires_at > instant_text(using.clock.now()))
    row = connection.execute(select(enrolments).where(*mine)).mappings().one_or_none()
    kept = _records.find_by_id(connection, row["account"]) if row else None
    if row is None or kept is None or not kept.account.is_active:
        raise NotFoundError(_GONE)
    return row, kept.account


def _is_released(using: IdentityPorts, row: RowMapping) -> bool:
    return row["release_wrapped"] is not None and row["released_until"] > instant_text(using.clock.now())


def _require_released(using: IdentityPorts, token: str, code: str, seen: Seen) -> None:
    """DeniedError unless a second person released the link with this code, and this is the device of neither."""
    with transaction(using.database, writes=False) as connection:
        row, account = _found(using, connection, token)
    if not _is_released(using, row):
        raise DeniedError(_UNRELEASED, code="enrolment_unreleased")
    if seen.key and seen.key in (row["made_key"], row["release_key"]):
        _note_refusal(using, account, "device of maker or releaser", seen)
        raise DeniedError(_THEIR_DEVICE, code="same_device")
    if not _count_try(using, row["digest"]):
        raise NotFoundError(_GONE)
    right = using.secrets.unwrap(bytes.fromhex(row["release_wrapped"]), code_context(row["digest"]))
    if not hmac.compare_digest(code.replace(" ", "").encode(), right):
        _note_refusal(using, account, "code", seen)
        raise DeniedError(_WRONG, code="enrolment_code_wrong")
    with transaction(using.database) as connection:
        connection.execute(update(enrolments).where(enrolments.c.digest == row["digest"]).values(tries=0))


def _count_try(using: IdentityPorts, digest: str) -> bool:
    """Count one try before the code is looked at, so that guesses in parallel are counted too; False when there were too many."""
    c = enrolments.c
    with transaction(using.database) as connection:
        counted = update(enrolments).where(c.digest == digest, c.tries < TRIES_MAX).values(tries=c.tries + 1)
        if connection.execute(counted).rowcount == 1:
            return True
        connection.execute(delete(enrolments).where(c.digest == digest))
        return False


def _note_refusal(using: IdentityPorts, account: Account, how: str, seen: Seen) -> None:
    with transaction(using.database) as connection:
        at = using.clock.now()
        note(connection, account.tenant, Act.ENROLMENT_REFUSED, account.id, at=at, by="somebody", how=how, device=seen.name)


def _take(using: IdentityPorts, connection: Connection, token: str, password_hash: str, seen: Seen) -> Account:
    """Use the link up and start the account anew; of two at once, one finds it gone."""
    row, account = _found(using, connection, token)
    gone = connection.execute(delete(enrolments).where(enrolments.c.digest == digest_of_claimed(token))).rowcount
    if gone != 1:
        raise NotFoundError(_GONE)
    fresh = {"totp_wrapped": None, "totp_is_on": False, "totp_last_step": 0, "failures": 0, "locked_until": None}
    _records.change(connection, account.id, password_hash=password_hash, **fresh)
    forget_passkeys(connection, account.id)
    end_sign_ins(connection, account.id)
    how = f"made by {row['made_by']}, released by {row['released_by']}"
    note(connection, account.tenant, Act.ENROLLED, account.id, at=using.clock.now(), how=how, device=seen.name)
    mark_read(connection, account.id, instant_text(using.clock.now()))
    return _records.require(_records.find_by_id(connection, account.id))
