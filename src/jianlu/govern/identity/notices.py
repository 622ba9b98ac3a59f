"""Notices: what happened to the ways into an account that its owner, and those who watch over all accounts, are to hear of unasked.

They are notes (`notes.py`) that nobody could keep from being written, so that whoever acts cannot keep them from being told either. What is
remembered beside them is up to when somebody has read.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity._tables import notes, notices_read
from jianlu.govern.identity.model import Role, Staff
from jianlu.govern.identity.notes import Act, Note, read_notes
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction

ALARMING = frozenset(
    {
        *(Act.LINK_MADE, Act.LINK_RELEASED, Act.LINK_WITHDRAWN, Act.ENROLMENT_REFUSED, Act.ENROLLED),
        *(Act.LOCKED, Act.PASSKEY_CLONED, Act.TOTP_RESET, Act.NEW_PLACE, Act.TOO_FAR),
    }
)
"""What the owner did not do by themselves, or what looks as if somebody else did."""

TOLD_OF_ALL = frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})
SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """A note, and whether it came after whoever asks last said that they had read."""

    note: Note
    is_new: bool


def notices_for(using: IdentityPorts, staff: Staff) -> list[Notice]:
    """The newest first, of one's own account; security and audit administrators hear of every account of the tenant."""
    c = notes.c
    mine = c.tenant == staff.tenant if staff.has(*TOLD_OF_ALL) else c.account == staff.account.id
    query = select(notes).where(mine, c.act.in_(sorted(ALARMING))).order_by(c.at.desc(), c.note).limit(SHOWN_MAX)
    with transaction(using.database, writes=False) as connection:
        until = connection.execute(select(notices_read.c.until_at).where(notices_read.c.account == staff.account.id)).scalar()
        return [Notice(each, each.at > (until or "")) for each in read_notes(connection, query)]


def read_until_now(using: IdentityPorts, staff: Staff) -> None:
    """Whoever asks has read what there is."""
    with transaction(using.database) as connection:
        _records.find(connection, staff.tenant, staff.account.name, lock=True)
        mark_read(connection, staff.account.id, instant_text(using.clock.now()))


def mark_read(connection: Connection, account: str, at: str) -> None:
    """In the caller's transaction, who holds the account's row: what there was until `at` is no news to the account's owner."""
    mine = notices_read.c.account == account
    if not connection.execute(update(notices_read).where(mine).values(until_at=at)).rowcount:
        connection.execute(insert(notices_read).values(account=account, until_at=at))
