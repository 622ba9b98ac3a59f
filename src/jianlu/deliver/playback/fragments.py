"""What is in a movie fragment: for each track its runs, and each sample's time, size and place (ISO/IEC 14496-12, 8.8).

Only the form that the recorder writes and that every player demands is read: offsets from the fragment's own start.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.deliver.playback.boxes import Box, boxes_in, child_of, whole_at

_BASE_OFFSET, _DESCRIPTION = 0x1, 0x2
_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x8, 0x10, 0x20
_DEFAULT_BASE_IS_MOOF = 0x20000
_OFFSET, _FIRST_FLAGS = 0x1, 0x4
_DURATION, _SIZE, _FLAGS, _COMPOSITION = 0x100, 0x200, 0x400, 0x800
_NON_SYNC = 0x10000


@dataclass(frozen=True, slots=True)
class CodedSample:
    """One coded frame: presentation time in the track's ticks, and bytes [at, at + size) of the segment."""

    pts: int
    at: int
    size: int
    is_sync: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A `trun` with its samples; `offset_at` is where its data offset is written in the segment."""

    offset_at: int
    samples: tuple[CodedSample, ...]

    @property
    def span(self) -> tuple[int, int]:
        """The bytes of its samples, which lie one after the other."""
        return self.samples[0].at, self.samples[-1].at + self.samples[-1].size


@dataclass(frozen=True, slots=True)
class TrackPart:
    """A `traf`: the part of the fragment that is track `number`'s."""

    number: int
    box: Box
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A `moof`, its header box, and the parts of its tracks; its `mdat` follows."""

    box: Box
    header: Box
    parts: tuple[TrackPart, ...]


def fragments_of(segment: bytes) -> Iterator[Fragment]:
    """The fragments of a media segment, in order; raises InvalidError for another form than the recorder's."""
    for box in boxes_in(segment):
        if box.kind == b"moof":
            inner = list(boxes_in(segment, box.start, box.end))
            parts = tuple(_part(segment, box, each, len(segment)) for each in inner if each.kind == b"traf")
            yield Fragment(box, child_of(segment, box, b"mfhd"), parts)


def begins_with_key_frame(head: bytes, number: int) -> bool | None:
    """Whether the first fragment, of which `head` are the first bytes, has a key frame of track `number`; None when `head` is too short."""
    try:
        moof = next(boxes_in(head, 0, whole_at(head, 0)), None)
    except InvalidError:
        return None
    if moof is None or moof.kind != b"moof":
        return None
    found = (_part(head, moof, each, None) for each in boxes_in(head, moof.start, moof.end) if each.kind == b"traf")
    return any(sample.is_sync for part in found if part.number == number for run in part.runs for sample in run.samples)


def first_fragment_bytes(head: bytes) -> int:
    """How long the first fragment, `moof` and `mdat`, is by its own account; 0 when `head` does not tell."""
    try:
        moof_bytes = whole_at(head, 0)
        return moof_bytes + whole_at(head, moof_bytes) if head[moof_bytes + 4 : moof_bytes + 8] == b"mdat" else 0
    except InvalidError:
        return 0


def samples_of(segment: bytes, number: int) -> list[CodedSample]:
    """The samples of track `number`, in decode order."""
    parts = (part for fragment in fragments_of(segment) for part in fragment.parts if part.number == number)
    return [sample for part in parts for run in part.runs for sample in run.samples]


@dataclass(frozen=True, slots=True)
class _Defaults:
    duration: int
    size: int
    flags: int


def _part(segment: bytes, moof: Box, traf: Box, length: int | None) -> TrackPart:
    """The part; its samples must lie within `length` bytes, unless only the head is known."""
    header = child_of(segment, traf, b"tfhd")
    flags = whole_at(segment, header.start) & 0xFFFFFF
    if flags & _BASE_OFFSET or not flags & _DEFAULT_BASE_IS_MOOF:
        raise InvalidError("a recorded segment counts its bytes from somewhere else than its own start")
    at = header.start + 8 + (4 if flags & _DESCRIPTION else 0)
    found = []
    for flag in (_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS):
        found.append(whole_at(segment, at) if flags & flag else 0)
        at += 4 if flags & flag else 0
    clock = child_of(segment, traf, b"tfdt")
    decode = whole_at(segment, clock.start + 4, 8 if whole_at(segment, clock.start, 1) == 1 else 4)
    runs: list[Run] = []
    for box in boxes_in(segment, traf.start, traf.end):
        if box.kind == b"trun":
            run, decode = _run(segment, moof, box, _Defaults(*found), decode)
            runs += [run] if run.samples else []
            if sum(len(each.samples) for each in runs) > len(segment):
                raise InvalidError("a recorded segment claims more samples than it has bytes")
    if length is not None and any(run.span[1] > length for run in runs):
        raise InvalidError("samples of a recorded segment lie beyond its end")
    return TrackPart(whole_at(segment, header.start + 4), traf, tuple(runs))


def _run(segment: bytes, moof: Box, trun: Box, defaults: _Defaults, decode: int) -> tuple[Run, int]:
    version, flags = whole_at(segment, trun.start, 1), whole_at(segment, trun.start) & 0xFFFFFF
    count = whole_at(segment, trun.start + 4)
    if not flags & _OFFSET:
        raise InvalidError("a run of a recorded segment does not say where its samples are")
    offset_at = trun.start + 8
    position = moof.at + whole_at(segment, offset_at)
    at = offset_at + 4
    first_flags = whole_at(segment, at) if flags & _FIRST_FLAGS else None
    at += 4 if first_flags is not None else 0
    present = [flag for flag in (_DURATION, _SIZE, _FLAGS, _COMPOSITION) if flags & flag]
    if at + 4 * len(present) * count > trun.end or count > len(segment):
        raise InvalidError("a run of a recorded segment is cut short")
    width = len(present)
    table = struct.unpack_from(f">{width * count}I", segment, at)
    columns = {flag: table[place::width] for place, flag in enumerate(present)}
    lasting = columns.get(_DURATION, (defaults.duration,) * count)
    sizes = columns.get(_SIZE, (defaults.size,) * count)
    marks = list(columns.get(_FLAGS, (defaults.flags,) * count))
    if first_flags is not None and marks and _FLAGS not in columns:
        marks[0] = first_flags
    shifts = columns.get(_COMPOSITION, (0,) * count)
    samples = []
    for lasts, size, mark, shift in zip(lasting, sizes, marks, shifts, strict=True):
        later = shift - (1 << 32) if version and shift >> 31 else shift
        samples.append(CodedSample(decode + later, position, size, not mark & _NON_SYNC))
        position += size
        decode += lasts
    return Run(offset_at, tuple(samples)), decode
