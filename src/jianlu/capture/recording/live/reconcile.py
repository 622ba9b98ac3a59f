"""Two recordings of one session against each other, segment by segment and track by track (`specs/live-recording.md`).

Both recorders place samples by the same arrivals but may differ by a little, so a sample at a border may lie in the neighbouring segment of
the other; it is looked for there too. Pure: the segments are handed in, opened.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from jianlu.capture.recording.read_fragments import read_samples
from jianlu.core.verdicts.ranges import Range, lies_in, outside, union_of

_WHOLE_SIDES = frozenset({"recorder", "source"})


@dataclass(frozen=True, slots=True)
class OpenedSegment:
    """A segment's stretch of the session, and how to get its plaintext."""

    from_ms: int
    to_ms: int
    open: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Counts of segments: compared, of these differing; filled by the second; gaps of the first that stay missing; `alone`, segments
    of the first for which there is no second, because that recorder was away.
    """

    compared: int
    differing: int
    filled: int
    missing: int
    alone: int


_Samples = Mapping[int, Counter[bytes]]
"""Digests of the payloads by track number."""


def reconcile(
    first: Sequence[OpenedSegment], second: Sequence[OpenedSegment], gaps: Sequence[tuple[int, int, str]]
) -> Reconciliation:
    """Compare; `gaps` are what the first declares missing: range and side. Segments of each come in time order."""
    compared = differing = 0
    covered = union_of((segment.from_ms, segment.to_ms) for segment in second)
    ours, theirs = _Window(first), _Window(second)
    for segment in first:
        stretch = (segment.from_ms, segment.to_ms)
        if not lies_in(covered, *stretch):
            continue
        compared += 1
        differing += _differs(ours, theirs, stretch)
    whole = [(low, high) for low, high, side in gaps if side in _WHOLE_SIDES]
    filled = sum(any(low < segment.to_ms and high > segment.from_ms for low, high in whole) for segment in second)
    missing = sum(bool(outside(covered, gap)) for gap in whole)
    return Reconciliation(compared, differing, filled, missing, alone=len(first) - compared)


def _differs(ours: _Window, theirs: _Window, stretch: Range) -> bool:
    """Whether a track has a sample in `stretch` that the other recording has not there or next to it."""
    return _lacks(theirs.around(stretch), ours.within(stretch)) or _lacks(ours.around(stretch), theirs.within(stretch))


def _lacks(known: _Samples, wanted: _Samples) -> bool:
    return any(samples - known.get(track, Counter()) for track, samples in wanted.items())


class _Window:
    """The samples of a few neighbouring segments, opened once each as the comparison moves on."""

    def __init__(self, segments: Sequence[OpenedSegment]) -> None:
        self._segments = segments
        self._starts = [segment.from_ms for segment in segments]
        self._ends = [segment.to_ms for segment in segments]
        self._opened: dict[int, _Samples] = {}

    def within(self, stretch: Range) -> _Samples:
        """Samples of the segments that lie wholly in `stretch`."""
        return self._sum([n for n, s in self._near(stretch) if stretch[0] <= s.from_ms and s.to_ms <= stretch[1]])

    def around(self, stretch: Range) -> _Samples:
        """Samples of the segments that touch `stretch`, and of their neighbours."""
        touching = [n for n, s in self._near(stretch) if s.from_ms <= stretch[1] and s.to_ms >= stretch[0]]
        return self._sum(touching)

    def _near(self, stretch: Range) -> list[tuple[int, OpenedSegment]]:
        low = bisect_left(self._ends, stretch[0])
        high = bisect_right(self._starts, stretch[1])
        return [(number, self._segments[number]) for number in range(low, high)]

    def _sum(self, numbers: Sequence[int]) -> _Samples:
        found: dict[int, Counter[bytes]] = {}
        for number in numbers:
            for track, samples in self._samples(number).items():
                found[track] = found.get(track, Counter()) + samples
        return found

    def _samples(self, number: int) -> _Samples:
        if number not in self._opened:
            for old in [each for each in self._opened if each < number - 3]:
                del self._opened[old]
            tracks = read_samples(self._segments[number].open())
            self._opened[number] = {
                track: Counter(sha256(payload).digest() for _, payload in samples) for track, samples in tracks.items()
            }
        return self._opened[number]
