"""Notice of emergencies: whoever is concerned sees that a second person opened a case, until they say that they took note.

Who is concerned is said by whoever knows the case; here is what was opened, and who took note of it. Both are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, RowMapping, exists, insert, select

from jianlu.core.terms.instants import instant_text
from jianlu.govern.access._tables import acknowledgements, requests
from jianlu.govern.access.grants import APPROVED, EMERGENCY
from jianlu.govern.access.ports import DecisionLog
from jianlu.govern.access.requests import AccessRequest
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

NOTICES_MAX = 500


def unnoted(tenant: str, account: str, *, database: Engine) -> list[AccessRequest]:
    """Emergencies that opened something and that the account, being neither of the two people, took no note of; newest first."""
    columns, noted = requests.c, acknowledgements.c
    mine = exists(select(noted.request).where(noted.request == columns.request, noted.account == account))
    query = select(requests).where(
        columns.tenant == tenant,
        columns.kind == EMERGENCY,
        columns.state == APPROVED,
        columns.asked_by != account,
        columns.decided_by != account,
        ~mine,
    )
    with transaction(database, writes=False) as connection:
        return _rows(connection.execute(query.order_by(columns.decided_at.desc()).limit(NOTICES_MAX)).mappings().all())


def take_note(request: AccessRequest, account: str, *, database: Engine, clock: Clock, log: DecisionLog) -> None:
    """The account took note: on the record first; a second time changes nothing."""
    at = instant_text(clock.now())
    mine = (acknowledgements.c.request == request.request, acknowledgements.c.account == account)
    log.change("emergency-noted", {"request": request.request, "resource": request.resource, "by": account})
    with transaction(database) as connection:
        if connection.execute(select(acknowledgements.c.at).where(*mine)).one_or_none() is None:
            values = {"request": request.request, "account": account, "tenant": request.tenant, "at": at}
            connection.execute(insert(acknowledgements).values(**values))


def opened_since(connection: Connection, tenant: str, at: str) -> list[AccessRequest]:
    """Emergencies that were opened since that instant, for those who are told elsewhere."""
    columns = requests.c
    query = select(requests).where(
        columns.tenant == tenant, columns.kind == EMERGENCY, columns.state == APPROVED, columns.decided_at >= at
    )
    return _rows(connection.execute(query.order_by(columns.decided_at)).mappings().all())


def _rows(found: Sequence[RowMapping]) -> list[AccessRequest]:
    return [AccessRequest(**{name: row[name] for name in AccessRequest.__dataclass_fields__}) for row in found]
