"""The use case: the two recordings of a case are compared, and what was found becomes an event of the case. After the call, once.

Nothing is changed or merged: the first recording stays the one that is judged, the second is what an auditor can hold against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from jianlu.capture.recording.live.reconcile import OpenedSegment, Reconciliation, reconcile
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType


class ReadableLog(Protocol):
    """One case's events, its objects, and the right to append. `vault.case_log.CaseLog` is one."""

    @property
    def events(self) -> Sequence[Event]:
        """The case's events in order."""
        ...

    def open_object(self, object: str, version: int | None = None) -> bytes:
        """The plaintext of an object that the events name."""
        ...

    def append(self, type: EventType, body: Mapping[str, Any]) -> Event:
        """Record an event."""
        ...


def reconcile_recorders(log: ReadableLog) -> Reconciliation | None:
    """Compare and record, unless it was done before; None when the case has no second recording. Raises as opening an object does."""
    kinds = {event.type for event in log.events}
    if EventType.SEGMENT_MIRRORED not in kinds or EventType.RECORDERS_RECONCILED in kinds:
        return None
    gaps = [
        (event.body["from_ms"], event.body["to_ms"], event.body["side"])
        for event in log.events
        if event.type is EventType.GAP_DECLARED
    ]
    found = reconcile(_segments(log, EventType.SEGMENT_SEALED), _segments(log, EventType.SEGMENT_MIRRORED), gaps)
    log.append(EventType.RECORDERS_RECONCILED, asdict(found))
    return found


def _segments(log: ReadableLog, type: EventType) -> list[OpenedSegment]:
    return [
        OpenedSegment(
            event.body["from_ms"],
            event.body["to_ms"],
            lambda body=event.body: log.open_object(body["object"], body["version"]),  # type: ignore[misc]
        )
        for event in log.events
        if event.type is type and event.body["no"] > 0
    ]
