"""Joiners, movers, leavers: what the organisation's directory says of a person becomes their account, at once.

Two sources: the claims of each sign-in (`organisation.py`) and SCIM, which is believed before the claims. What is said of a person is kept
beside what their groups give (`groups.py`): an account has the roles of both, and is on while the directory wants it and it has any. An
account that was made here is never taken over because the directory uses the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity._tables import directory_groups, directory_links, directory_members
from jianlu.govern.identity.accounts import NO_PASSWORD, account_of_nobody
from jianlu.govern.identity.model import Account, Role
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.roles import roles_of as checked_roles
from jianlu.govern.identity.sign_ins import end_sign_ins
from jianlu.runtime.database import transaction

SCIM = "scim"
NO_GROUPS: Mapping[str, str] = MappingProxyType({})
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._@-")


@dataclass(frozen=True, slots=True)
class Person:
    """What a source says: `subject` is its own id of the person, `name` what they are called there.

    `roles` are ours of the groups that it names with the person, None when it says nothing of them this time.
    """

    subject: str
    name: str
    display: str
    roles: frozenset[str] | None
    is_active: bool = True


def roles_of(groups: Iterable[object], mapping: Mapping[str, str]) -> frozenset[str]:
    """Our roles of somebody's groups; groups that nobody mapped give none."""
    return frozenset(mapping[group] for group in groups if isinstance(group, str) and group in mapping)


def find_person(using: IdentityPorts, tenant: TenantId, source: str, subject: str) -> Account:
    """The account that the source has for the subject; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        found = _linked(connection, tenant, source, subject)
    if found is None:
        raise NotFoundError("the directory has handed over nobody of that id: create them first")
    return found


def people_of(using: IdentityPorts, tenant: TenantId, source: str) -> list[tuple[str, Account]]:
    """Everybody whom the source handed over, by their account's name."""
    c = directory_links.c
    with transaction(using.database, writes=False) as connection:
        links = connection.execute(select(c.subject, c.account).where(c.tenant == tenant, c.source == source)).all()
        known = {each.id: each for each in _records.all_of(connection, tenant)}
    return sorted(((subject, known[account]) for subject, account in links), key=lambda each: each[1].name)


def take_person(
    using: IdentityPorts, tenant: TenantId, source: str, person: Person, *, mapping: Mapping[str, str] = NO_GROUPS
) -> Account:
    """What the source says becomes the account, in one transaction; other roles, no role or no activity end its sign-ins.

    `mapping` says which of the directory's groups give which role. Somebody whom SCIM hands over without a role waits, switched off, for a
    group. ConflictError when another account has the name; InvalidError for roles or names that are none, or of two administrators.
    """
    with transaction(using.database) as connection:
        found = _linked(connection, tenant, source, person.subject)
        if found is None and source != SCIM:
            found = _linked(connection, tenant, SCIM, person.subject)
            if found is not None:
                _link(connection, tenant, source, person, found)
        if found is None:
            return _join(using, connection, tenant, source, person)
        if source != SCIM and _linked(connection, tenant, SCIM, person.subject) is not None:
            return found
        said = {"is_wanted": person.is_active} | ({"said_roles": _joined(person.roles)} if person.roles is not None else {})
        c = directory_links.c
        mine = (c.tenant == tenant, c.source == source, c.subject == person.subject)
        connection.execute(update(directory_links).where(*mine).values(**said))
        return settle(using, connection, source, found, mapping, display=person.display[:80])


def settle(
    using: IdentityPorts, connection: Connection, source: str, account: Account, mapping: Mapping[str, str], *, display: str = ""
) -> Account:
    """Make the account what its source and its groups say by now, in the caller's transaction; errors as `take_person`."""
    link = _link_of(connection, source, account)
    groups = roles_of(groups_of(connection, account.id), mapping) if source == SCIM else frozenset()
    names = frozenset(link["said_roles"].split()) | groups
    if not link["is_wanted"] or not names:
        return _switch(using, connection, account, source, is_active=False)
    roles, shown = checked_roles(names), display or account.display
    if roles != account.roles or shown != account.display:
        _records.change(connection, account.id, roles=_joined(roles), display=shown)
        note(connection, account.tenant, Act.CHANGED, account.id, at=using.clock.now(), by=source, how=_joined(roles))
    if roles != account.roles:
        end_sign_ins(connection, account.id)
    return _switch(using, connection, account, source, is_active=True)


def groups_of(connection: Connection, account: str) -> list[str]:
    """What the directory's groups are called in which the account is."""
    g, m = directory_groups.c, directory_members.c
    query = select(g.display).join(directory_members, m.group_id == g.group_id).where(m.account == account).order_by(g.display)
    return list(connection.execute(query).scalars())


def forget_person(using: IdentityPorts, tenant: TenantId, source: str, subject: str) -> None:
    """The source lets go of somebody: switched off, and the link is gone. NotFoundError when there is none."""
    account = find_person(using, tenant, source, subject)
    with transaction(using.database) as connection:
        _switch(using, connection, account, source, is_active=False)
        c = directory_links.c
        connection.execute(delete(directory_links).where(c.tenant == tenant, c.source == source, c.subject == subject))
        if source == SCIM:
            connection.execute(delete(directory_members).where(directory_members.c.account == account.id))


def account_name(claimed: str) -> str:
    """What somebody is called elsewhere, in the letters of our names; may be empty."""
    return "".join(each if each in _NAME_CHARACTERS else "-" for each in claimed.lower())[:64].strip(".-_@")


def _join(using: IdentityPorts, connection: Connection, tenant: TenantId, source: str, person: Person) -> Account:
    roles = checked_roles(person.roles) if person.roles else frozenset[Role]()
    if not roles and source != SCIM:
        raise InvalidError("the organisation's groups give no role here: add the person to a group that does")
    account = account_of_nobody(tenant, account_name(person.name), roles=roles, display=person.display[:80] or person.name)
    if _records.find(connection, tenant, account.name) is not None:
        raise ConflictError("an account of that name was made here: rename one of the two, or switch ours off first")
    now = using.clock.now()
    _records.add(connection, account, NO_PASSWORD, instant_text(now))
    _link(connection, tenant, source, person, account)
    note(connection, tenant, Act.MADE, account.id, at=now, by=source, how=_joined(account.roles))
    return account if person.is_active and roles else _switch(using, connection, account, source, is_active=False)


def _switch(using: IdentityPorts, connection: Connection, account: Account, source: str, *, is_active: bool) -> Account:
    if account.is_active != is_active:
        _records.change(connection, account.id, is_active=is_active)
        act = Act.SWITCHED_ON if is_active else Act.SWITCHED_OFF
        note(connection, account.tenant, act, account.id, at=using.clock.now(), by=source)
    if not is_active:
        end_sign_ins(connection, account.id)
    return _records.require(_records.find_by_id(connection, account.id))


def _linked(connection: Connection, tenant: str, source: str, subject: str) -> Account | None:
    c = directory_links.c
    this = (c.tenant == tenant, c.source == source, c.subject == subject)
    found = connection.execute(select(c.account).where(*this)).scalar_one_or_none()
    kept = _records.find_by_id(connection, found) if found else None
    return kept.account if kept else None


def _link(connection: Connection, tenant: str, source: str, person: Person, account: Account) -> None:
    said = {"is_wanted": person.is_active, "said_roles": _joined(person.roles or ())}
    row = {"tenant": tenant, "source": source, "subject": person.subject, "account": account.id, **said}
    connection.execute(insert(directory_links).values(**row))


def _link_of(connection: Connection, source: str, account: Account) -> RowMapping:
    c = directory_links.c
    mine = (c.tenant == account.tenant, c.source == source, c.account == account.id)
    row = connection.execute(select(directory_links).where(*mine)).mappings().first()
    if row is None:
        raise NotFoundError("the directory has handed over nobody of that id: create them first")
    return row


def _joined(roles: Iterable[str]) -> str:
    return " ".join(sorted(roles))
