"""The rules of custody (`specs/custody.md`, version 1), pure: what stands over a case, until when it is kept, whether it may be destroyed.

They are folds over ledger events, so that the vault, which obeys them, and a stranger's verifier, which checks that it did, share them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import OPEN, KeptUntil, has_day, part_kept, settled, stated_days
from jianlu.core.terms.events import EventType

LAST_ZONE = timedelta(hours=12)
"""A day has ended when it has ended everywhere: twelve hours west of Greenwich is where it ends last."""


class Refusal(StrEnum):
    """Why a case may not be destroyed; the words of `custody:destruction:refused`."""

    OPEN = "open"
    HOLD = "hold"
    RETENTION = "retention"
    CLOCK = "clock"


def standing_holds(events: Iterable[Event]) -> tuple[str, ...]:
    """The ids of the holds that stand after these events of one case, in the order in which they were placed."""
    standing: dict[str, None] = {}
    for event in events:
        if event.type is EventType.HOLD_PLACED:
            standing.setdefault(event.body["hold"])
        elif event.type is EventType.HOLD_LIFTED:
            standing.pop(event.body["hold"], None)
    return tuple(standing)


def kept_until(events: Iterable[Event]) -> KeptUntil | None:
    """The latest end that the events of the case and of its custody state: stated days settle terms, extensions lengthen, nothing shortens.

    None when no event states one: then the case is kept without end. InvalidError for an end that is no date.
    """
    found: KeptUntil | None = None
    for end in ends_of(events):
        if end.until == OPEN:
            return end
        if found is None or end.until > found.until:
            found = end
    return found


def part_kept_until(part: str, events: Iterable[Event]) -> KeptUntil | None:
    """As `kept_until`, of one part of the case: its own terms, and every extension, which keeps the case with all its parts."""
    known = list(events)
    if not any(event.type is EventType.RETENTION_SET and event.body.get("part") == part for event in known):
        return None
    return kept_until(event for event in known if event.type is not EventType.RETENTION_SET or event.body.get("part") == part)


def kept_of(events: Iterable[Event], part: str) -> KeptUntil | None:
    """`part_kept_until` of that part, `kept_until` of the whole case where `part` is empty."""
    return part_kept_until(part, events) if part else kept_until(events)


def ends_of(events: Iterable[Event]) -> list[KeptUntil]:
    """The end of every part, as the days that were stated settle it, and of every extension. InvalidError for an end that is no date."""
    known = list(events)
    days, found = stated_days(known), []
    for event in known:
        if event.type is EventType.RETENTION_SET:
            found.append(settled(part_kept(event.body), days))
        elif event.type is EventType.RETENTION_EXTENDED:
            found.append(KeptUntil(str(event.body.get("until")), ""))
    if not all(each.until == OPEN or has_day(each.until) for each in found):
        raise InvalidError("an event says no day until which the case is kept: look for a newer version")
    return found


def started_part(custody: Iterable[Event], part: str) -> Event | None:
    """The event of the custody chain by which the destruction of that part began; None while it did not."""
    kind = EventType.PART_DESTRUCTION_STARTED
    return next((event for event in custody if event.type is kind and event.body.get("part") == part), None)


def completed_part(custody: Iterable[Event], part: str) -> Event | None:
    """The event of the custody chain by which the destruction of that part was completed; None while it was not."""
    kind = EventType.PART_DESTRUCTION_COMPLETED
    return next((event for event in custody if event.type is kind and event.body.get("part") == part), None)


def has_ended(until: str, at: datetime) -> bool:
    """Whether the day `until` has ended at the instant `at` in every time zone; never for a day that is `open`."""
    return until != OPEN and has_day(until) and (at - LAST_ZONE).date() > date.fromisoformat(until)


def is_closed(events: Sequence[Event]) -> bool:
    """Whether the case's own events end with its closing."""
    return bool(events) and events[-1].type is EventType.CASE_CLOSED


def refusal_of(case: Sequence[Event], custody: Sequence[Event], at: datetime, *, part: str = "") -> Refusal | None:
    """Why the case with these events, or that part of it, may not be destroyed at `at`; None when it may.

    `case` are its own events or, of a long one, those from the first `case:retention:set` on; `custody` are all of its custody chain.
    """
    if not is_closed(case):
        return Refusal.OPEN
    if standing_holds(custody):
        return Refusal.HOLD
    kept = kept_of([*case, *custody], part)
    if kept is None or not has_ended(kept.until, at):
        return Refusal.RETENTION
    return None
