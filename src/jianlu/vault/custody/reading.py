"""What the ledger says of cases that are to be destroyed: their own last events, their custody, and its own time. One reading of it all.

Nothing here asks the index: a row that was edited or deleted neither frees nor shortens anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.custody import Refusal, refusal_of, started_part
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import parse_instant
from jianlu.vault.custody.time_reading import LeapFinder, LedgerTime, TimeReading
from jianlu.vault.index import BATCH_ENTRIES, parse_entry
from jianlu.vault.ports import VaultPorts

CASES_MAX = 50
"""Cases that one act destroys: as many as two people look through."""

_AT = slice(7, 31)
"""Where an entry has its instant: `at` is the first key of its canonical form."""


@dataclass(frozen=True, slots=True)
class CaseCustody:
    """A case by the ledger: its own events, positions beside them, and those of its custody chain."""

    case: tuple[tuple[int, Event], ...]
    custody: tuple[tuple[int, Event], ...]

    @property
    def events(self) -> tuple[Event, ...]:
        """The case's own events."""
        return tuple(event for _, event in self.case)

    @property
    def custody_events(self) -> tuple[Event, ...]:
        """The events of its custody chain."""
        return tuple(event for _, event in self.custody)

    @property
    def started(self) -> Event | None:
        """The event by which its destruction began; None while it did not."""
        return next((event for event in self.custody_events if event.type is EventType.DESTRUCTION_STARTED), None)

    @property
    def completed(self) -> Event | None:
        """The event by which its destruction ended; None while it did not."""
        return next((event for event in self.custody_events if event.type is EventType.DESTRUCTION_COMPLETED), None)

    def part_started(self, part: str) -> Event | None:
        """The event by which the destruction of that part of it began; None while it did not."""
        return started_part(self.custody_events, part)

    def refusal(self, reading: TimeReading, *, part: str = "") -> Refusal | None:
        """Why it, or that part of it, may not be destroyed now; None when it may. Its own reasons come before the clock's."""
        found = refusal_of(self.events, self.custody_events, parse_instant(reading.clock), part=part)
        if found is None and not reading.is_trusted:
            return Refusal.CLOCK
        return found or refusal_of(self.events, self.custody_events, reading.counts, part=part)


def read_custody(using: VaultPorts, tenant: TenantId, cases: Collection[str]) -> tuple[Mapping[str, CaseCustody], LedgerTime]:
    """Each of `cases` by every entry of the ledger, and the ledger's own time; reads it whole, once for all of them.

    IntegrityError when the ledger cannot be read to its end, or an entry is no event: then nothing is known, and nothing may be destroyed.
    """
    marks = [f'"{case}"'.encode() for case in cases]
    own: dict[str, list[tuple[int, Event]]] = {case: [] for case in cases}
    about: dict[str, list[tuple[int, Event]]] = {case: [] for case in cases}
    leaps, position, size = LeapFinder(), 0, using.ledger.size
    while position < size:
        entries = using.ledger.read(position, min(BATCH_ENTRIES, size - position))
        if not entries:
            raise IntegrityError(f"the ledger does not return entry {position}: run `jianlu ledger fsck`")
        for entry in entries:
            leaps.take(entry[_AT].decode("ascii", "replace"))
            if any(mark in entry for mark in marks):
                _sort_in(parse_entry(entry, position), position, tenant, own, about)
            position += 1
    found = {case: CaseCustody(tuple(own[case]), tuple(about[case])) for case in cases}
    return found, LedgerTime(size - 1, leaps.newest, leaps.leapt_at)


def _sort_in(
    event: Event,
    position: int,
    tenant: TenantId,
    own: dict[str, list[tuple[int, Event]]],
    about: dict[str, list[tuple[int, Event]]],
) -> None:
    if event.tenant != tenant:
        return
    if event.case in own:
        own[event.case].append((position, event))
    of = event.body.get("of")
    if of in about and event.type.value.startswith("custody:"):
        about[of].append((position, event))
