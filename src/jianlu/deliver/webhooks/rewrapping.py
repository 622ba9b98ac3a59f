"""What webhooks keep wrapped under the root key: the secrets of endpoints, present and former.

For `runtime.rewrapping`, when the root key changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Column, Engine, select, update

from jianlu.core.terms.ids import TenantId
from jianlu.deliver.webhooks._tables import endpoints
from jianlu.deliver.webhooks.endpoints import secret_context
from jianlu.runtime.database import transaction
from jianlu.runtime.rewrapping import WrappedRecord


def webhook_records(database: Engine, tenant: TenantId) -> Iterator[WrappedRecord]:
    """Every wrapped secret of the tenant's endpoints; UnavailableError when the database cannot be asked."""
    with transaction(database, writes=False) as connection:
        asked = select(endpoints.c.endpoint, endpoints.c.secret, endpoints.c.former_secret).where(endpoints.c.tenant == tenant)
        found = connection.execute(asked).all()
    for endpoint, secret, former in found:
        for column, text in ((endpoints.c.secret, secret), (endpoints.c.former_secret, former)):
            if text is not None:
                replace = partial(_replace, database, endpoint, column, text)
                yield WrappedRecord("webhook secret", bytes.fromhex(text), secret_context(tenant, endpoint), replace)


def _replace(database: Engine, endpoint: str, column: Column[str], was: str, wrapped: bytes) -> None:
    changed = update(endpoints).where(endpoints.c.endpoint == endpoint, column == was).values({column.name: wrapped.hex()})
    with transaction(database) as connection:
        connection.execute(changed)
