"""What a recorder hands to the desk: one entry is one event, with the object that it names, if any.

Entries have no numbers: a segment gets its number when it is delivered, so that nothing dropped before leaves a hole in the numbers.
They have a byte form for the spool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jianlu.core.errors import IntegrityError
from jianlu.core.terms.events import EventType

_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to be recorded. `plaintext` is sealed first, as `object`; a segment's object and number are given at delivery."""

    type: EventType
    body: Mapping[str, Any]
    object: str = ""
    plaintext: bytes = b""
    part: str = ""
    commits: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_sealed(self) -> bool:
        """Whether something is sealed with it."""
        return bool(self.plaintext)


def entry_bytes(entry: Entry) -> bytes:
    """`entry` as bytes."""
    fields = {
        "type": entry.type.value,
        "body": dict(entry.body),
        "object": entry.object,
        "part": entry.part,
        "commits": dict(entry.commits),
    }
    head = json.dumps(fields, separators=(",", ":")).encode()
    return len(head).to_bytes(_LENGTH_BYTES) + head + entry.plaintext


def entry_from(content: bytes) -> Entry:
    """The inverse of `entry_bytes`; IntegrityError for anything else."""
    try:
        end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES])
        fields = json.loads(content[_LENGTH_BYTES:end])
        kind = EventType(fields["type"])
        return Entry(kind, fields["body"], fields["object"], content[end:], fields["part"], fields["commits"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise IntegrityError("the spool holds something that no recorder wrote: keep it, and page a person") from error
