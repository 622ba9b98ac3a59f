"""Challenges: random, good once, for one purpose, for two minutes, and for whom they were issued.

Kept as digests; whoever reads the database learns none that is still good.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert

from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity._tables import challenges
from jianlu.govern.identity._tokens import digest_of_claimed, fresh_token

CHALLENGE_FOR = timedelta(minutes=2)
"""A person touches a key or types a PIN within a minute; the dialog can be opened anew."""


def issue(connection: Connection, purpose: str, now: datetime, *, bound_to: str = "", good_for: timedelta = CHALLENGE_FOR) -> str:
    """A fresh challenge; those that are over are forgotten on the occasion."""
    challenge, digest = fresh_token()
    connection.execute(delete(challenges).where(challenges.c.expires_at <= instant_text(now)))
    connection.execute(
        insert(challenges).values(digest=digest, purpose=purpose, bound_to=bound_to, expires_at=instant_text(now + good_for))
    )
    return challenge


def redeem(connection: Connection, claimed: str, purpose: str, now: datetime, *, bound_to: str = "") -> bool:
    """Whether the challenge was issued for this and still holds; from now on it does not."""
    c = challenges.c
    this = (
        c.digest == digest_of_claimed(claimed),
        c.purpose == purpose,
        c.bound_to == bound_to,
        c.expires_at > instant_text(now),
    )
    return connection.execute(delete(challenges).where(*this)).rowcount == 1
