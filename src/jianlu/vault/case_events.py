"""The events of one case or other chain, read from the ledger: the index says where to look, and is not believed.

Where it is missing, behind or wrong the whole ledger is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.vault.index import BATCH_ENTRIES, catch_up, indexed_events, parse_entry, read_case_row, scan_case
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import STATE_BROKEN

_NEAR = 256
"""Ledger positions that lie in one entry bundle or the next: cheaper to read through than to read twice."""


def find_events(using: VaultPorts, tenant: TenantId, case: CaseRef) -> list[tuple[int, Event]]:
    """The case's events and their positions, by the index where it agrees with the ledger, else by reading the whole ledger."""
    try:
        catch_up(using)
        row = read_case_row(using, tenant, case)
        positions = [each.position for each in indexed_events(using, tenant, case)]
    except UnavailableError:
        return scan_case(using, tenant, case)
    if row is None and not positions:
        return []
    recorded = [(position, parse_entry(entry, position)) for position, entry in read_at(using, positions)]
    is_whole = row is not None and row.state != STATE_BROKEN and row.events == len(recorded)
    if is_whole and all(event.n == n and event.case == case and event.tenant == tenant for n, (_, event) in enumerate(recorded)):
        return recorded
    return scan_case(using, tenant, case)


def read_at(using: VaultPorts, positions: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Entries at ascending positions; near ones in one read, with what lies between them."""
    start = 0
    while start < len(positions):
        first, end = positions[start], start + 1
        while end < len(positions) and positions[end] - positions[end - 1] <= _NEAR and positions[end] - first < BATCH_ENTRIES:
            end += 1
        entries = using.ledger.read(first, positions[end - 1] - first + 1)
        yield from ((position, entries[position - first]) for position in positions[start:end] if position - first < len(entries))
        start = end
