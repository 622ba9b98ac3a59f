"""Movie fragments: `moof` and `mdat` for runs of samples (ISO/IEC 14496-12, 8.8).

A frame's decode time is the earliest presentation that still follows it, so no frame is shown before it is decoded and the
track needs no delay: presentation times stay exact without an edit list. (Signed offsets would do the same, and FFmpeg's
demuxer moves a whole fragmented track by the largest of them.)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from jianlu.capture.recording.boxes import box, full_box
from jianlu.capture.recording.model import Sample
from jianlu.core.errors import InvalidError

_DEFAULT_BASE_IS_MOOF = 0x020000
_TRUN = 0x000F01  # data offset; per sample: duration, size, flags, composition offset
_TICKS_MAX = 0xFFFFFFFF
_SYNC, _NON_SYNC = 0x02000000, 0x01010000


@dataclass(frozen=True, slots=True)
class Run:
    """Samples of track `number` in decode order without a hole; `shift` takes a pts to media time; it lasts until `end` (a pts)."""

    number: int
    shift: int
    samples: Sequence[Sample]
    end: int


def fragment(sequence: int, runs: Sequence[Run]) -> bytes:
    """One moof with the number `sequence` and its mdat, holding `runs` (at most one per track) one after the other.

    Raises InvalidError when a sample lasts, or is shown later than decoded, by more ticks than the format has room for.
    """
    tables = [_sample_table(run) for run in runs]
    starts = [min(sample.pts for sample in run.samples) + run.shift for run in runs]
    header_bytes = 8 + 16 + sum(8 + 16 + 20 + 20 + len(table) for table in tables)
    position, trafs = header_bytes + 8, []
    for run, table, start in zip(runs, tables, starts, strict=True):
        trafs.append(
            box(
                b"traf",
                full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF, struct.pack(">I", run.number)),
                full_box(b"tfdt", 1, 0, struct.pack(">Q", start)),
                full_box(b"trun", 0, _TRUN, struct.pack(">Ii", len(run.samples), position), table),
            )
        )
        position += sum(len(sample.payload) for sample in run.samples)
    moof = box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", sequence)), *trafs)
    payloads = [sample.payload for run in runs for sample in run.samples]
    return b"".join((moof, struct.pack(">I4s", 8 + sum(map(len, payloads)), b"mdat"), *payloads))


def _sample_table(run: Run) -> bytes:
    decode_times = _decode_times([sample.pts for sample in run.samples])
    following = [*decode_times[1:], run.end]
    rows = []
    for sample, at, after in zip(run.samples, decode_times, following, strict=True):
        if after - at > _TICKS_MAX or sample.pts - at > _TICKS_MAX:
            raise InvalidError("a frame lasts longer than a file can say: export the recording again")
        flags = _SYNC if sample.is_sync else _NON_SYNC
        rows.append(struct.pack(">IIII", after - at, len(sample.payload), flags, sample.pts - at))
    return b"".join(rows)


def _decode_times(shown: list[int]) -> list[int]:
    """A rising decode time for each presentation time of `shown` (decode order): the least that follows, ties spread out before it."""
    least = list(accumulate(reversed(shown), min))[::-1]
    times, start = list(least), 0
    while start < len(least):
        end = start
        while end < len(least) and least[end] == least[start]:
            end += 1
        if start and end - start > 1:
            before, count = least[start - 1], end - start
            times[start:end] = [before + (least[start] - before) * step // count for step in range(1, count + 1)]
        start = end
    return times
