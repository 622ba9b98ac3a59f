"""What people were granted beside their roles, read from the tables: `ports.Grants` over a database.

Standings are kept for seconds in memory, since each decision asks for one; an emergency or an approval is asked for anew each time.
"""

from __future__ import annotations

from sqlalchemy import Engine, select

from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.access._tables import requests
from jianlu.govern.access.model import Resource, Standing
from jianlu.govern.access.standings import standing_of
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

STANDING_KEPT_MS = 2_000
"""How long a changed standing may go unnoticed."""

EMERGENCY, APPROVAL = "emergency", "approval"
ASKED, APPROVED, REFUSED = "asked", "approved", "refused"
_KEPT_MAX = 10_000


class TableGrants:
    """`ports.Grants`; safe for threads."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        """Take the database and the clock by which grants end."""
        self._database = database
        self._clock = clock
        self._standings: dict[tuple[str, str], tuple[int, Standing]] = {}

    def standing(self, tenant: TenantId, account: str) -> Standing:
        """As the port, at most two seconds old."""
        now_ms = self._clock.monotonic_ms()
        kept = self._standings.get((tenant, account))
        if kept is not None and now_ms - kept[0] < STANDING_KEPT_MS:
            return kept[1]
        found = standing_of(self._database, tenant, account)
        if len(self._standings) >= _KEPT_MAX:
            self._standings.clear()
        self._standings[(tenant, account)] = (now_ms, found)
        return found

    def forget_standings(self) -> None:
        """Read standings anew from now on: one was changed in this process."""
        self._standings.clear()

    def has_emergency(self, tenant: TenantId, account: str, resource: Resource) -> bool:
        """As the port."""
        return self._is_granted(tenant, account, EMERGENCY, "", resource)

    def has_approval(self, tenant: TenantId, account: str, action: str, resource: Resource) -> bool:
        """As the port."""
        return self._is_granted(tenant, account, APPROVAL, action, resource)

    def _is_granted(self, tenant: str, account: str, kind: str, action: str, resource: Resource) -> bool:
        now, columns = instant_text(self._clock.now()), requests.c
        wanted = (
            columns.tenant == tenant,
            columns.asked_by == account,
            columns.kind == kind,
            columns.action == action,
            columns.resource_kind == resource.kind,
            columns.resource == resource.id,
            columns.state == APPROVED,
            columns.decided_by != account,
            columns.expires_at > now,
            columns.used_at.is_(None),
        )
        with transaction(self._database, writes=False) as connection:
            return connection.execute(select(columns.request).where(*wanted).limit(1)).one_or_none() is not None
