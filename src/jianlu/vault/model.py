"""The vault's frozen values and the rules about names: drafts, receipts of sealing, where blobs lie, object parts of events.

Pure; what is stored in a database row is in `_tables`, what happens is in the verb-named modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase, RawIOBase
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.segment import VERSION_MAX, object_context, sealed_length, version_text
from jianlu.core.terms.digests import is_digest
from jianlu.core.terms.ids import ObjectId, TenantId, object_id
from jianlu.core.terms.suites import Suite

_UNIT = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")

Plaintext = bytes | bytearray | memoryview | BufferedIOBase | RawIOBase
"""What can be sealed: bytes in memory, or a binary stream that is read to its end once."""

_RESEALED = re.compile(r"\.v[0-9]+\.r[0-9]+\.(?:sealed|key)$")
_PART_FIELDS = frozenset({"object", "version", "sealed", "bytes", "plain_bytes", "commit"})
PART_NAMES = _PART_FIELDS | {"class", "level", "reason", "place", "within", "confined_by"}
"""Every field that an object part may have: an event that its part is joined with has none of them of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object belongs: tenant, shred unit (a case reference, today), object id and version from 1.

    `form` is 0 as it was sealed first, and ascends as it is sealed anew (`reseal.py`): each form has a blob and a key of its own.
    """

    tenant: TenantId
    unit: str
    object: ObjectId
    version: int
    form: int = 0

    def context(self, suite: Suite) -> bytes:
        """The bytes that bind the sealed object to this place and suite; raises InvalidError for malformed names."""
        names = {"tenant": self.tenant, "unit": self.unit, "object": self.object}
        return object_context(**names, version=self.version, form=self.form, suite=suite)

    @property
    def version_text(self) -> str:
        """Version and form as names and contexts have them."""
        return version_text(self.version, self.form)

    @property
    def numbered(self) -> tuple[ObjectId, int, int]:
        """Object, version and form: what tells it from the others of its unit."""
        return self.object, self.version, self.form

    @property
    def blob_name(self) -> str:
        """The sealed object's name in the blob store."""
        return f"{self.tenant}/{self.unit}/{self.object}.v{self.version_text}.sealed"

    @property
    def key_name(self) -> str:
        """The wrapped object key's name in the key store."""
        return f"{self.tenant}/{self.unit}/{self.object}.v{self.version_text}.key"


@dataclass(frozen=True, slots=True)
class Draft:
    """Plaintext to be sealed: bytes, or a readable binary stream that is consumed once (its length need not be known)."""

    place: Place
    content: Plaintext


@dataclass(frozen=True, slots=True)
class Sealed:
    """Receipt: the object is durable. `sealed_digest` is of the object's bytes; `plain_digest`, of the plaintext, is never published."""

    place: Place
    sealed_digest: str
    sealed_bytes: int
    plain_digest: str
    plain_bytes: int


@dataclass(frozen=True, slots=True)
class ObjectPart:
    """What an event says of one sealed object; `field` is its path in the body, empty for the body itself.

    `within` are the areas in which copies may be kept, joined by `+` (empty: anywhere), `confined_by` the clause that says so.
    """

    field: str
    object: ObjectId
    version: int
    sealed_digest: str
    sealed_bytes: int
    plain_bytes: int
    commitment: str
    within: str = ""
    confined_by: str = ""

    @property
    def salt_label(self) -> str:
        """The field path of the commitment, the second half of a salt's label."""
        return f"{self.field}.commit" if self.field else "commit"


def is_resealed(name: str) -> bool:
    """Whether a blob name, of an object or its key, is that of a form that was sealed anew."""
    return _RESEALED.search(name) is not None


def check_unit(unit: str) -> str:
    """`unit` when it is a shred unit's name; raises InvalidError otherwise."""
    if not _UNIT.fullmatch(unit):
        raise InvalidError("a shred unit is 1 to 64 lower-case letters, digits or hyphens")
    return unit


def part_body(sealed: Sealed, commitment: str, label: Mapping[str, Any]) -> dict[str, Any]:
    """The object part of an event body, as `specs/event.md` has it; `label` is its class, level and place."""
    return {
        **label,
        "object": sealed.place.object,
        "version": sealed.place.version,
        "sealed": sealed.sealed_digest,
        "bytes": sealed.sealed_bytes,
        "plain_bytes": sealed.plain_bytes,
        "commit": commitment,
    }


def object_parts(event: Event) -> Iterator[ObjectPart]:
    """The sealed objects that `event` names: in its body and, one level down, in the body's fields.

    Raises InvalidError when a part is malformed.
    """
    if set(event.body) >= _PART_FIELDS:
        yield _part("", event.body)
    for field, value in event.body.items():
        if isinstance(value, dict) and set(value) >= _PART_FIELDS:
            yield _part(field, value)


def _part(field: str, fields: Mapping[str, Any]) -> ObjectPart:
    version, sealed_bytes, plain_bytes = fields["version"], fields["bytes"], fields["plain_bytes"]
    if not (_is_count(version) and 1 <= version <= VERSION_MAX):
        raise InvalidError("an event's object part has a malformed version")
    if not (_is_count(sealed_bytes) and _is_count(plain_bytes) and sealed_bytes == sealed_length(plain_bytes)):
        raise InvalidError("an event's object part has sizes that no sealed object has")
    if not (isinstance(fields["object"], str) and is_digest(fields["sealed"]) and is_digest(fields["commit"])):
        raise InvalidError("an event's object part has a malformed id, digest or commitment")
    return ObjectPart(
        field=field,
        object=object_id(fields["object"]),
        version=version,
        sealed_digest=fields["sealed"],
        sealed_bytes=sealed_bytes,
        plain_bytes=plain_bytes,
        commitment=fields["commit"],
        within=_label(fields, "within"),
        confined_by=_label(fields, "confined_by"),
    )


def _label(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise InvalidError(f"an event's object part has a malformed {name}")
    return value


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
