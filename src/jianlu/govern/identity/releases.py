"""Links by which the owner of an account gets in, and the second person who releases them.

Whoever makes a link has it, and could take it: so it is worth nothing until somebody else, who knows the owner, releases it and hands the
owner a code, face to face or by telephone. Maker, releaser and owner are three accounts on devices of their own. Taking a link is
`enrolment.py`; who may release is the policies' to say (`enrolment.release`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from jianlu.core.errors import ConflictError, DeniedError, NotFoundError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity._tables import directory_links, enrolments, passkeys
from jianlu.govern.identity._tokens import fresh_token
from jianlu.govern.identity.accounts import OPERATOR
from jianlu.govern.identity.model import Account, Role, Staff
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_ins import device_keys_of, key_of_sign_in
from jianlu.govern.identity.step_up import require_recent
from jianlu.runtime.database import transaction

LINK_FOR = timedelta(days=3)
"""Over a weekend; after that the link may have been read by others."""

RELEASE_FOR = timedelta(hours=1)
"""A code is released to somebody who is there; for another hour it is released again."""

CODE_DIGITS = 8
TRIES_MAX = 5
"""Wrong codes until the link is good for nothing: one guess in twenty million gets in."""

RELEASERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR})
"""Who could release a link at all; of these, security administrators only those that the operator of the machine made."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A fresh link: its token, kept nowhere, and the code where nobody else could release it ("" where somebody must)."""

    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Release:
    """The code for the owner, shown this once, and until when it is good."""

    code: str
    until: str


@dataclass(frozen=True, slots=True)
class WaitingLink:
    """A link that nobody has taken yet, by the account that it is for."""

    account: Account
    made_by: str
    created_at: str
    expires_at: str
    released_by: str
    released_until: str


def offer_enrolment(using: IdentityPorts, tenant: TenantId, name: str, *, by: str = OPERATOR, by_sign_in: str = "") -> Offer:
    """A fresh link for the account's owner; an earlier one is good for nothing from now on.

    The code comes with it in one case alone: the operator of the machine makes it, and no other account could get in and release it, as
    in a new home. NotFoundError when there is no active account of that name.
    """
    token, digest = fresh_token()
    now = using.clock.now()
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        if not account.is_active:
            raise NotFoundError("this account is switched off: switch it on first")
        is_alone = by == OPERATOR and not _can_be_released(connection, account)
        connection.execute(delete(enrolments).where(enrolments.c.account == account.id))
        connection.execute(
            insert(enrolments).values(
                digest=digest,
                tenant=tenant,
                account=account.id,
                made_by=by[:80],
                made_key=key_of_sign_in(connection, by_sign_in),
                created_at=instant_text(now),
                expires_at=instant_text(now + LINK_FOR),
            )
        )
        note(connection, tenant, Act.LINK_MADE, account.id, at=now, by=by)
        code = _set_code(using, connection, account, digest, by=OPERATOR, key="", life=LINK_FOR).code if is_alone else ""
    return Offer(token, code)


def waiting_links(using: IdentityPorts, tenant: TenantId) -> list[WaitingLink]:
    """Links that were made and not taken, the oldest first."""
    c = enrolments.c
    query = select(enrolments).where(c.tenant == tenant, c.expires_at > instant_text(using.clock.now())).order_by(c.created_at)
    with transaction(using.database, writes=False) as connection:
        rows = list(connection.execute(query).mappings())
        known = {each.id: each for each in _records.all_of(connection, tenant)}
    return [
        WaitingLink(
            known[row["account"]],
            row["made_by"],
            row["created_at"],
            row["expires_at"],
            row["released_by"],
            row["released_until"] or "",
        )
        for row in rows
        if row["account"] in known
    ]


def maker_of_link(using: IdentityPorts, tenant: TenantId, name: str) -> tuple[Account, str]:
    """Whose link waits under that name, and who made it. NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        account = _records.require(_records.find(connection, tenant, name))
        return account, _waiting(using, connection, account)["made_by"]


def release(using: IdentityPorts, tenant: TenantId, name: str, *, by: Staff) -> Release:
    """The code for the owner of the link; one that was released before is good for nothing from now on.

    DeniedError for whoever made the link, for its owner, and on a device of either of them; StepUpNeededError without a fresh proof;
    NotFoundError when no link waits.
    """
    require_recent(using, by)
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        row = _waiting(using, connection, account)
        key = key_of_sign_in(connection, by.sign_in)
        _require_third(connection, row, account, by, key)
        return _set_code(using, connection, account, row["digest"], by=by.account.id, key=key, life=RELEASE_FOR)


def withdraw_link(using: IdentityPorts, tenant: TenantId, account: Account, *, by: str) -> None:
    """The link is good for nothing any more. ConflictError when none waits."""
    with transaction(using.database) as connection:
        mine = (enrolments.c.tenant == tenant, enrolments.c.account == account.id)
        if not connection.execute(delete(enrolments).where(*mine)).rowcount:
            raise ConflictError("no link waits for this account, or it was taken already: look at what happened to the account")
        note(connection, tenant, Act.LINK_WITHDRAWN, account.id, at=using.clock.now(), by=by)


def code_context(digest: str) -> bytes:
    """What a wrapped code is bound to: it cannot be moved to another link's row."""
    return f"jianlu/enrolment-code@v1\x00{digest}".encode()


def sweep_enrolments(using: IdentityPorts) -> None:
    """Delete the rows of links that are over."""
    with transaction(using.database) as connection:
        connection.execute(delete(enrolments).where(enrolments.c.expires_at <= instant_text(using.clock.now())))


def _require_third(connection: Connection, row: RowMapping, account: Account, by: Staff, key: str) -> None:
    if by.account.id == row["made_by"]:
        raise DeniedError(
            "whoever made a link does not release it: ask a supervisor or the system administrator", code="own_link"
        )
    if by.account.id == account.id:
        raise DeniedError("nobody releases their own link: ask a supervisor or the system administrator", code="own_link")
    taken = {row["made_key"], *device_keys_of(connection, row["made_by"]), *device_keys_of(connection, account.id)} - {""}
    if key in taken:
        raise DeniedError("this is a device of whoever made the link or owns it: release it from your own", code="same_device")


def _set_code(
    using: IdentityPorts, connection: Connection, account: Account, digest: str, *, by: str, key: str, life: timedelta
) -> Release:
    now = using.clock.now()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    until = instant_text(now + life)
    released = {"released_by": by[:80], "release_key": key, "released_until": until, "tries": 0}
    wrapped = using.secrets.wrap(code.encode(), code_context(digest)).hex()
    connection.execute(update(enrolments).where(enrolments.c.digest == digest).values(release_wrapped=wrapped, **released))
    note(connection, account.tenant, Act.LINK_RELEASED, account.id, at=now, by=by)
    return Release(code, until)


def _waiting(using: IdentityPorts, connection: Connection, account: Account) -> RowMapping:
    c = enrolments.c
    mine = (c.account == account.id, c.expires_at > instant_text(using.clock.now()))
    row = connection.execute(select(enrolments).where(*mine)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("no link waits for this account: have a security administrator make one")
    return row


def _can_be_released(connection: Connection, owner: Account) -> bool:
    """Whether there is another account that can get in and has a role that may release."""
    others = [each for each in _records.all_of(connection, owner.tenant) if each.is_active and each.id != owner.id]
    return any(_has_way_in(connection, each) for each in others if each.roles & RELEASERS)


def _has_way_in(connection: Connection, account: Account) -> bool:
    kept = _records.find_by_id(connection, account.id)
    if kept is not None and kept.password_hash:
        return True
    tables = (passkeys, directory_links)
    return any(connection.execute(select(each.c.account).where(each.c.account == account.id)).first() for each in tables)
