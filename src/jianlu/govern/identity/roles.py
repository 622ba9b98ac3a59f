"""Changing an account's roles: never one's own, never two of the three administrators, and on the record before it holds.

Sign-ins of the account end with the change, so that no open page goes on with what was taken away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jianlu.core.errors import DeniedError, InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity import _records
from jianlu.govern.identity.model import ADMINISTRATORS, Role, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_ins import end_sign_ins
from jianlu.runtime.database import transaction

_changing = threading.Lock()
"""One change at a time: it is in the ledger before it is in the table, and no write lock is held while the ledger is slow."""


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """The roles of those names; InvalidError for one that is none, for no role at all, and for two of the three administrators."""
    try:
        roles = frozenset(Role(name) for name in names)
    except ValueError as error:
        raise InvalidError(f"a role is one of {', '.join(Role)}") from error
    if not roles:
        raise InvalidError(f"an account needs at least one role: {', '.join(Role)}")
    if len(roles & ADMINISTRATORS) > 1:
        raise InvalidError("system, security and audit are administered by three people: give one of the three roles")
    if roles & ADMINISTRATORS and roles - ADMINISTRATORS:
        raise InvalidError("whoever administers does not work on cases: use the accounts of two people")
    return roles


def change_roles(
    using: IdentityPorts,
    tenant: TenantId,
    name: str,
    roles: Iterable[str],
    *,
    by: Staff,
    keep: Callable[[str, Mapping[str, Any]], None],
) -> None:
    """Give the account exactly these roles; `keep` puts the change into the ledger before it holds, its errors are this one's.

    DeniedError for one's own account; InvalidError as `roles_of`; NotFoundError when there is none of that name.
    """
    wanted = roles_of(roles)
    with _changing:
        with transaction(using.database, writes=False) as connection:
            account = _records.require(_records.find(connection, tenant, name))
        if account.id == by.account.id:
            raise DeniedError("nobody grants to themselves: ask another security administrator")
        document = {"account": account.id, "before": sorted(account.roles), "after": sorted(wanted), "by": by.account.id}
        keep("roles", document)
        with transaction(using.database) as connection:
            _records.change(connection, account.id, roles=" ".join(sorted(wanted)))
            end_sign_ins(connection, account.id)
