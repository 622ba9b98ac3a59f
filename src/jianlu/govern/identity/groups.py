"""The directory's groups (SCIM 2.0, RFC 7643, 4.2): who is in them, and what that makes of their accounts, in the same transaction.

Which group gives which role is said by the settings, by what the group is called; groups of other names are kept and give none. Members are
people whom the directory handed over (`directory.py`); groups in groups are not spoken here.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity._tables import accounts, directory_groups, directory_links, directory_members
from jianlu.govern.identity.directory import SCIM, settle
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction

GROUPS_MAX = 1_000
MEMBERS_MAX = 5_000
_DISPLAY_CHARACTERS_MAX = 255


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the directory: our id of it, its own, what it is called, and its members by the ids of their accounts."""

    id: str
    external: str
    display: str
    members: tuple[str, ...]


def all_groups(using: IdentityPorts, tenant: TenantId) -> list[Group]:
    """Every group, by what it is called."""
    c = directory_groups.c
    with transaction(using.database, writes=False) as connection:
        ids = connection.execute(select(c.group_id).where(c.tenant == tenant).order_by(c.display)).scalars()
        return [_group(connection, tenant, each) for each in list(ids)]


def find_group(using: IdentityPorts, tenant: TenantId, group: str) -> Group:
    """The group of that id; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        return _group(connection, tenant, group)


def make_group(
    using: IdentityPorts, tenant: TenantId, display: str, external: str, members: Iterable[str], mapping: Mapping[str, str]
) -> Group:
    """A new group; its members' accounts have its role from now on. ConflictError when one is called so, or there are too many."""
    group = "g" + base64.b32encode(secrets.token_bytes(17))[:26].decode().lower()
    with transaction(using.database) as connection:
        c = directory_groups.c
        known = list(connection.execute(select(c.display).where(c.tenant == tenant)).scalars())
        if _display(display) in known or len(known) >= GROUPS_MAX:
            raise ConflictError(f"there is a group of that name, or {GROUPS_MAX} of them: change that one, or delete some")
        row = {"group_id": group, "tenant": tenant, "external": external[:255], "display": display}
        connection.execute(insert(directory_groups).values(**row, created_at=instant_text(using.clock.now())))
        return _set(using, connection, tenant, group, set(members), mapping)


def change_group(
    using: IdentityPorts,
    tenant: TenantId,
    group: str,
    mapping: Mapping[str, str],
    *,
    display: str | None = None,
    members: Iterable[str] | None = None,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> Group:
    """Another name, other members (`members` are all of them), some more, some less. NotFoundError when there is no such group."""
    with transaction(using.database) as connection:
        known = _group(connection, tenant, group)
        if display is not None:
            named = directory_groups.c.group_id == group
            connection.execute(update(directory_groups).where(named).values(display=_display(display)))
        wanted = (set(known.members) if members is None else set(members)) | set(add)
        is_renamed = display is not None and display != known.display
        return _set(using, connection, tenant, group, wanted - set(remove), mapping, is_renamed=is_renamed)


def drop_group(using: IdentityPorts, tenant: TenantId, group: str, mapping: Mapping[str, str]) -> None:
    """The directory lets go of the group; whoever had a role by it alone has none. NotFoundError when there is no such group."""
    with transaction(using.database) as connection:
        _group(connection, tenant, group)
        _set(using, connection, tenant, group, set(), mapping)
        connection.execute(delete(directory_groups).where(directory_groups.c.group_id == group))


def _set(
    using: IdentityPorts,
    connection: Connection,
    tenant: TenantId,
    group: str,
    wanted: set[str],
    mapping: Mapping[str, str],
    *,
    is_renamed: bool = False,
) -> Group:
    """Give the group exactly these members. All whom it concerns are locked first, in one order, so that two changes at once both count."""
    before = set(_group(connection, tenant, group).members)
    if len(wanted) > MEMBERS_MAX:
        raise InvalidError(f"a group has {MEMBERS_MAX} members at most: split it")
    concerned = sorted(before | wanted if is_renamed else before ^ wanted)
    _lock(connection, tenant, concerned)
    m = directory_members.c
    connection.execute(delete(directory_members).where(m.group_id == group, m.account.in_(sorted(before - wanted))))
    for account in sorted(wanted - before):
        connection.execute(insert(directory_members).values(group_id=group, account=account))
    for account in concerned:
        settle(using, connection, SCIM, _records.require(_records.find_by_id(connection, account)), mapping)
    return _group(connection, tenant, group)


def _lock(connection: Connection, tenant: TenantId, concerned: list[str]) -> None:
    c, link = accounts.c, directory_links.c
    linked = select(link.account).where(link.tenant == tenant, link.source == SCIM)
    query = select(c.account).where(c.tenant == tenant, c.account.in_(concerned), c.account.in_(linked)).order_by(c.account)
    if list(connection.execute(query.with_for_update()).scalars()) != concerned:
        raise InvalidError(
            "a member is nobody whom the directory handed over: create the user first, groups in groups are not spoken here"
        )


def _group(connection: Connection, tenant: TenantId, group: str) -> Group:
    c, m = directory_groups.c, directory_members.c
    row = connection.execute(select(directory_groups).where(c.tenant == tenant, c.group_id == group)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("the directory has no group of that id here: create it first")
    members = connection.execute(select(m.account).where(m.group_id == group).order_by(m.account)).scalars()
    return Group(row["group_id"], row["external"], row["display"], tuple(members))


def _display(display: str) -> str:
    if not display.strip() or len(display) > _DISPLAY_CHARACTERS_MAX or not display.isprintable():
        raise InvalidError(f"a group is called by 1 to {_DISPLAY_CHARACTERS_MAX} printable characters")
    return display
