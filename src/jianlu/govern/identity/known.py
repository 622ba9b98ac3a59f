"""Accounts by their id, for whoever keeps ids of accounts: keys, requests, records.

By name they are found in `accounts.py`.
"""

from __future__ import annotations

from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity import _records
from jianlu.govern.identity.model import Account
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction


def known_account(using: IdentityPorts, tenant: TenantId, account: str) -> Account | None:
    """The tenant's account with that id, switched on or not; None when there is none."""
    with transaction(using.database, writes=False) as connection:
        kept = _records.find_by_id(connection, account)
    return kept.account if kept is not None and kept.account.tenant == tenant else None


def known_accounts(using: IdentityPorts, tenant: TenantId) -> dict[str, Account]:
    """Every account of the tenant by its id."""
    with transaction(using.database, writes=False) as connection:
        return {each.id: each for each in _records.all_of(connection, tenant)}
