"""The index follows the ledger: entering events in ledger order, catching up, and reading what was entered.

The index finds things fast and decides nothing: whatever is taken from it is checked against the ledger before use, and
`compare` is asked before anything leaves the house.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.event import Event, parse_event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import (
    SEALED,
    CaseRow,
    EventRow,
    RetentionRow,
    advance,
    event_row,
    hold_row,
    object_rows,
    retention_row,
    settlement_row,
)

BATCH_ENTRIES = 2_000
"""Ledger entries that are indexed in one transaction."""

_ASKED_AT_ONCE = 500


def enter_events(using: VaultPorts, recorded: Sequence[tuple[int, Event]]) -> bool:
    """Enter events at consecutive ledger positions; those that are there already are left alone.

    Returns False, and enters nothing, when entries before them are not in the index yet: `catch_up` then. UnavailableError when the
    database fails. Object states are taken as sealed; `reindex` looks at the files.
    """
    first, end = recorded[0][0], recorded[-1][0] + 1
    with transaction(using.index) as connection:
        progress = _records.read_progress(connection)
        if progress < first:
            return False
        moved: dict[tuple[str, str], CaseRow] = {}
        rows: list[_records.Row] = []
        for position, event in recorded[progress - first :]:
            key = (event.tenant, event.case)
            moved[key] = advance(moved.get(key) or _records.read_case(connection, *key), event)
            rows += rows_of(event, position)
        _records.insert_rows(connection, rows)
        for case in moved.values():
            _records.write_case(connection, case)
        if progress < end:
            _records.write_progress(connection, end)
    return True


def rows_of(event: Event, position: int) -> list[_records.Row]:
    """The rows that `event` at ledger `position` gives rise to, its objects taken as sealed."""
    others = (retention_row(event, position), hold_row(event, position), settlement_row(event, position))
    return [
        event_row(event, position),
        *object_rows(event, position, state=SEALED),
        *(row for row in others if row is not None),
    ]


def catch_up(using: VaultPorts, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Enter every ledger entry that the index does not hold yet; returns how many entries it now holds.

    `progress` is called with entries done and due.

    Raises IntegrityError when the index holds more entries than the ledger (rolled back, or another ledger's index) and when an entry
    is no event.
    """
    with transaction(using.index, writes=False) as connection:
        done = _records.read_progress(connection)
    due = using.ledger.size
    if done > due:
        raise IntegrityError(
            "the index knows more than the ledger has: look for a rolled-back ledger, then run `jianlu vault reindex`"
        )
    while done < due:
        entries = _read(using, done, min(BATCH_ENTRIES, due - done))
        enter_events(using, [(done + offset, parse_entry(entry, done + offset)) for offset, entry in enumerate(entries)])
        done += len(entries)
        if progress is not None:
            progress(done, due)
    return done


def parse_entry(entry: bytes, position: int) -> Event:
    """The event in a ledger entry; IntegrityError, naming the position, when it is none that this version knows."""
    try:
        return parse_event(entry)
    except InvalidError as error:
        raise IntegrityError(f"ledger entry {position} is no event that this version knows: run `jianlu ledger fsck`") from error


def read_case_row(using: VaultPorts, tenant: TenantId, case: CaseRef) -> CaseRow | None:
    """The case's summary as indexed, None if the index does not know it; for lists and consoles, never for evidence."""
    with transaction(using.index, writes=False) as connection:
        return _records.read_case(connection, tenant, case)


def case_rows(using: VaultPorts, tenant: TenantId, cases: Sequence[CaseRef]) -> dict[str, CaseRow]:
    """As `read_case_row` of a list's worth of cases, by reference."""
    with transaction(using.index, writes=False) as connection:
        return _records.read_cases(connection, tenant, cases)


def closed_among(using: VaultPorts, tenant: str, cases: Sequence[str]) -> dict[str, bool]:
    """Of these cases those that are closed, as indexed, and whether a recording of theirs ended; to find work, never for evidence."""
    found: dict[str, bool] = {}
    with transaction(using.index, writes=False) as connection:
        for at in range(0, len(cases), _ASKED_AT_ONCE):
            found |= _records.closed_cases(connection, tenant, cases[at : at + _ASKED_AT_ONCE])
    return found


def read_retentions(using: VaultPorts, tenant: TenantId, case: CaseRef) -> Sequence[RetentionRow]:
    """The case's retention rows as indexed, in ledger order."""
    with transaction(using.index, writes=False) as connection:
        return _records.case_retentions(connection, tenant, case)


def cases_with(using: VaultPorts, tenant: TenantId, *types: EventType, before: datetime) -> Sequence[CaseRef]:
    """The cases with events of every one of `types`, the last of them before `before`, as indexed; to find work, never for evidence."""
    with transaction(using.index, writes=False) as connection:
        found = _records.cases_with(connection, tenant, [kind.value for kind in types], instant_text(before))
    return [CaseRef(case) for case in found]


def indexed_events(using: VaultPorts, tenant: TenantId, case: CaseRef) -> Sequence[EventRow]:
    """Where the case's events are in the ledger, as indexed; the caller checks them against the ledger."""
    with transaction(using.index, writes=False) as connection:
        return _records.case_events(connection, tenant, case)


def scan_case(using: VaultPorts, tenant: TenantId, case: CaseRef, *, start: int = 0) -> list[tuple[int, Event]]:
    """The case's events and their positions from the ledger alone, reading every entry from `start` on."""
    found = scan_ledger(using, f'"case":"{case}"'.encode(), start=start)
    return [(position, event) for position, event in found if event.case == case and event.tenant == tenant]


def scan_ledger(using: VaultPorts, mark: bytes, *, start: int = 0, any_of: Sequence[bytes] = ()) -> Iterator[tuple[int, Event]]:
    """Every event whose entry holds `mark`, with its position, reading the whole ledger from `start` on; the index is not asked.

    With `any_of` the entry must hold one of those too.
    """
    size = using.ledger.size
    while start < size:
        entries = _read(using, start, min(BATCH_ENTRIES, size - start))
        for offset, entry in enumerate(entries):
            if mark in entry and (not any_of or any(each in entry for each in any_of)):
                yield start + offset, parse_entry(entry, start + offset)
        start += len(entries)


def scan_back(using: VaultPorts, mark: bytes) -> Iterator[tuple[int, Event]]:
    """As `scan_ledger` from the ledger's end to its beginning, the newest first."""
    end = using.ledger.size
    while end > 0:
        start, found = max(0, end - BATCH_ENTRIES), list[tuple[int, bytes]]()
        while start + len(found) < end:
            at = start + len(found)
            found += enumerate(_read(using, at, end - at), at)
        yield from ((position, parse_entry(entry, position)) for position, entry in reversed(found) if mark in entry)
        end = start


def _read(using: VaultPorts, start: int, count: int) -> Sequence[bytes]:
    entries = using.ledger.read(start, count)
    if not entries:
        raise IntegrityError(f"the ledger does not return entry {start}: run `jianlu ledger fsck`")
    return entries
