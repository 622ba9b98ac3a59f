"""Writes a recording's events, or recognises those that an earlier, crashed run already wrote.

Capture is deterministic, so a resumed run produces the same outputs from the start. Each is compared with the event that
stands in its place (kind, times, and the commitment to its bytes); behind the last one, writing goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.capture.ports import EvidenceLog
from jianlu.core.errors import ConflictError
from jianlu.core.formats.event import Event
from jianlu.core.terms.digests import commitment_to, digest_of, opens
from jianlu.core.terms.events import EventType

_OURS = {
    EventType.RECORDING_STARTED,
    EventType.SEGMENT_SEALED,
    EventType.GAP_DECLARED,
    EventType.RECORDING_ENDED,
}
_OTHER_SOURCE = "the case holds the beginning of another recording: resume with the file it began with, or open a new case"


class Journal:
    """The events of one recording, old ones first."""

    def __init__(self, log: EvidenceLog) -> None:
        if any(event.type is EventType.RECORDING_ABANDONED for event in log.events):
            raise ConflictError("the recording of this case was abandoned: capture the new file under a new case")
        self._log = log
        self._earlier = [event for event in log.events if event.type in _OURS]
        self._at = 0

    @property
    def has_begun(self) -> bool:
        """Whether the case holds any part of the recording."""
        return bool(self._earlier) or self._at > 0

    def commitment(self, path: str, content: bytes) -> str:
        """The commitment to `content` at `path` of the next event."""
        earlier = self._expected()
        number = len(self._log.events) if earlier is None else earlier.n
        return commitment_to(digest_of(content), self._log.salt(f"{number}/{path}"))

    def seal(self, type: EventType, object: str, plaintext: bytes, body: Mapping[str, Any], *, part: str = "") -> None:
        """Seal `plaintext` and record the event, unless the event stands already; ConflictError when another stands there."""
        earlier = self._expected()
        if earlier is None:
            self._at += 1
            self._log.seal_and_append(type, object, plaintext, body, part=part)
            return
        named = earlier.body.get(part, {}) if part else earlier.body
        salt = self._log.salt(f"{earlier.n}/{part}.commit" if part else f"{earlier.n}/commit")
        is_same = isinstance(named, Mapping) and named.get("object") == object
        if not is_same or not opens(str(named.get("commit")), digest_of(plaintext), salt):
            raise ConflictError(_OTHER_SOURCE)
        self._recognise(earlier, type, body)

    def record(self, type: EventType, body: Mapping[str, Any]) -> None:
        """Record the event, unless it stands already; ConflictError when another stands there."""
        earlier = self._expected()
        if earlier is None:
            self._at += 1
            self._log.append(type, body)
        else:
            self._recognise(earlier, type, body)

    def _expected(self) -> Event | None:
        return self._earlier[self._at] if self._at < len(self._earlier) else None

    def _recognise(self, earlier: Event, type: EventType, body: Mapping[str, Any]) -> None:
        if earlier.type is not type or any(earlier.body.get(name) != value for name, value in body.items()):
            raise ConflictError(_OTHER_SOURCE)
        self._at += 1
