"""Signing in with name, password and, where the account has it, a code. The sign-ins that result are `sign_ins.py`.

A try is counted before the password is looked at, so that guesses in parallel cannot outrun the lock. A wrong name, a wrong
password, a wrong code and a locked account all read the same to whoever tries.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.govern.identity import _records
from jianlu.govern.identity._records import Kept
from jianlu.govern.identity._totp_steps import matching_step, totp_context
from jianlu.govern.identity.devices import NOWHERE, Seen
from jianlu.govern.identity.model import (
    FAILURES_MAX,
    LOCKED_FOR,
    PASSWORD_CHARACTERS_MAX,
    Account,
    CodeNeededError,
    SignInNeededError,
    Staff,
)
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.second_factor import refuse_password_alone, require_set_up
from jianlu.govern.identity.sign_ins import open_sign_in, sign_out
from jianlu.govern.identity.whereabouts import require_expected
from jianlu.runtime.database import transaction

_REFUSED = (
    f"sign-in refused: check name, password and code; after {FAILURES_MAX} failures an account is locked for "
    f"{LOCKED_FOR.seconds // 60} minutes"
)


def sign_in(
    using: IdentityPorts, tenant: TenantId, name: str, password: str, code: str = "", *, seen: Seen = NOWHERE
) -> tuple[str, Staff]:
    """Sign in; returns the token for the cookie, which is kept nowhere, and who is signed in.

    SignInNeededError when anything is wrong, in the same words; CodeNeededError when only the code is missing; UnavailableError when
    too many sign in at once. Where a second factor is wanted of everybody, a password without one opens one's own account alone.
    """
    with using.passwords.turn():
        with transaction(using.database) as connection:
            kept = take_a_try(connection, _records.find(connection, tenant, name, lock=True), using.clock.now())
        if not check_password_of(using, kept, password) or kept is None:
            note_refusal(using, kept, Act.SIGN_IN_REFUSED, "password", seen)
            raise SignInNeededError(_REFUSED)
        rehashed = using.passwords.hash(password) if using.passwords.is_outdated(kept.password_hash) else None
    account = kept.account
    if account.has_totp and not code:
        with transaction(using.database) as connection:
            _records.give_back_try(connection, account.id)
        raise CodeNeededError("this account needs a code: enter the six digits of its authenticator")
    if account.has_totp:
        take_code(using, kept, code, Act.SIGN_IN_REFUSED, seen)
    refuse_password_alone(using, account)
    method = "password+totp" if account.has_totp else "password"
    require_expected(using, account, method, seen)
    with transaction(using.database) as connection:
        forget_tries(connection, account)
        if rehashed:
            _records.change(connection, account.id, password_hash=rehashed)
        return open_sign_in(using, connection, account, method, seen)


def known_for_one_act(using: IdentityPorts, tenant: TenantId, name: str, password: str, code: str = "") -> Staff:
    """Who it is, for one act of a command: a sign-in that ends at once. Errors as `sign_in`; SecondFactorNeededError as pages have it."""
    token, staff = sign_in(using, tenant, name, password, code)
    sign_out(using, token)
    require_set_up(using, staff)
    return staff


def take_a_try(connection: Connection, kept: Kept | None, now: datetime) -> Kept | None:
    """Count one try; None when this account must not be tried now, or is none."""
    if kept is None or not kept.account.is_active:
        return None
    failures, locked_until = kept.failures, kept.locked_until
    if locked_until is not None and parse_instant(locked_until) <= now:
        failures, locked_until = 0, None
    if failures >= FAILURES_MAX:
        return None
    failures += 1
    lock = instant_text(now + LOCKED_FOR) if failures == FAILURES_MAX else None
    _records.change(connection, kept.account.id, failures=failures, locked_until=lock)
    if lock:
        note(connection, kept.account.tenant, Act.LOCKED, kept.account.id, at=now, how=f"until {lock} unless this try is right")
    return kept


def check_password_of(using: IdentityPorts, kept: Kept | None, password: str) -> bool:
    """Whether it is the account's password; nobody, and an account without one, take as long. Call it inside `Passwords.turn`."""
    kept_hash = (kept.password_hash or None) if kept else None
    return using.passwords.matches(kept_hash, password[: PASSWORD_CHARACTERS_MAX + 1])


def forget_tries(connection: Connection, account: Account) -> None:
    """Somebody proved to be the account's owner: failures before do not count any more."""
    _records.change(connection, account.id, failures=0, locked_until=None)


def take_code(using: IdentityPorts, kept: Kept, code: str, refused_as: Act, seen: Seen = NOWHERE) -> None:
    """SignInNeededError, which is noted, unless the code is right and was not used before; then it is used."""
    with transaction(using.database) as connection:
        secret = using.secrets.unwrap(kept.totp_wrapped or b"", totp_context(kept.account))
        step = matching_step(secret, code, using.clock.now())
        is_right = step is not None and _records.take_step(connection, kept.account.id, step)
    if not is_right:
        note_refusal(using, kept, refused_as, "totp", seen)
        raise SignInNeededError(_REFUSED)


def note_refusal(using: IdentityPorts, kept: Kept | None, act: Act, how: str, seen: Seen = NOWHERE) -> None:
    """Note a wrong try on an account that may be tried; of nobody's name, and of a locked account, nothing is noted."""
    if kept is not None:
        with transaction(using.database) as connection:
            account = kept.account
            note(connection, account.tenant, act, account.id, at=using.clock.now(), by="somebody", how=how, device=seen.name)
