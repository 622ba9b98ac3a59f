"""Ledger events: `specs/event.md`, version 1.

An event is one canonical JSON object of at most `EVENT_BYTES_MAX` bytes: who it belongs to (tenant, case), its place in
the case (`n`, from 0 without holes, and `prev`, the digest of the case's event before), when, what kind, and a body of
digests, commitments, sizes and times. Never personal data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.limits import EVENT_BYTES_MAX
from jianlu.core.terms.digests import digest_of, is_digest
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId, case_ref, tenant_id
from jianlu.core.terms.instants import parse_instant

VERSION = 1
FIRST_PREV = "0" * 64
"""`prev` of a case's first event."""

_FIELDS = {"v", "type", "tenant", "case", "n", "prev", "at", "body"}
_TEXT = re.compile(r"^[\x20-\x7e]{0,200}$")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `content` are its canonical bytes, the ledger entry."""

    type: EventType
    tenant: TenantId
    case: CaseRef
    n: int
    prev: str
    at: str
    body: Mapping[str, Any]
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the entry: what the case's next event names as `prev`."""
        return digest_of(self.content)


def make_event(type: EventType, *, tenant: TenantId, case: CaseRef, n: int, prev: str, at: str, body: Mapping[str, Any]) -> Event:
    """A well-formed event; raises InvalidError when it would not parse back (size, form of a field, text outside ASCII)."""
    content = canonical_bytes(
        {"v": VERSION, "type": type.value, "tenant": tenant, "case": case, "n": n, "prev": prev, "at": at, "body": dict(body)}
    )
    return parse_event(content)


def parse_event(content: bytes) -> Event:
    """The event whose entry is `content`; raises InvalidError for anything that is not exactly version 1."""
    fields = parse_canonical(content, bytes_max=EVENT_BYTES_MAX)
    if not isinstance(fields, dict) or set(fields) != _FIELDS or fields["v"] != VERSION or isinstance(fields["v"], bool):
        raise InvalidError("a ledger entry is not a version 1 event")
    if not all(isinstance(fields[name], str) for name in ("type", "tenant", "case", "prev", "at")):
        raise InvalidError("an event's fields have the wrong type")
    if fields["type"] not in EventType._value2member_map_:
        raise InvalidError("an event is of a kind that this version does not know: use a newer version")
    n = fields["n"]
    if not isinstance(n, int) or isinstance(n, bool) or n < 0 or not is_digest(fields["prev"]):
        raise InvalidError("an event's place in its case is malformed")
    parse_instant(fields["at"])
    if not isinstance(fields["body"], dict):
        raise InvalidError("an event's body must be an object")
    _check_plain(fields["body"])
    return Event(
        type=EventType(fields["type"]),
        tenant=tenant_id(fields["tenant"]),
        case=case_ref(fields["case"]),
        n=n,
        prev=fields["prev"],
        at=fields["at"],
        body=fields["body"],
        content=content,
    )


def check_chain(events: Sequence[Event]) -> None:
    """Raise IntegrityError, naming the first hole, unless `events` are one case's events 0, 1, 2, ... each naming the one before."""
    prev = FIRST_PREV
    for expected, event in enumerate(events):
        if event.n != expected or event.prev != prev or event.case != events[0].case or event.tenant != events[0].tenant:
            raise IntegrityError(f"the case's events are not one chain: event {expected} is missing, doubled or altered")
        prev = event.digest


def _check_plain(value: Any) -> None:
    """Bodies hold printable ASCII only: codes, digests and numbers, no room for names or speech."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_plain(key)
            _check_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_plain(inner)
    elif isinstance(value, str) and not _TEXT.fullmatch(value):
        raise InvalidError("an event's body holds text that is not a short printable ASCII code")
