"""Which accounts were used on the same device: remembered by the key that never leaves a browser, also after they signed out.

One person with two accounts could otherwise do both halves of what two people must do. Accounts without a device key, and a person with
two devices, are not found out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update

from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity._tables import device_accounts
from jianlu.runtime.database import transaction

REMEMBERED = timedelta(days=400)
"""How long after the last sign-in there: longer than any term within which a case is reviewed."""


def note_device(connection: Connection, tenant: TenantId, key: str, account: str, *, at: datetime) -> None:
    """Remember, in the caller's transaction, that `account` signed in with the device's `key`; an empty key is none."""
    if not key:
        return
    c, now = device_accounts.c, instant_text(at)
    connection.execute(delete(device_accounts).where(c.tenant == tenant, c.last_at < instant_text(at - REMEMBERED)))
    mine = (c.tenant == tenant, c.device_key == key, c.account == account)
    if not connection.execute(update(device_accounts).where(*mine).values(last_at=now)).rowcount:
        connection.execute(insert(device_accounts).values(tenant=tenant, device_key=key, account=account, last_at=now))


def accounts_beside(database: Engine, tenant: TenantId, account: str) -> frozenset[str]:
    """The other accounts that signed in on a device on which `account` did, as far as is remembered. UnavailableError as the database."""
    c = device_accounts.c
    keys = select(c.device_key).where(c.tenant == tenant, c.account == account)
    query = select(c.account).where(c.tenant == tenant, c.device_key.in_(keys), c.account != account).distinct()
    with transaction(database, writes=False) as connection:
        return frozenset(connection.execute(query).scalars())
