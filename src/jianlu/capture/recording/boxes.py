"""ISO base media boxes as bytes (ISO/IEC 14496-12, 4.2): the two shapes that everything else is made of.

Writing only: boxes of files that strangers hand in are read by `capture.uploads`.
"""

from __future__ import annotations

import struct

IDENTITY_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The transformation of a picture that is shown as it was coded (16.16 and 2.30 fixed point)."""


def box(kind: bytes, *content: bytes) -> bytes:
    """The box `kind` around `content`; the size takes 32 bits, which a segment never exceeds."""
    length = 8 + sum(map(len, content))
    return b"".join((struct.pack(">I4s", length, kind), *content))


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """The box `kind` with a version and 24 flag bits before its content."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)
