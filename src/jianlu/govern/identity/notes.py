"""Notes: every sign-in, refusal, enrolment and revocation, written in the transaction of the act and carried from there into the ledger.

The command line acts beside the service and has no ledger; a note waits for whoever has one (`carry_notes`, by the web process's beat).
A crash may carry a note twice, under the same id, never lose one. Tries on names that are nobody's are not noted, nor those on a locked
account: whoever guesses must not fill the ledger.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity._tables import notes
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction

NOTES_AT_ONCE = 500
SHOWN_FOR = timedelta(days=90)
"""How long the index keeps what the ledger has; the ledger keeps it as long as its policy says."""

KIND = "identity"
FORMAT = "jianlu/identity-notes/v1"


class Act(StrEnum):
    """What was done; `specs/access-log.md` lists them."""

    SIGNED_IN = "sign-in.made"
    SIGN_IN_REFUSED = "sign-in.refused"
    SIGNED_OUT = "sign-in.ended"
    SIGN_INS_REVOKED = "sign-ins.revoked"
    STEPPED_UP = "step-up.made"
    STEP_UP_REFUSED = "step-up.refused"
    LOCKED = "account.locked"
    UNLOCKED = "account.unlocked"
    MADE = "account.made"
    CHANGED = "account.changed"
    SWITCHED_OFF = "account.switched-off"
    SWITCHED_ON = "account.switched-on"
    LINK_MADE = "enrolment.offered"
    LINK_RELEASED = "enrolment.released"
    LINK_WITHDRAWN = "enrolment.withdrawn"
    ENROLMENT_REFUSED = "enrolment.refused"
    ENROLLED = "enrolment.taken"
    NEW_PLACE = "sign-in.new-place"
    TOO_FAR = "sign-in.too-far"
    PASSWORD_SET = "password.set"  # noqa: S105 the name of an act
    TOTP_SET = "totp.set"
    TOTP_RESET = "totp.reset"
    PASSKEY_ENROLLED = "passkey.enrolled"
    PASSKEY_REMOVED = "passkey.removed"
    PASSKEY_CLONED = "passkey.cloned"


@dataclass(frozen=True, slots=True)
class Note:
    """One of them: about which account ("" for none of ours), by whom (an account, or what acted), how, on which device."""

    note: str
    at: str
    act: str
    account: str
    by: str
    how: str
    device: str


def note(
    connection: Connection,
    tenant: TenantId,
    act: Act,
    account: str,
    *,
    at: datetime,
    by: str = "",
    how: str = "",
    device: str = "",
) -> None:
    """Write it in the caller's transaction: it is kept exactly if the act is. `by` is the account's owner unless said otherwise."""
    row = {"note": secrets.token_hex(16), "tenant": tenant, "at": instant_text(at), "act": act.value, "account": account}
    row |= {"by": (by or account)[:80], "how": how[:80], "device": device[:80]}
    connection.execute(insert(notes).values(**row, is_kept=False))


def carry_notes(using: IdentityPorts, tenant: TenantId, keep: Callable[[str, Mapping[str, Any]], None]) -> int:
    """Hand what waits to the ledger by `keep(kind, document)`, which is durable on return; how many there were. Errors are `keep`'s."""
    waiting = (notes.c.tenant == tenant, notes.c.is_kept.is_(False))
    with transaction(using.database, writes=False) as connection:
        found = read_notes(connection, select(notes).where(*waiting).order_by(notes.c.at, notes.c.note).limit(NOTES_AT_ONCE))
    if found:
        keep(KIND, {"notes_format": FORMAT, "notes": [asdict(each) for each in found]})
        with transaction(using.database) as connection:
            mine = notes.c.note.in_([each.note for each in found])
            connection.execute(update(notes).where(mine).values(is_kept=True))
    return len(found)


def notes_of(using: IdentityPorts, account: str, *, limit: int = 50) -> list[Note]:
    """What was noted of the account, the newest first."""
    query = select(notes).where(notes.c.account == account).order_by(notes.c.at.desc(), notes.c.note).limit(limit)
    with transaction(using.database, writes=False) as connection:
        return read_notes(connection, query)


def sweep_notes(using: IdentityPorts) -> None:
    """Forget what the ledger has had for long."""
    over = instant_text(using.clock.now() - SHOWN_FOR)
    with transaction(using.database) as connection:
        connection.execute(delete(notes).where(notes.c.is_kept.is_(True), notes.c.at < over))


def read_notes(connection: Connection, query: Any) -> list[Note]:
    """The notes that `query` selects, in its order."""
    rows: Sequence[Any] = connection.execute(query).mappings().all()
    return [Note(*(row[name] for name in ("note", "at", "act", "account", "by", "how", "device"))) for row in rows]
