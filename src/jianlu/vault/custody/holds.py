"""Holds: whether a case may be destroyed at all, by the ledger alone (`specs/custody.md`).

The index lists holds and decides nothing: before something is destroyed the whole ledger is read, so that a row that was deleted or
edited frees nothing. Placing and lifting are `custody.py`; this module is beneath `shred.py`, which asks it.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from jianlu.core.errors import ConflictError
from jianlu.core.formats.custody import standing_holds
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import transaction
from jianlu.vault._tables import holds
from jianlu.vault.index import catch_up, scan_ledger
from jianlu.vault.ports import VaultPorts

_KINDS = (EventType.HOLD_PLACED, EventType.HOLD_LIFTED)


class HeldError(ConflictError):
    """The case is under a hold: nothing of it is destroyed until two people lift it."""


def holds_by_ledger(using: VaultPorts, tenant: TenantId, case: str) -> tuple[str, ...]:
    """The holds that stand over the case, from every entry of the ledger; reads it whole.

    IntegrityError when the ledger cannot be read to its end: then nothing is known, and nothing may be destroyed.
    """
    found = scan_ledger(using, f'"of":"{case}"'.encode())
    mine = (event for _, event in found if event.type in _KINDS and event.tenant == tenant and event.body.get("of") == case)
    return standing_holds(mine)


def require_not_held(using: VaultPorts, tenant: TenantId, case: str) -> None:
    """HeldError while a hold stands over the case; asked of the ledger, right before anything is destroyed."""
    standing = holds_by_ledger(using, tenant, case)
    if standing:
        raise HeldError(f"the case is under a hold ({', '.join(standing)}): two people lift it before anything is destroyed")


def held_cases(using: VaultPorts, tenant: TenantId) -> dict[str, tuple[str, ...]]:
    """The holds that stand by case, as indexed, the newest case first; for lists and calendars, never for a decision."""
    catch_up(using)
    lifts = holds.alias()
    lifted = select(lifts.c.position).where(
        lifts.c.tenant == holds.c.tenant,
        lifts.c.case_ref == holds.c.case_ref,
        lifts.c.hold == holds.c.hold,
        lifts.c.is_lift,
        lifts.c.position > holds.c.position,
    )
    query = select(holds.c.case_ref, holds.c.hold).where(holds.c.tenant == tenant, ~holds.c.is_lift, ~exists(lifted))
    found: dict[str, tuple[str, ...]] = {}
    with transaction(using.index, writes=False) as connection:
        for case, hold in connection.execute(query.order_by(holds.c.position.desc())):
            found[case] = (hold, *found.get(case, ()))
    return found
