"""What work lists and joining keep of a case, taken out when the case is destroyed: number, title, names, invitations, tickets.

A row without them stays: it says that there was a case and who may know what became of it.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, or_, select

from jianlu.capture.cases._tables import CASE_TOTALS, live_cases

DESTROYED = "destroyed"
"""State of a case of which nothing is left but what the ledger says."""


def forget_row(connection: Connection, tenant: str, case: str) -> None:
    """Empty the case's row of everything that could name anybody; its reference takes the number's place."""
    empty = {
        "number": case,
        "title": "",
        "customer": "",
        "agent_display": "",
        "showing": "",
        "check_code": "",
        "request_digest": "",
    }
    mine = (live_cases.c.tenant == tenant, live_cases.c.case_ref == case)
    CASE_TOTALS.update(connection, mine, {**empty, "state": DESTROYED})


def named_in_row(connection: Connection, tenant: str, case: str) -> int:
    """1 while the case's row still says something of it, else 0."""
    columns = live_cases.c
    says = or_(columns.number != case, columns.title != "", columns.customer != "", columns.agent_display != "")
    query = select(func.count()).where(columns.tenant == tenant, columns.case_ref == case, or_(says, columns.showing != ""))
    return connection.execute(query).scalar_one()
