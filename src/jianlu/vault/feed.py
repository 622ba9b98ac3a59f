"""What was recorded since, for whoever tells others: the kinds of events of all cases in ledger order, without what is in them.

As indexed, and so of no worth as evidence; whoever is told fetches the case and checks it.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.vault._tables import events
from jianlu.vault.projection import EventRow


def newest_position(connection: Connection) -> int:
    """The ledger position of the newest indexed event; -1 when there is none."""
    found = connection.execute(select(func.max(events.c.position))).scalar_one_or_none()
    return -1 if found is None else int(found)


def events_after(connection: Connection, tenant: TenantId, position: int, limit: int) -> list[EventRow]:
    """Up to `limit` events of the tenant behind the ledger position `position`, in ledger order."""
    wanted = (events.c.position > position, events.c.tenant == tenant)
    query = select(events).where(*wanted).order_by(events.c.position).limit(limit)
    return [EventRow(**row) for row in connection.execute(query).mappings()]


def is_a_case(connection: Connection, tenant: TenantId, case: str) -> bool:
    """Whether the chain is a case's: others (the access log's days, the review's rolls) begin otherwise."""
    first = (events.c.tenant == tenant, events.c.case_ref == case, events.c.n == 0)
    kind = connection.execute(select(events.c.type).where(*first)).scalar_one_or_none()
    return kind == EventType.PLAN_FROZEN.value
