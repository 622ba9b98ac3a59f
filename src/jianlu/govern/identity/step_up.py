"""Step-up: a sensitive look or act asks for a proof of the person that is at most five minutes old.

Who needs it calls `require_recent`; a refusal is a 401 that pages turn into a dialog. A wrong password or code counts towards the same
lock as at the sign-in. Proof by passkey is `passkeys.py`.
"""

from __future__ import annotations

from jianlu.govern.identity import _records
from jianlu.govern.identity.model import STEP_UP_MAX, SignInNeededError, Staff, StepUpNeededError
from jianlu.govern.identity.notes import Act
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.second_factor import refuse_password_alone
from jianlu.govern.identity.sign_in import check_password_of, forget_tries, note_refusal, take_a_try, take_code
from jianlu.govern.identity.sign_ins import renew
from jianlu.runtime.database import transaction

_REFUSED = "this does not prove who you are: check the password or code; too many failures lock the account for a while"


def is_recent(using: IdentityPorts, staff: Staff) -> bool:
    """Whether the person proved who they are within the last five minutes."""
    return staff.proved_at is not None and using.clock.now() - staff.proved_at <= STEP_UP_MAX


def require_recent(using: IdentityPorts, staff: Staff) -> None:
    """StepUpNeededError unless the person proved who they are within the last five minutes."""
    if not is_recent(using, staff):
        raise StepUpNeededError("confirm that it is you: use your passkey, code or password, then do this again")


def step_up_by_code(using: IdentityPorts, staff: Staff, code: str) -> str:
    """Prove anew by a code of the authenticator; returns the cookie's new token, the one before is refused.

    SignInNeededError when it is wrong, used, or the account is locked or has none.
    """
    with transaction(using.database) as connection:
        kept = take_a_try(connection, _records.find(connection, staff.tenant, staff.account.name, lock=True), using.clock.now())
    if kept is None or not kept.account.has_totp:
        raise SignInNeededError(_REFUSED)
    take_code(using, kept, code, Act.STEP_UP_REFUSED)
    with transaction(using.database) as connection:
        forget_tries(connection, kept.account)
        return renew(connection, staff, "totp", using.clock.now())


def step_up_by_password(using: IdentityPorts, staff: Staff, password: str) -> str:
    """Prove anew by the password, where the account has no second factor, which would be stronger. As `step_up_by_code`."""
    with using.passwords.turn():
        with transaction(using.database) as connection:
            found = _records.find(connection, staff.tenant, staff.account.name, lock=True)
            kept = take_a_try(connection, found, using.clock.now())
        is_right = check_password_of(using, kept, password)
    if kept is None or not is_right or kept.account.has_totp:
        note_refusal(using, kept, Act.STEP_UP_REFUSED, "password")
        raise SignInNeededError(_REFUSED)
    refuse_password_alone(using, kept.account)
    with transaction(using.database) as connection:
        forget_tries(connection, kept.account)
        return renew(connection, staff, "password", using.clock.now())
