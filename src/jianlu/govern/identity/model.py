"""Accounts, the two kinds of people who call us, and the errors and bounds of signing in.

Staff have accounts; participants (customers, guardians, interpreters) have none: an invitation admits them to one seat of one
case. Nothing here reads a database or hashes a password.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

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

OVERTIME_MAX = timedelta(hours=12)
"""A call that is recorded when a sign-in ends keeps its seat, and that alone, this long at most: the longest recording is a day."""

SEAT_MAX = timedelta(hours=24)
"""A participant's admission ends a day after it: the longest recording is a day."""

STEP_UP_MAX = timedelta(minutes=5)
"""How fresh the proof of a person must be for a sensitive look or act: the issue's bound."""

PRESENT_FOR = timedelta(minutes=3)
"""How long a device that proved itself need not do so for what browsers load by themselves: pages, streams, media."""

PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX = 12, 256
"""Length is what makes a password strong (NIST SP 800-63B-4, 3.1.1); beyond the upper bound only our hashing suffers."""


class Role(StrEnum):
    """What an account may be trusted with; one account may have several roles, but only one of `ADMINISTRATORS`."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    REGULATOR = "regulator"
    ADMINISTRATOR = "administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDIT_ADMINISTRATOR = "audit_administrator"


ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})
"""Three people: whoever runs the system, whoever grants rights, whoever watches both (MLPS 2.0 level 3, 8.1.5.1 to 8.1.5.3)."""


class SignInNeededError(DeniedError):
    """Nobody is signed in, or no longer, or the credentials were wrong (401)."""


class CodeNeededError(SignInNeededError):
    """The password was right; this account also needs a code from its authenticator (401)."""


class DeviceProofNeededError(SignInNeededError):
    """The sign-in belongs to another device, or the request does not show that it comes from this one (401)."""


class StepUpNeededError(SignInNeededError):
    """Signed in, but too long ago for what was asked: prove again who you are (401)."""


class SecondFactorNeededError(SignInNeededError):
    """Signed in by a password alone where the house wants more: one's own account is open, nothing else (401)."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are good: the origin and its host (the relying party's id), how it is called, and that host's other origin, if any."""

    origin: str
    name: str
    other_origin: str = ""

    @property
    def id(self) -> str:
        """The relying party's id."""
        return urlsplit(self.origin).hostname or ""

    @property
    def origins(self) -> list[str]:
        """Every origin whose proofs are taken."""
        return [self.origin, *([self.other_origin] if self.other_origin else [])]


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
    """An account that is signed in; `sign_in` names the sign-in without being able to use it.

    `proved_at` is when the person last proved who they are, `proved_by` how: password, password+totp, totp, passkey, organisation.
    """

    account: Account
    sign_in: str
    by_totp: bool
    proved_at: datetime | None = None
    proved_by: str = ""
    is_bound: bool = False

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
