"""Reading ISO base media boxes (ISO/IEC 14496-12, 4.2) of the recorder's own segments, and writing them back with other content.

The bytes were opened from the vault, so they are ours; what does not keep the form is still refused, never guessed at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from jianlu.core.errors import InvalidError

_HEAD = struct.Struct(">I4s")


@dataclass(frozen=True, slots=True)
class Box:
    """The box `kind` whose content is bytes [start, end) of what it was read from; its header begins at `at`."""

    kind: bytes
    at: int
    start: int
    end: int


def boxes_in(content: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that fill [start, end) of `content`, in order; raises InvalidError when they do not fill it exactly."""
    stop = len(content) if end is None else end
    if stop > len(content):
        raise InvalidError("a recorded segment ends in the middle of a box")
    while start < stop:
        if stop - start < _HEAD.size:
            raise InvalidError("a recorded segment ends in the middle of a box")
        length, kind = _HEAD.unpack_from(content, start)
        header = _HEAD.size
        if length == 1 and stop - start >= header + 8:
            length, header = int.from_bytes(content[start + 8 : start + 16]), 16
        if not header <= length <= stop - start:
            raise InvalidError("a box of a recorded segment has an impossible length")
        yield Box(kind, start, start + header, start + length)
        start += length


def child_of(content: bytes, parent: Box, *path: bytes) -> Box:
    """The first box at `path` below `parent`; raises InvalidError when there is none."""
    found = parent
    for kind in path:
        inner = next((box for box in boxes_in(content, found.start, found.end) if box.kind == kind), None)
        if inner is None:
            raise InvalidError(f"a recorded segment lacks the box {kind.decode('latin-1')}")
        found = inner
    return found


def whole_at(content: bytes, at: int, length: int = 4) -> int:
    """The unsigned number in `length` bytes at `at`; raises InvalidError beyond the end."""
    part = content[at : at + length]
    if len(part) != length:
        raise InvalidError("a box of a recorded segment is cut short")
    return int.from_bytes(part)


def box_bytes(kind: bytes, *content: bytes) -> bytes:
    """The box `kind` around `content`."""
    return b"".join((_HEAD.pack(_HEAD.size + sum(map(len, content)), kind), *content))
