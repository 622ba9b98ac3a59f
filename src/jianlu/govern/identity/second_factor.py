"""Where the house wants a second factor of everybody, a password alone opens nothing but one's own account, to set one up.

MLPS 2.0 level 3, 8.1.4.1 d, and PCI DSS 4.0, 8.4.2, ask for two kinds of proof. A passkey is one that its device asks a second for; the
organisation's own sign-in answers for whom it signs in. A password that was stolen must not be what sets up another way in: an account
that has a passkey is not let in by its password at all, and the last second factor is not taken away.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from jianlu.core.errors import ConflictError
from jianlu.govern.identity._tables import passkeys
from jianlu.govern.identity.model import Account, SecondFactorNeededError, SignInNeededError, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.whereabouts import WEAK
from jianlu.runtime.database import transaction

_PASSKEY = "a password alone is not enough here: use this account's passkey, or a code where it has set up an authenticator"
_MISSING = (
    "a password alone is not enough here: set up a passkey or an authenticator on the page of your account, or use what you have"
)
_LAST = "this is the account's only second factor, which is wanted of everybody here: add another first"


def is_missing(using: IdentityPorts, staff: Staff) -> bool:
    """Whether the house wants a second factor and the person was last known by a password alone."""
    return using.needs_second_factor and staff.proved_by in WEAK


def require_set_up(using: IdentityPorts, staff: Staff) -> None:
    """SecondFactorNeededError where a second factor is missing."""
    if is_missing(using, staff):
        raise SecondFactorNeededError(_MISSING, code="second_factor_needed")


def refuse_password_alone(using: IdentityPorts, account: Account) -> None:
    """SignInNeededError for a password without a code where a second factor is wanted and the account has a passkey."""
    if using.needs_second_factor and not account.has_totp:
        with transaction(using.database, writes=False) as connection:
            if _passkeys(connection, account.id):
                raise SignInNeededError(_PASSKEY, code="passkey_needed")


def require_another(using: IdentityPorts, connection: Connection, account: Account, passkey: str) -> None:
    """ConflictError when a second factor is wanted and, without this passkey, the account would have none."""
    if using.needs_second_factor and not account.has_totp and not _passkeys(connection, account.id, but=passkey):
        raise ConflictError(_LAST, code="last_second_factor")


def _passkeys(connection: Connection, account: str, *, but: str = "") -> int:
    """How many passkeys the account has that were not seen in two places."""
    c = passkeys.c
    mine = (c.account == account, c.passkey != but, c.is_cloned.is_(False))
    return connection.execute(select(func.count()).select_from(passkeys).where(*mine)).scalar_one()
