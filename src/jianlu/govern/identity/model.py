"""Accounts, the two kinds of people who call us, and the errors and bounds of signing in.

Staff have accounts; participants (customers, guardians, interpreters) have none: an invitation admits them to one seat of one
case. Nothing here reads a database or hashes a password.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from jianlu.core.errors import DeniedError
from jianlu.core.terms.ids import CaseRef, TenantId

FAILURES_MAX = 5
"""Wrong passwords or codes in a row until an account is locked: MLPS 2.0 level 3, 8.1.4.1 b asks for a limit and names none."""

LOCKED_FOR = timedelta(minutes=15)
"""How long a locked account stays so: forty guesses an hour at most, and a person waits instead of calling."""

IDLE_MAX = timedelta(minutes=30)
"""A sign-in that nobody uses ends; an open page with its stream uses it."""

SIGN_IN_MAX = timedelta(hours=12)
"""A sign-in ends after a working day, used or not."""

SEAT_MAX = timedelta(hours=24)
"""A participant's admission ends a day after it: the longest recording is a day."""

PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX = 12, 256
"""Length is what makes a password strong (NIST SP 800-63B-4, 3.1.1); beyond the upper bound only our hashing suffers."""


class Role(StrEnum):
    """What an account may be trusted with; one account may have several roles."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    ADMINISTRATOR = "administrator"


class SignInNeededError(DeniedError):
    """Nobody is signed in, or no longer, or the credentials were wrong (401)."""


class CodeNeededError(SignInNeededError):
    """The password was right; this account also needs a code from its authenticator (401)."""


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff. `languages`, `licences` and `skills` are codes by which calls are routed."""

    id: str
    tenant: TenantId
    name: str
    display: str
    roles: frozenset[Role]
    languages: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    is_active: bool = True
    has_totp: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """An account that is signed in; `sign_in` names the sign-in without being able to use it."""

    account: Account
    sign_in: str
    by_totp: bool

    @property
    def tenant(self) -> TenantId:
        """Whose evidence they may see."""
        return self.account.tenant

    def has(self, *roles: Role) -> bool:
        """Whether the account has any of `roles`."""
        return bool(self.account.roles.intersection(roles))


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who was admitted to one seat of one case; `admission` names that without being able to use it.

    `scope` is empty for a person; for outside software it says what its token is for, such as `whip:agent`.
    """

    tenant: TenantId
    case: CaseRef
    seat: str
    admission: str
    scope: str = ""


Principal = Staff | Participant
