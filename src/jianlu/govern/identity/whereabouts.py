"""Where an account has been, kept with it: what a sign-in from a new place, or from one too far away, means for it.

What the places are and which rules hold is `localities.py`. An account's first sign-in has no place before it and alarms nobody.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.govern.identity._tables import account_localities, accounts, sign_ins
from jianlu.govern.identity.devices import Seen
from jianlu.govern.identity.localities import Been, Rule
from jianlu.govern.identity.model import Account, SignInNeededError
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction

WEAK = frozenset({"password"})
"""Ways of signing in that one stolen secret is enough for."""

_REFUSED = "this sign-in comes from a place where your account is not expected: sign in where you work, or ask whoever looks after accounts"
_STRONGER = "this sign-in comes from a new place: use your passkey, a code of your authenticator, or the organisation's sign-in"


def require_expected(using: IdentityPorts, account: Account, method: str, seen: Seen) -> None:
    """SignInNeededError, which is noted, where a rule refuses a sign-in from there, or wants a stronger one than `method`."""
    with transaction(using.database, writes=False) as connection:
        act = judged(using, connection, account.id, seen.locality)
    rule = rule_of(using, act)
    if act is None or rule is Rule.TELL or (rule is Rule.SECOND_FACTOR and method not in WEAK):
        return
    with transaction(using.database) as connection:
        how = f"refused: {seen.locality}"
        note(connection, account.tenant, act, account.id, at=using.clock.now(), by="somebody", how=how, device=seen.name)
    if rule is Rule.REFUSE:
        raise SignInNeededError(_REFUSED, code="sign_in_place_refused")
    raise SignInNeededError(_STRONGER, code="sign_in_place_new")


def judged(using: IdentityPorts, connection: Connection, account: str, locality: str) -> Act | None:
    """What being in `locality` now is for the account: too far from where it was, new to it, or nothing."""
    been = _been(connection, account)
    if not locality or not been:
        return None
    now = using.clock.now()
    if any(using.localities.is_too_far(each, locality, now) for each in been if each.locality != locality):
        return Act.TOO_FAR
    return Act.NEW_PLACE if locality not in {each.locality for each in been} else None


def rule_of(using: IdentityPorts, act: Act | None) -> Rule:
    """What is done about it."""
    return {Act.TOO_FAR: using.localities.too_far, Act.NEW_PLACE: using.localities.new}.get(act, Rule.TELL) if act else Rule.TELL


def remember(using: IdentityPorts, connection: Connection, account: Account, seen: Seen) -> None:
    """The account is in that place now, in the caller's transaction; a new one, or one too far away, is noted and so told."""
    if not seen.locality:
        return
    now = using.clock.now()
    connection.execute(select(accounts.c.account).where(accounts.c.account == account.id).with_for_update())
    act = judged(using, connection, account.id, seen.locality)
    if act is not None:
        note(connection, account.tenant, act, account.id, at=now, how=seen.locality, device=seen.name)
    c = account_localities.c
    mine, at = (c.account == account.id, c.locality == seen.locality), instant_text(now)
    if not connection.execute(update(account_localities).where(*mine).values(last_at=at)).rowcount:
        row = {"account": account.id, "locality": seen.locality, "first_at": at, "last_at": at}
        connection.execute(insert(account_localities).values(**row))


def _been(connection: Connection, account: str) -> list[Been]:
    """Where it was by its past sign-ins, and where it is by those that go on."""
    c, s = account_localities.c, sign_ins.c
    past = connection.execute(select(c.locality, c.last_at).where(c.account == account)).all()
    present = connection.execute(select(s.locality, s.seen_at).where(s.account == account, s.locality != "")).all()
    return [Been(locality, parse_instant(at)) for locality, at in (*past, *present)]
