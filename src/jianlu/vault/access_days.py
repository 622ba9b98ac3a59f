"""The newest day of the access log, read out of the ledger itself: the index is not asked which days there are.

A row that was deleted or edited must neither bring older policies back nor have a second chain begun beside a day's own. What the index
says of a day is held against the ledger here; where they differ nothing starts. Format: `specs/access-log.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.event import Event, check_chain
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref
from jianlu.vault.case_log import CaseLog
from jianlu.vault.index import scan_back, scan_case
from jianlu.vault.ports import VaultPorts


def ref_of_day(tenant_secret: bytes, day: str) -> CaseRef:
    """The `case` of a day's chain. The slash is in no case number, so no case can have this reference."""
    return derive_case_ref(tenant_secret, f"access/{day}")


def newest_day(using: VaultPorts, tenant: TenantId, tenant_secret: bytes) -> tuple[str, Sequence[Event]] | None:
    """The newest day that has a chain and its events, by the ledger alone, read from its end back to that day's first; None for none.

    IntegrityError when they are no chain.
    """
    for position, event in scan_back(using, f'"type":"{EventType.ACCESS_LOG_OPENED}"'.encode()):
        day = str(event.body.get("day", ""))
        if (event.type, event.tenant) == (EventType.ACCESS_LOG_OPENED, tenant) and event.case == ref_of_day(tenant_secret, day):
            events = [each for _, each in scan_case(using, tenant, event.case, start=position)]
            check_chain(events)
            return day, events
    return None


def require_whole(log: CaseLog, events: int, last_digest: str) -> CaseLog:
    """`log`, which has to end with its event of that number and digest; IntegrityError when the index led to something else."""
    if len(log.events) != events or log.events[-1].digest != last_digest:
        raise IntegrityError(
            "the index does not have the access log as the ledger does, rows were deleted or edited: run `jianlu vault reindex`"
        )
    return log
