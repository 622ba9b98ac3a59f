"""Sessions without a file: samples for the recorder, and a look into what it gives."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jianlu.capture.recording.model import (
    AudioShape,
    DeclaredGap,
    MediaSegment,
    Opening,
    Output,
    Sample,
    TrackFormat,
    VideoShape,
)
from jianlu.capture.recording.recorder import Recorder

VP8_SETUP = bytes((0, 10, 0x82, 2, 2, 2, 0, 0))
AVC_SETUP = bytes.fromhex("0164000bffe100046764000b01000468ebe3cb")
PICTURE = TrackFormat("picture", "h264", AVC_SETUP, 1000, VideoShape(160, 120))
SCREEN = TrackFormat("picture", "vp8", VP8_SETUP, 1000, VideoShape(160, 120))
AGENT = TrackFormat("agent", "aac", bytes.fromhex("1188"), 1000, AudioShape(48000, 1))
CUSTOMER = TrackFormat("customer", "aac", bytes.fromhex("1188"), 1000, AudioShape(48000, 1))


def frame(pts: int, *, is_sync: bool = False, size: int = 20) -> Sample:
    """A coded picture whose payload names its time, so that it is recognised in the output."""
    return Sample(pts, 40, is_sync, struct.pack(">q", pts).ljust(size, b"v"))


def sound(pts: int, duration: int = 20, trim: int = 0) -> Sample:
    """A coded stretch of sound."""
    return Sample(pts, duration, True, struct.pack(">q", pts).ljust(12, b"a"), trim)


def picture_times(until_ms: int, *, step_ms: int = 40, start_ms: int = 0) -> list[int]:
    """Presentation times in decode order, with two frames between reference frames: 0, 120, 40, 80, 240, 160, 200, ..."""
    times, at = [start_ms], start_ms
    while at + 3 * step_ms < until_ms:
        times += [at + 3 * step_ms, at + step_ms, at + 2 * step_ms]
        at += 3 * step_ms
    return times


def interleaved(*tracks: Iterable[Sample]) -> Iterator[tuple[int, Sample]]:
    """The samples of all tracks as a container stores them: by the highest time reached so far."""
    rows = []
    for index, samples in enumerate(tracks):
        reached = -(1 << 60)
        for order, sample in enumerate(samples):
            reached = max(reached, sample.pts)
            rows.append((reached, index, order, sample))
    rows.sort(key=lambda row: row[:3])
    return ((index, sample) for _, index, _, sample in rows)


@dataclass(frozen=True)
class Recorded:
    """All outputs of one recording, by kind."""

    outputs: list[Output]

    @property
    def init(self) -> bytes:
        return next(output.plaintext for output in self.outputs if isinstance(output, Opening))

    @property
    def segments(self) -> list[MediaSegment]:
        return [output for output in self.outputs if isinstance(output, MediaSegment)]

    @property
    def gaps(self) -> list[tuple[int, int, str, str]]:
        return [
            (output.from_ms, output.to_ms, output.reason.value, output.side)
            for output in self.outputs
            if isinstance(output, DeclaredGap)
        ]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        return [(segment.from_ms, segment.to_ms) for segment in self.segments]


def record(formats: list[TrackFormat], samples: Iterable[tuple[int, Sample]]) -> Recorded:
    """Everything a recorder gives for `samples`."""
    recorder = Recorder(formats)
    outputs = [output for index, sample in samples for output in recorder.push(index, sample)]
    return Recorded(outputs + recorder.finish())


@dataclass(frozen=True)
class Shown:
    """One sample as a fragment tells it: decode and presentation time in ticks, and its payload."""

    decoded_at: int
    shown_at: int
    lasts: int
    payload: bytes


def shown_in(plaintext: bytes) -> dict[int, list[Shown]]:
    """The samples of a segment by track number, read back from its boxes by an independent, minimal reader."""
    found: dict[int, list[Shown]] = {}
    for kind, start, size in _boxes(plaintext, 0, len(plaintext)):
        if kind == b"moof":
            for inner, inner_start, inner_size in _boxes(plaintext, start + 8, start + size):
                if inner == b"traf":
                    number, samples = _traf(plaintext, start, inner_start, inner_size)
                    found.setdefault(number, []).extend(samples)
    return found


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start < end:
        size, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start, size
        start += size


def _traf(content: bytes, moof: int, start: int, size: int) -> tuple[int, list[Shown]]:
    number = at = 0
    samples: list[Shown] = []
    for kind, inner, _ in _boxes(content, start + 8, start + size):
        if kind == b"tfhd":
            (number,) = struct.unpack_from(">I", content, inner + 12)
        elif kind == b"tfdt":
            (at,) = struct.unpack_from(">Q", content, inner + 12)
        elif kind == b"trun":
            count, offset = struct.unpack_from(">Ii", content, inner + 12)
            place = moof + offset
            for row in range(count):
                lasts, length, _, later = struct.unpack_from(">IIII", content, inner + 20 + 16 * row)
                samples.append(Shown(at, at + later, lasts, content[place : place + length]))
                at += lasts
                place += length
    return number, samples
