"""DER (X.690), read strictly: one spelling of each value, definite and minimal lengths, nothing left over.

Only what time-stamp tokens and certificates need. Values are slices of the input, so that what was signed is hashed as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from jianlu.core.errors import InvalidError

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31
CONTEXT = 0x80
"""Context-specific class; with `CONSTRUCTED` for values that hold values."""

CONSTRUCTED = 0x20
VALUES_MAX = 100_000
_LENGTH_BYTES_MAX = 4
_INTEGER_BYTES_MAX = 1025
"""A modulus of 8192 bits begins with a zero byte, its first bit being set."""


@dataclass(frozen=True, slots=True)
class Der:
    """One value: its tag byte, its content, and the whole of it as it was encoded."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> tuple[Der, ...]:
        """The values inside; InvalidError unless it is constructed and they fill it exactly."""
        if not self.tag & CONSTRUCTED:
            raise InvalidError("a DER value that must hold others is primitive")
        return tuple(_values(self.content))

    def several(self, least: int, most: int) -> tuple[Der, ...]:
        """The values inside; InvalidError unless they are at least `least` and at most `most`."""
        found = self.children()
        if not least <= len(found) <= most:
            raise InvalidError("a DER value lacks a field or has one too many")
        return found

    @property
    def first(self) -> Der:
        """The first value inside; InvalidError when there is none."""
        return self.several(1, VALUES_MAX)[0]

    def of(self, tag: int) -> Der:
        """Itself; InvalidError when it has another tag."""
        if self.tag != tag:
            raise InvalidError(f"a DER value has tag {self.tag:#x} where {tag:#x} belongs")
        return self

    def inner(self) -> Der:
        """The one value inside, as of an explicit tag."""
        return self.several(1, 1)[0]

    def integer(self) -> int:
        """The INTEGER, minimally encoded."""
        content = self.of(INTEGER).content
        is_padded = len(content) > 1 and ((content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80))
        if not 0 < len(content) <= _INTEGER_BYTES_MAX or is_padded:
            raise InvalidError("a DER integer is empty, too long or padded")
        return int.from_bytes(content, "big", signed=True)

    def oid(self) -> str:
        """The OBJECT IDENTIFIER in dotted form."""
        content = self.of(OID).content
        if not content or content[-1] & 0x80 or len(content) > 64:
            raise InvalidError("a DER object identifier is malformed")
        arcs, value, begins = [], 0, True
        for byte in content:
            if begins and byte == 0x80:
                raise InvalidError("a DER object identifier is padded")
            value, begins = value << 7 | byte & 0x7F, not byte & 0x80
            if begins:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))

    def bits(self) -> bytes:
        """The BIT STRING, of whole bytes."""
        content = self.of(BIT_STRING).content
        if not content or content[0] != 0:
            raise InvalidError("a DER bit string is not of whole bytes")
        return content[1:]

    def truth(self) -> bool:
        """The BOOLEAN."""
        content = self.of(BOOLEAN).content
        if content not in (b"\x00", b"\xff"):
            raise InvalidError("a DER boolean is neither true nor false")
        return content == b"\xff"

    def instant(self) -> datetime:
        """The UTCTime or GeneralizedTime, in UTC, as RFC 5280 and RFC 3161 write them: with seconds, `Z`, no trailing zeroes."""
        text = self.content.decode("ascii", "replace")
        if self.tag == UTC_TIME and len(text) == 13:
            text = ("19" if text[:2] >= "50" else "20") + text
        elif self.tag != GENERALIZED_TIME:
            raise InvalidError("a DER time is neither UTCTime nor GeneralizedTime")
        whole, dot, fraction = text.removesuffix("Z").partition(".")
        is_formed = text.endswith("Z") and len(whole) == 14 and text.isascii() and whole.isdigit()
        if not is_formed or (dot and not (fraction.isdigit() and not fraction.endswith("0") and len(fraction) <= 9)):
            raise InvalidError("a DER time is malformed")
        try:
            moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise InvalidError("a DER time is no real date and time") from error
        return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")) if fraction else 0)


def parse_der(content: bytes) -> Der:
    """The one value that `content` is; InvalidError for anything else, however small the deviation."""
    found = tuple(_values(content))
    if len(found) != 1:
        raise InvalidError("bytes are not exactly one DER value")
    return found[0]


def _values(content: bytes) -> Iterator[Der]:
    at = 0
    while at < len(content):
        if at + 2 > len(content) or content[at] & 0x1F == 0x1F:
            raise InvalidError("a DER value is cut short, or has a tag of several bytes")
        start, length = at + 2, content[at + 1]
        if length >= 0x80:
            count = length & 0x7F
            length = int.from_bytes(content[start : start + count], "big")
            if not 0 < count <= _LENGTH_BYTES_MAX or length < 0x80 or length >> 8 * (count - 1) == 0:
                raise InvalidError("a DER length is indefinite, too long or not minimal")
            start += count
        end = start + length
        if end > len(content):
            raise InvalidError("a DER value is cut short")
        yield Der(content[at], content[start:end], content[at:end])
        at = end
