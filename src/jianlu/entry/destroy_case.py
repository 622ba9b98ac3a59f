"""The job that destroys a case, or a part of one, whose destruction was started.

It clears every place, looks at every place, then says so in the ledger. Killed at any step it is begun again and finishes: what is done
stays done, and the last event is written once. It never starts anything itself: without `custody:destruction:started`, or that of the
part, in the ledger it does nothing, and a hold that is there stops it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.entry.leftovers import Spot, parts_of, spots_of, spots_of_part
from jianlu.vault.case_log import open_case_log
from jianlu.vault.custody.destruction import Looked, complete_destruction, destruction_events
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts


def destroy_case(
    case: CaseRef,
    *,
    home: Path,
    tenant: TenantId,
    vault: VaultPorts,
    say: Callable[[str, int, int | None], None],
    part: str = "",
) -> Event:
    """The event that the case, or that part of it, is destroyed, in the ledger on return; the same again changes nothing.

    ConflictError when its destruction was not started, or a hold stands. UnavailableError while a place cannot be cleared yet (the
    record of reviews, a database that is read): try again. Of a part of a case that is destroyed as a whole by now it is the event of that.
    """
    custody = open_case_log(vault, tenant, custody_chain(tenant_secret(vault, tenant), case))
    if part and destruction_events(custody.events)[0] is not None:
        part = ""
    started, completed = destruction_events(custody.events, part)
    if started is None:
        raise ConflictError("nobody started the destruction of this case: have it asked for and approved under destructions")
    if completed is not None:
        return completed
    named = parts_of(case, open_case_log(vault, tenant, case).events, tenant)
    if part:
        spots = spots_of_part(case, part, named, home=home, tenant=tenant, vault=vault)
    else:
        spots = spots_of(case, named, home=home, tenant=tenant, vault=vault)
    for done, spot in enumerate(spots):
        say("clear", done, len(spots))
        spot.clear()
    looked = []
    for done, spot in enumerate(spots):
        say("prove", done, len(spots))
        looked.append(_looked_at(spot))
    say("record", 0, 1)
    return complete_destruction(custody, case, looked, clock=vault.clock, part=part)


def _looked_at(spot: Spot) -> Looked:
    left = spot.left()
    if left:
        raise UnavailableError(f"something of the case is left ({spot.place}, {left}): it is cleared again by itself")
    return Looked(spot.place, spot.named(), left)
