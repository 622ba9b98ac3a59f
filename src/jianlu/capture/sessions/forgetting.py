"""What joining keeps of a case, deleted when the case is destroyed: invitations, and tickets of the queue with the name on them.

The caller opens and commits the transaction; calling again changes nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from jianlu.capture.sessions._tables import invitations, queue_tickets


def forget_joining(connection: Connection, tenant: str, case: str) -> None:
    """Delete every row about who was to join the case."""
    for table in (invitations, queue_tickets):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.case_ref == case))


def named_in_joining(connection: Connection, tenant: str, case: str) -> int:
    """How many such rows are left."""
    counts = (
        select(func.count()).select_from(table).where(table.c.tenant == tenant, table.c.case_ref == case)
        for table in (invitations, queue_tickets)
    )
    return sum(connection.execute(count).scalar_one() for count in counts)
