"""What capture needs from outside: the case's evidence log. `vault.case_log.CaseLog` is one; `tests/fakes/capture` has another.

No implementation is here, and capture names none: the caller hands one over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType


class EvidenceLog(Protocol):
    """One case's events and sealed objects, in the order in which they were recorded. Used from one thread."""

    @property
    def events(self) -> Sequence[Event]:
        """The case's events 0, 1, 2, ..., all durable, those of an earlier process included."""
        ...

    def append(self, type: EventType, body: Mapping[str, Any]) -> Event:
        """Record an event; durable on return. UnavailableError when it may not be."""
        ...

    def seal_and_append(
        self, type: EventType, object: str, plaintext: bytes, body: Mapping[str, Any], *, part: str = ""
    ) -> Event:
        """Seal `plaintext` as `object`, then record the event that names it; both durable on return.

        The object part (object, version, sealed, bytes, commit) joins `body` itself or, with `part`, becomes that field of it. A crash in
        between leaves no event, and the next try replaces the object. UnavailableError when either may not be durable.
        """
        ...

    def salt(self, label: str) -> bytes:
        """The salt of the commitment `label` (`<event n>/<field path>`); the same after a restart. ConflictError once shredded."""
        ...

    def abandon(self, reason: str) -> object:
        """Record that the recording was abandoned, for the code `reason`, then destroy the case's keys and objects."""
        ...


@dataclass(frozen=True, slots=True)
class CapturePorts:
    """What the capture use cases work with."""

    log: EvidenceLog
