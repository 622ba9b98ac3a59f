"""What identity keeps wrapped under the root key: secrets of authenticator apps, and codes that release an invitation.

For `runtime.rewrapping`, when the root key changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Column, Engine, select, update

from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity._tables import accounts, enrolments
from jianlu.govern.identity._totp_steps import account_context
from jianlu.govern.identity.releases import code_context
from jianlu.runtime.database import transaction
from jianlu.runtime.rewrapping import WrappedRecord


def identity_records(database: Engine, tenant: TenantId) -> Iterator[WrappedRecord]:
    """Every wrapped value of the tenant's accounts and invitations; UnavailableError when the database cannot be asked."""
    with transaction(database, writes=False) as connection:
        secrets = select(accounts.c.account, accounts.c.totp_wrapped).where(accounts.c.tenant == tenant)
        of_accounts = connection.execute(secrets.where(accounts.c.totp_wrapped.is_not(None))).all()
        codes = select(enrolments.c.digest, enrolments.c.release_wrapped).where(enrolments.c.tenant == tenant)
        of_codes = connection.execute(codes.where(enrolments.c.release_wrapped.is_not(None))).all()
    for account, text in of_accounts:
        replace = partial(_replace, database, accounts.c.account, account, accounts.c.totp_wrapped, text)
        yield WrappedRecord("authenticator secret", bytes.fromhex(text), account_context(tenant, account), replace)
    for digest, text in of_codes:
        replace = partial(_replace, database, enrolments.c.digest, digest, enrolments.c.release_wrapped, text)
        yield WrappedRecord("release code", bytes.fromhex(text), code_context(digest), replace)


def _replace(database: Engine, row: Column[str], name: str, column: Column[str], was: str, wrapped: bytes) -> None:
    with transaction(database) as connection:
        connection.execute(update(column.table).where(row == name, column == was).values({column.name: wrapped.hex()}))
