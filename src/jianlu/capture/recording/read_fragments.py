"""Samples out of our own movie fragments: the inverse of `fragment.py`, for comparing recordings. Files of strangers are read elsewhere.

Only the boxes and flags that `fragment.py` writes are understood; anything else is InvalidError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from jianlu.core.errors import InvalidError

_TRUN_FLAGS = 0x000F01
_BROKEN = "a segment is not one that a recorder wrote: verify the recording"


def read_samples(segment: bytes) -> dict[int, list[tuple[int, bytes]]]:
    """For each track number the samples of `segment` in decode order: presentation time in ticks, and payload."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    try:
        for kind, at, end in _boxes(segment, 0, len(segment)):
            if kind == b"moof":
                _read_moof(segment, at, end, found)
    except (struct.error, KeyError) as error:
        raise InvalidError(_BROKEN) from error
    return found


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the boxes in [start, end)."""
    at = start
    while at < end:
        size, kind = struct.unpack_from(">I4s", content, at)
        if size < 8 or at + size > end:
            raise InvalidError(_BROKEN)
        yield kind, at, at + size
        at += size


def _read_moof(content: bytes, moof: int, end: int, found: dict[int, list[tuple[int, bytes]]]) -> None:
    for kind, at, stop in _boxes(content, moof + 8, end):
        if kind != b"traf":
            continue
        inner = {name: start for name, start, _ in _boxes(content, at + 8, stop)}
        (number,) = struct.unpack_from(">I", content, inner[b"tfhd"] + 12)
        (decode_time,) = struct.unpack_from(">Q", content, inner[b"tfdt"] + 12)
        flags, count, offset = struct.unpack_from(">IIi", content, inner[b"trun"] + 8)
        if flags & 0xFFFFFF != _TRUN_FLAGS:
            raise InvalidError(_BROKEN)
        row, position = inner[b"trun"] + 20, moof + offset
        for _ in range(count):
            duration, size, _, shift = struct.unpack_from(">IIII", content, row)
            if position + size > len(content):
                raise InvalidError(_BROKEN)
            found.setdefault(number, []).append((decode_time + shift, content[position : position + size]))
            decode_time += duration
            position += size
            row += 16
