"""Until when the objects of a case must be locked where a store locks: by the terms of its events, by extensions and by holds.

A lock is only ever lengthened. A term that has no end yet, and a hold, are followed by a rolling lock that every scrub moves on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from jianlu.core.errors import InvalidError
from jianlu.core.formats.custody import LAST_ZONE, ends_of, standing_holds
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import OPEN, has_day
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.vault.index import scan_ledger
from jianlu.vault.ports import VaultPorts
from jianlu.vault.stores.copying import Named, objects_named

TERMS = (EventType.RETENTION_SET, EventType.RETENTION_EXTENDED, EventType.TRIGGER_STATED)
PLACED_HOLDS = (EventType.HOLD_PLACED, EventType.HOLD_LIFTED)
_NEVER = datetime.min.replace(tzinfo=UTC)
_MARKS = (b":retention:extended", b":trigger:stated", b":hold:placed", b":hold:lifted")


def end_of(day: str) -> datetime:
    """The instant at which `day` has ended in every time zone: a lock is never a day short."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC) + LAST_ZONE


def locked_until(events: Iterable[Event], *, rolling: datetime, part: str = "") -> datetime:
    """Until when the objects of the case with these events (its own and its custody's) must be locked; `rolling` where no end is known.

    Of a part that has terms of its own, by these: it may end before the case does. Of any other object, by the longest of the case.
    """
    known = list(events)
    own = [event for event in known if event.type is not EventType.RETENTION_SET or event.body.get("part") == part]
    days = _days(own if any(event.type is EventType.RETENTION_SET for event in own) else known)
    is_endless = not days or OPEN in days or bool(standing_holds(known))
    return max([rolling if is_endless else _NEVER, *(end_of(day) for day in days if day != OPEN)])


def _days(known: Sequence[Event]) -> list[str]:
    """The days until which the case is kept, `OPEN` among them; what a newer version wrote ends nothing, so that the lock goes on."""
    try:
        return [end.until for end in ends_of(known)]
    except InvalidError:
        said = [event.body.get("until") for event in known if event.type in TERMS]
        return [OPEN, *(until for until in said if isinstance(until, str) and has_day(until))]


def custody_by_case(using: VaultPorts, tenant: TenantId) -> Mapping[str, list[Event]]:
    """The extensions, stated days and holds of every case, by the ledger, which is read whole."""
    found: dict[str, list[Event]] = {}
    for _, event in scan_ledger(using, b"custody:", any_of=_MARKS):
        if event.tenant == tenant and event.type in (*TERMS, *PLACED_HOLDS):
            found.setdefault(str(event.body.get("of", "")), []).append(event)
    return found


def objects_of(events: Iterable[Event]) -> list[Named]:
    """Every object that these events name."""
    return [named for event in events for named in objects_named(event)]
