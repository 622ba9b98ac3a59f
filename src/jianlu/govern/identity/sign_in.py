"""Signing in with name, password and, where the account has it, a code; and the sign-ins that result.

A try is counted before the password is looked at, so that guesses in parallel cannot outrun the lock. A wrong name, a wrong
password, a wrong code and a locked account all read the same to whoever tries.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.govern.identity import _records
from jianlu.govern.identity._records import Kept
from jianlu.govern.identity._tables import sign_ins
from jianlu.govern.identity._tokens import digest_of_claimed, fresh_token
from jianlu.govern.identity._totp_steps import matching_step, totp_context
from jianlu.govern.identity.model import (
    FAILURES_MAX,
    IDLE_MAX,
    LOCKED_FOR,
    PASSWORD_CHARACTERS_MAX,
    SIGN_IN_MAX,
    Account,
    CodeNeededError,
    SignInNeededError,
    Staff,
)
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction

_SEEN_EVERY_S = 30
_REFUSED = (
    f"sign-in refused: check name, password and code; after {FAILURES_MAX} failures an account is locked for "
    f"{LOCKED_FOR.seconds // 60} minutes"
)
_AWAY = "you are not signed in, or no longer: sign in and try again"


def sign_in(using: IdentityPorts, tenant: TenantId, name: str, password: str, code: str = "") -> tuple[str, Staff]:
    """Sign in; returns the token for the cookie, which is kept nowhere, and who is signed in.

    SignInNeededError when anything is wrong, in the same words; CodeNeededError when only the code is missing; UnavailableError when
    too many sign in at once.
    """
    with using.passwords.turn():
        with transaction(using.database) as connection:
            kept = _take_a_try(connection, _records.find(connection, tenant, name, lock=True), using.clock.now())
        claimed = password[: PASSWORD_CHARACTERS_MAX + 1]
        if not using.passwords.matches(kept.password_hash if kept else None, claimed) or kept is None:
            raise SignInNeededError(_REFUSED)
        rehashed = using.passwords.hash(claimed) if using.passwords.is_outdated(kept.password_hash) else None
    account = kept.account
    if account.has_totp and not code:
        with transaction(using.database) as connection:
            _records.give_back_try(connection, account.id)
        raise CodeNeededError("this account needs a code: enter the six digits of its authenticator")
    with transaction(using.database) as connection:
        if account.has_totp:
            _check_code(using, connection, kept, code)
        _records.change(connection, account.id, failures=0, locked_until=None)
        if rehashed:
            _records.change(connection, account.id, password_hash=rehashed)
        return _open(using, connection, account)


def staff_of(using: IdentityPorts, token: str) -> Staff:
    """Who holds the cookie's token; using a sign-in keeps it from going idle. SignInNeededError when it is nobody's, or over."""
    now = using.clock.now()
    with transaction(using.database, writes=False) as connection:
        row = connection.execute(select(sign_ins).where(sign_ins.c.digest == digest_of_claimed(token))).mappings().one_or_none()
        kept = _records.find_by_id(connection, row["account"]) if row else None
    if row is None or kept is None or not kept.account.is_active:
        raise SignInNeededError(_AWAY)
    seen_at = parse_instant(row["seen_at"])
    if parse_instant(row["expires_at"]) <= now or seen_at + IDLE_MAX <= now:
        raise SignInNeededError(_AWAY)
    if (now - seen_at).total_seconds() >= _SEEN_EVERY_S:
        with transaction(using.database) as connection:
            fresh = update(sign_ins).where(sign_ins.c.digest == row["digest"]).values(seen_at=instant_text(now))
            connection.execute(fresh)
    return Staff(kept.account, row["digest"][:16], row["by_totp"])


def sign_out(using: IdentityPorts, token: str) -> None:
    """End the sign-in of this token; one that is over is no error."""
    with transaction(using.database) as connection:
        connection.execute(delete(sign_ins).where(sign_ins.c.digest == digest_of_claimed(token)))


def end_sign_ins(connection: Connection, account: str) -> None:
    """End every sign-in of the account, in the caller's transaction."""
    connection.execute(delete(sign_ins).where(sign_ins.c.account == account))


def sweep_sign_ins(using: IdentityPorts) -> None:
    """Delete the rows of sign-ins that are over."""
    now = using.clock.now()
    with transaction(using.database) as connection:
        over = or_(sign_ins.c.expires_at <= instant_text(now), sign_ins.c.seen_at <= instant_text(now - IDLE_MAX))
        connection.execute(delete(sign_ins).where(over))


def _take_a_try(connection: Connection, kept: Kept | None, now: datetime) -> Kept | None:
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
    return kept


def _check_code(using: IdentityPorts, connection: Connection, kept: Kept, code: str) -> None:
    secret = using.secrets.unwrap(kept.totp_wrapped or b"", totp_context(kept.account))
    step = matching_step(secret, code, using.clock.now())
    if step is None or not _records.take_step(connection, kept.account.id, step):
        raise SignInNeededError(_REFUSED)


def _open(using: IdentityPorts, connection: Connection, account: Account) -> tuple[str, Staff]:
    token, digest = fresh_token()
    now = using.clock.now()
    connection.execute(
        insert(sign_ins).values(
            digest=digest,
            account=account.id,
            by_totp=account.has_totp,
            created_at=instant_text(now),
            seen_at=instant_text(now),
            expires_at=instant_text(now + SIGN_IN_MAX),
        )
    )
    return token, Staff(account, digest[:16], account.has_totp)
