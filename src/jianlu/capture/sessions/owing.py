"""What is owed to the record: alarms that the ledger would not take when they were seen, kept until it does, also by the next process.

A ledger refuses because its disk is full or broken, and a file written then would be missing exactly when it is needed. So they are kept
in a reserve (`runtime/reserve.py`), whose place on the disk was taken before. Without one, or beyond it, they are in memory alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import InvalidError, UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.runtime.reserve import Reserve

Owed = tuple[EventType, dict[str, Any]]


class OwedBook:
    """What is owed by case, as it was last kept. Safe for threads."""

    def __init__(self, reserve: Reserve | None = None) -> None:
        """Begin with what an earlier process left in the reserve."""
        self._reserve = reserve
        self._lock = threading.Lock()
        self._rows: dict[str, list[Owed]] = _parsed(reserve.read()) if reserve is not None else {}

    def of(self, case: str) -> list[Owed]:
        """What is owed to the case's record."""
        with self._lock:
            return list(self._rows.get(case, ()))

    def keep(self, case: str, rows: Sequence[Owed]) -> None:
        """That is all that is owed to the case's record now. What a reserve does not take is in memory alone."""
        with self._lock:
            if self._rows.get(case, []) == list(rows):
                return
            self._rows[case] = list(rows)
            if not rows:
                del self._rows[case]
            if self._reserve is not None:
                with suppress(UnavailableError, InvalidError):
                    self._reserve.write(_text(self._rows))


def pay(live: LiveSession, book: OwedBook) -> None:
    """Record what is owed, in its order; raises as appending does, and what is still owed then is kept."""
    try:
        while live.owed:
            live.log.append(*live.owed[0])
            live.owed.pop(0)
    finally:
        book.keep(live.row.case, live.owed)
    live.catch_up()


def owed_still(rows: Iterable[Owed], events: Sequence[Event]) -> list[Owed]:
    """Those of `rows` that are not on the record: a process may have died after recording and before it noted so."""
    recorded = [(event.type, dict(event.body)) for event in events]
    return [row for row in rows if row not in recorded]


def alarms_with(alarms: Iterable[tuple[tuple[str, str], int]], rows: Iterable[Owed]) -> dict[tuple[str, str], int]:
    """The alarms that go on once `rows` are on the record too."""
    present = dict(alarms)
    for kind, body in rows:
        key = (str(body["code"]), str(body["track"]))
        if kind is EventType.HEALTH_ALARMED:
            present[key] = int(body["at_ms"])
        else:
            present.pop(key, None)
    return present


def _text(rows: dict[str, list[Owed]]) -> bytes:
    return json.dumps({case: [[kind.value, body] for kind, body in owed] for case, owed in rows.items()}).encode()


def _parsed(content: bytes) -> dict[str, list[Owed]]:
    """What was kept; nothing for what no version of this process wrote."""
    try:
        found = json.loads(content or b"{}")
        return {str(case): [_row(*row) for row in rows] for case, rows in found.items()}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return {}


def _row(kind: str, body: dict[str, Any]) -> Owed:
    """An alarm's beginning or end: nothing else is owed."""
    known = {EventType.HEALTH_ALARMED.value: EventType.HEALTH_ALARMED, EventType.HEALTH_CLEARED.value: EventType.HEALTH_CLEARED}
    return known[kind], {"code": str(body["code"]), "track": str(body["track"]), "at_ms": int(body["at_ms"])}
