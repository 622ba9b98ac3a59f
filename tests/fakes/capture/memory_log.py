"""An evidence log in memory: real events and commitments, objects as plain bytes. `tests/contract/capture` holds it to CaseLog."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from jianlu.core.errors import ConflictError
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.terms.digests import commitment_to, digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id

CASE = case_ref("c" + "a2" * 13)
TENANT = tenant_id("bank-a")


class MemoryLog:
    """Satisfies `capture.ports.EvidenceLog`."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._objects: dict[str, bytes] = {}
        self._is_shredded = False

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(self._events)

    def append(self, type: EventType, body: Mapping[str, Any]) -> Event:
        prev = self._events[-1].digest if self._events else FIRST_PREV
        event = make_event(
            type, tenant=TENANT, case=CASE, n=len(self._events), prev=prev, at="2026-11-22T09:30:00.000Z", body=body
        )
        self._events.append(event)
        return event

    def seal_and_append(
        self, type: EventType, object: str, plaintext: bytes, body: Mapping[str, Any], *, part: str = ""
    ) -> Event:
        salt = self.salt(f"{len(self._events)}/{part}.commit" if part else f"{len(self._events)}/commit")
        digest = digest_of(plaintext)
        sealed = {
            "object": object,
            "version": 1,
            "sealed": digest,
            "bytes": len(plaintext),
            "commit": commitment_to(digest, salt),
        }
        event = self.append(type, {**body, part: sealed} if part else {**body, **sealed})
        self._objects[object] = bytes(plaintext)
        return event

    def salt(self, label: str) -> bytes:
        if self._is_shredded:
            raise ConflictError("the case's keys were destroyed")
        return hashlib.sha256(b"salt of a fake " + label.encode()).digest()

    def abandon(self, reason: str) -> None:
        self.append(EventType.RECORDING_ABANDONED, {"reason": reason})
        self._objects.clear()
        self._is_shredded = True

    @property
    def is_shredded(self) -> bool:
        return self._is_shredded

    def open_object(self, object: str) -> bytes:
        return self._objects[object]

    def playable(self) -> bytes:
        """Init and segments in order: the MP4 that a package delivers."""
        return b"".join(self._parts())

    def _parts(self) -> Iterator[bytes]:
        yield self._objects["init"]
        yield from (self._objects[str(event.body["object"])] for event in self._events if event.type is EventType.SEGMENT_SEALED)
