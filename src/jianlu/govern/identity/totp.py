"""A second factor: codes of an authenticator app (RFC 6238), switched on by its owner with a first right code.

The secret is shown once, kept wrapped by the home's key keeper. A code is accepted once: its time step is marked as used.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from jianlu.core.errors import ConflictError, InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity import _records
from jianlu.govern.identity._totp_steps import SECRET_BYTES, base32, generator, matching_step, totp_context
from jianlu.govern.identity.model import Staff
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_ins import renew
from jianlu.runtime.database import transaction

ISSUER = "Jianlu"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs, shown once: the secret to type, or the same as a URI for a QR code."""

    secret: str
    uri: str


def begin_totp(using: IdentityPorts, staff: Staff) -> Enrolment:
    """A fresh secret for the account; it asks for no code until `confirm_totp`. ConflictError when a second factor is on already."""
    if staff.account.has_totp:
        raise ConflictError("this account has a second factor: have an administrator reset it before setting up another")
    secret = secrets.token_bytes(SECRET_BYTES)
    wrapped = using.secrets.wrap(secret, totp_context(staff.account)).hex()
    with transaction(using.database) as connection:
        _records.change(connection, staff.account.id, totp_wrapped=wrapped, totp_is_on=False, totp_last_step=0)
    return Enrolment(base32(secret), generator(secret).provisioning_uri(name=staff.account.name, issuer_name=ISSUER))


def confirm_totp(using: IdentityPorts, staff: Staff, code: str) -> str:
    """Switch the second factor on, which proves the person anew: the cookie's new token, the one before is refused.

    InvalidError for a wrong code, ConflictError when none was begun or one is on.
    """
    with transaction(using.database) as connection:
        kept = _records.find_by_id(connection, staff.account.id)
        if kept is None or kept.totp_wrapped is None or kept.account.has_totp:
            raise ConflictError("there is no second factor waiting to be confirmed: begin again")
        step = matching_step(using.secrets.unwrap(kept.totp_wrapped, totp_context(kept.account)), code, using.clock.now())
        if step is None:
            raise InvalidError("the code is not right: check the clock of the phone and enter the next code")
        _records.change(connection, kept.account.id, totp_is_on=True)
        _records.take_step(connection, kept.account.id, step)
        note(connection, staff.tenant, Act.TOTP_SET, staff.account.id, at=using.clock.now())
        return renew(connection, staff, "totp", using.clock.now())


def reset_totp(using: IdentityPorts, tenant: TenantId, name: str, *, by: str = "operator") -> None:
    """Take the account's second factor away, as an administrator does for a lost phone. NotFoundError when there is no account."""
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        _records.change(connection, account.id, totp_wrapped=None, totp_is_on=False, totp_last_step=0)
        note(connection, tenant, Act.TOTP_RESET, account.id, at=using.clock.now(), by=by)
