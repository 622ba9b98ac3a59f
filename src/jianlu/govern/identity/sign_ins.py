"""Sign-ins that were made: whose they are, on which device, how long they last, how they end.

A sign-in made with a device's key answers to that device alone: changes need a proof of their own, what browsers load by themselves needs
one within `PRESENT_FOR` from the same place. One made without a key, by a program, answers to the network address and program that made
it. Its token changes with each proof of the person, its name does not: what stays open rests on the name. How somebody proves who they
are is `sign_in.py`, `passkeys.py` and `organisation.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, or_, select, update

from jianlu.core.errors import NotFoundError
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.govern.identity import _records
from jianlu.govern.identity._tables import sign_ins
from jianlu.govern.identity._tokens import digest_of_claimed, fresh_token
from jianlu.govern.identity.devices import NOWHERE, Seen
from jianlu.govern.identity.localities import Rule
from jianlu.govern.identity.model import (
    IDLE_MAX,
    OVERTIME_MAX,
    PRESENT_FOR,
    SIGN_IN_MAX,
    STEP_UP_MAX,
    Account,
    DeviceProofNeededError,
    SignInNeededError,
    Staff,
)
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.same_device import note_device
from jianlu.govern.identity.whereabouts import judged, remember, rule_of
from jianlu.runtime.database import transaction

NAME_CHARACTERS = 16
_SEEN_EVERY_S = 30
_AWAY = "you are not signed in, or no longer: sign in and try again"
_OTHER_DEVICE = "this sign-in was made on another device: sign in on this one"
_UNPROVED = "this call does not show that it comes from the device of the sign-in: reload the page"


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """A sign-in as its owner sees it in the list."""

    name: str
    method: str
    device: str
    where: str
    is_bound: bool
    created_at: str
    seen_at: str
    is_this: bool


def open_sign_in(using: IdentityPorts, connection: Connection, account: Account, method: str, seen: Seen) -> tuple[str, Staff]:
    """A new sign-in in the caller's transaction: the token for the cookie, which is kept nowhere, and who is signed in."""
    remember(using, connection, account, seen)
    token, digest = fresh_token()
    now, name = using.clock.now(), secrets.token_hex(NAME_CHARACTERS // 2)
    connection.execute(
        insert(sign_ins).values(
            digest=digest,
            name=name,
            account=account.id,
            method=method,
            by_totp=account.has_totp,
            device_key=seen.key,
            device_name=seen.name[:80],
            place=seen.place,
            locality=seen.locality,
            present_until=instant_text(now + PRESENT_FOR),
            proved_at=instant_text(now),
            proved_by=method,
            created_at=instant_text(now),
            seen_at=instant_text(now),
            expires_at=instant_text(now + SIGN_IN_MAX),
        )
    )
    note(connection, account.tenant, Act.SIGNED_IN, account.id, at=now, how=method, device=seen.name)
    note_device(connection, account.tenant, seen.key, account.id, at=now)
    return token, Staff(account, name, account.has_totp, now, method, bool(seen.key))


Stays = Callable[[Account], bool]


def _nobody_stays(_: Account) -> bool:
    return False


def staff_of(
    using: IdentityPorts, token: str, seen: Seen = NOWHERE, *, stays: Stays = _nobody_stays, sits: Stays = _nobody_stays
) -> Staff:
    """Who holds the cookie's token, on the device that it was made on; an act of the person keeps a sign-in from going idle.

    So does any call of somebody who `stays`: who talks to a customer must not be signed out for touching nothing. After its end, for
    `OVERTIME_MAX` at most, the sign-in is that of somebody who `sits`, as long as nobody revoked it. SignInNeededError when it
    is nobody's, over, or used from elsewhere; DeviceProofNeededError when the device must prove itself first.
    """
    return _staff(using, sign_ins.c.digest == digest_of_claimed(token), seen, stays, sits)


def staff_named(
    using: IdentityPorts, name: str, seen: Seen, *, stays: Stays = _nobody_stays, sits: Stays = _nobody_stays
) -> Staff:
    """As `staff_of`, by the name of the sign-in: for what was opened with a token and stays open when that has changed."""
    return _staff(using, sign_ins.c.name == name, seen, stays, sits)


def _staff(using: IdentityPorts, mine: ColumnElement[bool], seen: Seen, stays: Stays, sits: Stays) -> Staff:
    now = using.clock.now()
    with transaction(using.database, writes=False) as connection:
        row = connection.execute(select(sign_ins).where(mine)).mappings().one_or_none()
        kept = _records.find_by_id(connection, row["account"]) if row else None
    if row is None or kept is None or not kept.account.is_active:
        raise SignInNeededError(_AWAY)
    ends_at = parse_instant(row["expires_at"])
    if ends_at + OVERTIME_MAX <= now or parse_instant(row["seen_at"]) + IDLE_MAX <= now:
        raise SignInNeededError(_AWAY)
    if ends_at <= now and not sits(kept.account):
        raise SignInNeededError(_AWAY)
    _require_same_device(row, seen, now)
    changed = _changed(row, seen, now, lambda: stays(kept.account))
    if seen.key and seen.locality and seen.locality != row["locality"]:
        changed |= _moved(using, kept.account, row, seen)
    if changed:
        with transaction(using.database) as connection:
            connection.execute(update(sign_ins).where(sign_ins.c.digest == row["digest"]).values(**changed))
    proved_at = parse_instant(changed.get("proved_at", row["proved_at"]))
    return Staff(kept.account, row["name"], row["by_totp"], proved_at, row["proved_by"], bool(row["device_key"]))


def _moved(using: IdentityPorts, account: Account, row: RowMapping, seen: Seen) -> dict[str, str]:
    """The device of the sign-in proves itself from another place: told, and by the rule of such places proved anew, or over."""
    with transaction(using.database) as connection:
        rule = rule_of(using, judged(using, connection, account.id, seen.locality))
        remember(using, connection, account, seen)
        if rule is Rule.REFUSE:
            connection.execute(delete(sign_ins).where(sign_ins.c.digest == row["digest"]))
    if rule is Rule.REFUSE:
        raise SignInNeededError(_AWAY)
    long_ago = instant_text(using.clock.now() - STEP_UP_MAX - timedelta(seconds=1))
    stale = {"proved_at": long_ago} if rule is Rule.SECOND_FACTOR and row["proved_at"] > long_ago else {}
    return {"locality": seen.locality, **stale}


def list_sign_ins(using: IdentityPorts, account: str, *, this: str = "") -> list[OpenSignIn]:
    """The account's sign-ins that are not over, the newest first; `this` names the one that asks."""
    now = using.clock.now()
    with transaction(using.database, writes=False) as connection:
        query = select(sign_ins).where(sign_ins.c.account == account).order_by(sign_ins.c.created_at.desc())
        rows = connection.execute(query).mappings().all()
    alive = [row for row in rows if row["expires_at"] > instant_text(now) and row["seen_at"] > instant_text(now - IDLE_MAX)]
    return [
        OpenSignIn(
            name=row["name"],
            method=row["method"],
            device=row["device_name"],
            where=row["locality"],
            is_bound=bool(row["device_key"]),
            created_at=row["created_at"],
            seen_at=row["seen_at"],
            is_this=row["name"] == this,
        )
        for row in alive
    ]


def sign_out(using: IdentityPorts, token: str) -> None:
    """End the sign-in of this token; one that is over is no error."""
    with transaction(using.database) as connection:
        mine = sign_ins.c.digest == digest_of_claimed(token)
        owner = connection.execute(select(sign_ins.c.account).where(mine)).scalar_one_or_none()
        kept = _records.find_by_id(connection, owner) if owner else None
        connection.execute(delete(sign_ins).where(mine))
        if kept is not None:
            note(connection, kept.account.tenant, Act.SIGNED_OUT, kept.account.id, at=using.clock.now())


def end_own_sign_in(using: IdentityPorts, staff: Staff, name: str) -> None:
    """End one of the caller's own sign-ins by its name. NotFoundError when they have none of that name."""
    c = sign_ins.c
    with transaction(using.database) as connection:
        gone = connection.execute(delete(sign_ins).where(c.account == staff.account.id, c.name == name)).rowcount
        if gone:
            note(connection, staff.tenant, Act.SIGNED_OUT, staff.account.id, at=using.clock.now(), how="from another device")
    if not gone:
        raise NotFoundError("there is no such sign-in of yours, or no longer: reload the list")


def end_all_sign_ins(using: IdentityPorts, account: Account, *, by: str) -> int:
    """End every sign-in of the account, the caller's own included; how many there were. `by` is who wants it."""
    with transaction(using.database) as connection:
        note(connection, account.tenant, Act.SIGN_INS_REVOKED, account.id, at=using.clock.now(), by=by)
        return end_sign_ins(connection, account.id)


def end_sign_ins(connection: Connection, account: str, *, but: str = "") -> int:
    """End every sign-in of the account but the one of that name, in the caller's transaction; how many there were."""
    mine = [sign_ins.c.account == account]
    if but:
        mine.append(sign_ins.c.name != but)
    return connection.execute(delete(sign_ins).where(*mine)).rowcount


def still_open(using: IdentityPorts, names: frozenset[str]) -> dict[str, str]:
    """Which of the sign-ins with these names still hold, for whoever keeps something open that rests on them.

    Each with "" or, past its end, with the account: it holds for the seat of that account in a recorded call alone.
    """
    if not names:
        return {}
    c, now = sign_ins.c, using.clock.now()
    alive = (c.expires_at > instant_text(now - OVERTIME_MAX), c.seen_at > instant_text(now - IDLE_MAX))
    with transaction(using.database, writes=False) as connection:
        found = connection.execute(select(c.name, c.account, c.expires_at).where(*alive)).all()
    return {name: account if ends <= instant_text(now) else "" for name, account, ends in found if name in names}


def renew(connection: Connection, staff: Staff, proved_by: str, now: datetime) -> str:
    """The person proved anew who they are: the sign-in is fresh, under another token, which is returned; the one before is nobody's.

    SignInNeededError when the sign-in ended meanwhile.
    """
    token, digest = fresh_token()
    mine = (sign_ins.c.account == staff.account.id, sign_ins.c.name == staff.sign_in)
    fresh = {"digest": digest, "proved_at": instant_text(now), "proved_by": proved_by, "seen_at": instant_text(now)}
    if connection.execute(update(sign_ins).where(*mine).values(**fresh)).rowcount != 1:
        raise SignInNeededError(_AWAY)
    note(connection, staff.tenant, Act.STEPPED_UP, staff.account.id, at=now, how=proved_by)
    return token


def key_of_sign_in(connection: Connection, name: str) -> str:
    """The thumbprint of the device's key of the sign-in of that name; empty where it is bound to none, or there is none."""
    return connection.execute(select(sign_ins.c.device_key).where(sign_ins.c.name == name)).scalar() or "" if name else ""


def device_keys_of(connection: Connection, account: str) -> frozenset[str]:
    """The thumbprints of the devices on which the account is signed in."""
    return frozenset(connection.execute(select(sign_ins.c.device_key).where(sign_ins.c.account == account)).scalars())


def sweep_sign_ins(using: IdentityPorts) -> None:
    """Delete the rows of sign-ins that are over, and in no use by a seat."""
    now = using.clock.now()
    with transaction(using.database) as connection:
        over = or_(sign_ins.c.expires_at <= instant_text(now - OVERTIME_MAX), sign_ins.c.seen_at <= instant_text(now - IDLE_MAX))
        connection.execute(delete(sign_ins).where(over))


def _require_same_device(row: RowMapping, seen: Seen, now: datetime) -> None:
    if not row["device_key"]:
        if row["place"] != seen.place:
            raise SignInNeededError(_OTHER_DEVICE)
    elif seen.key:
        if seen.key != row["device_key"]:
            raise SignInNeededError(_OTHER_DEVICE)
    elif seen.is_change or seen.place != row["place"] or parse_instant(row["present_until"]) <= now:
        raise DeviceProofNeededError(_UNPROVED)


def _changed(row: RowMapping, seen: Seen, now: datetime, stays: Callable[[], bool]) -> dict[str, str]:
    """What to write of this use: rarely, since it is asked with every request."""
    changed = {}
    if (now - parse_instant(row["seen_at"])).total_seconds() >= _SEEN_EVERY_S and (seen.is_use or stays()):
        changed["seen_at"] = instant_text(now)
    is_late = parse_instant(row["present_until"]) - now < PRESENT_FOR - PRESENT_FOR / 6
    if row["device_key"] and seen.key and (is_late or row["place"] != seen.place):
        changed |= {"place": seen.place, "present_until": instant_text(now + PRESENT_FOR)}
    return changed
