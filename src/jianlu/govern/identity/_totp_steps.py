"""Time-based one-time passwords (RFC 6238): which time step a code belongs to.

Six digits, 30 seconds, SHA-1, as authenticators do.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

import pyotp

from jianlu.govern.identity.model import Account

SECRET_BYTES = 20
STEP_S = 30
DIGITS = 6
_STEPS_AROUND = (0, -1, 1)
"""One step to each side: phones whose clocks are half a minute off still get in (RFC 6238, 5.2)."""


def matching_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The time step near `now` whose code this is; None when it is none's."""
    claimed = code.replace(" ", "").encode()
    totp = generator(secret)
    present = int(now.timestamp()) // STEP_S
    found = [
        step for step in (present + by for by in _STEPS_AROUND) if hmac.compare_digest(totp.at(step * STEP_S).encode(), claimed)
    ]
    return found[0] if found else None


def generator(secret: bytes) -> pyotp.TOTP:
    """The generator of the codes of `secret`."""
    return pyotp.TOTP(base32(secret), digits=DIGITS, interval=STEP_S)


def base32(secret: bytes) -> str:
    """The secret as people type it."""
    return base64.b32encode(secret).decode()


def totp_context(account: Account) -> bytes:
    """What the wrapped secret is bound to: it cannot be moved to another account's row."""
    return account_context(account.tenant, account.id)


def account_context(tenant: str, account: str) -> bytes:
    """The same, by the account's id."""
    return f"jianlu/totp@v1\x00{tenant}\x00{account}".encode()
