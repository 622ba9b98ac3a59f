"""One track's waiting samples: where they can be split without tearing reordered frames, and where they have holes.

A picture's frames arrive in decode order. A split is allowed only where everything before is shown before everything
after; the standards let at most 16 frames overtake (H.264 A.3.1, H.265 A.4.1), so 16 frames of look-ahead prove it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from statistics import median_low

from jianlu.capture.recording.model import Sample, TrackFormat
from jianlu.core.errors import InvalidError
from jianlu.core.limits import GAP_AUDIO_MS, GAP_FRAMES_PERMILLE

_REORDER_FRAMES = {"h264": 16, "hevc": 16}
_INTERVALS_KEPT = 63


@dataclass(frozen=True, slots=True)
class Hole:
    """Nothing between the end of one sample and the start of the next (ticks)."""

    from_pts: int
    to_pts: int


@dataclass(frozen=True, slots=True)
class Split:
    """A place to cut a lane: so many samples come before it; `last_pts` is shown before (if anything is), `next_pts` after."""

    count: int
    last_pts: int | None
    next_pts: int


class Lane:
    """The samples of one track that wait to be cut; `zero` is the session's start in the track's ticks, once it is known.

    `stored_ms` says how much of the session the file had stored when the track last had a sample.
    """

    def __init__(self, track: TrackFormat, number: int) -> None:
        self.track = track
        self.number = number
        self.zero = 0
        self.queue: deque[Sample] = deque()
        self.newest_pts: int | None = None
        self.taken_pts: int | None = None
        self.stored_ms = 0
        self.has_begun = False
        self.reorder = _REORDER_FRAMES.get(track.codec, 0)
        self._intervals: deque[int] = deque(maxlen=_INTERVALS_KEPT)
        self._nominal = max(1, track.timescale // (25 if track.kind == "video" else 50))

    def push(self, sample: Sample) -> None:
        """Add the next sample in decode order; raises InvalidError when it belongs to a time that was already cut."""
        is_late = self.taken_pts is not None and sample.pts < self.taken_pts
        is_backwards = not self.reorder and self.newest_pts is not None and sample.pts < self.newest_pts
        if is_late or is_backwards:
            at_s = self.ms(sample.pts) // 1000
            raise InvalidError(
                f"time stamps of track {self.track.track} go backwards near {at_s} s: export the recording as one piece"
            )
        self.queue.append(sample)
        self.newest_pts = sample.pts if self.newest_pts is None else max(self.newest_pts, sample.pts)

    def ms(self, pts: int) -> int:
        """Session time of `pts` in whole milliseconds, rounded down."""
        return (pts - self.zero) * 1000 // self.track.timescale

    @property
    def newest_ms(self) -> int:
        """Start of the newest sample; 0 when there was none yet."""
        return 0 if self.newest_pts is None else self.ms(self.newest_pts)

    @property
    def nominal(self) -> int:
        """The usual distance of two samples, in ticks."""
        return self._nominal

    def head_pts(self) -> int | None:
        """The earliest presentation among the waiting samples."""
        return min((sample.pts for sample in self.queue), default=None)

    def first_shown_pts(self) -> int:
        """The earliest moment at which a waiting sample is seen or heard, on the source's grid."""
        grain = self.track.grain
        return min(sample.pts + -(-sample.trim // grain) * grain for sample in self.queue)

    def settle_start(self, zero: int) -> int:
        """Fix the session's start and return how many ticks of the track lie before it, decoded and never shown.

        Where the source's grid could only say about when the priming begins, its first sample is put where its length says.
        """
        self.zero = zero
        if not self.queue:
            return 0
        first = self.queue[0]
        before = max(0, zero - min(sample.pts for sample in self.queue))
        if before and first.trim and before != first.trim and abs(before - first.trim) < self.track.grain:
            self.queue[0] = replace(first, pts=zero - first.trim)
            return first.trim
        return before

    def is_settled(self, *, is_final: bool) -> bool:
        """Whether the earliest presentation can no longer be undercut by a later sample."""
        return bool(self.queue) and (is_final or len(self.queue) > self.reorder)

    def split_after(self, at_ms: int, *, is_final: bool) -> Split | None:
        """The first allowed split whose later side starts at `at_ms` or after; None when it is not (yet) known."""
        if self.newest_ms < at_ms:
            return None
        pts = [sample.pts for sample in self.queue]
        before = list(accumulate(pts, max))
        after = list(accumulate(reversed(pts), min))[::-1]
        last = len(pts) if is_final else len(pts) - self.reorder
        if last > 0 and self.ms(after[0]) >= at_ms:
            return Split(0, self.taken_pts, after[0])
        for index in range(1, last):
            if before[index - 1] < after[index] and self.ms(after[index]) >= at_ms:
                return Split(index, before[index - 1], after[index])
        return None

    def take(self, count: int) -> list[Sample]:
        """Remove and return the first `count` samples."""
        taken = [self.queue.popleft() for _ in range(count)]
        if taken:
            self.taken_pts = max(sample.pts for sample in taken)
        return taken

    def count_before(self, at_ms: int) -> int:
        """How many of the first samples start before `at_ms`."""
        return next((index for index, sample in enumerate(self.queue) if self.ms(sample.pts) >= at_ms), len(self.queue))

    def holes(self, shown: list[int]) -> list[Hole]:
        """The holes between consecutive presentation times `shown`; the usual distance is the median of the latest ones."""
        steps = [after - before for before, after in pairwise(shown)]
        known = [*self._intervals, *(step for step in steps if step > 0)]
        if known:
            self._nominal = median_low(known)
        self._intervals.extend(step for step in steps if 0 < step <= 4 * self._nominal)
        return [Hole(a + self._nominal, b) for a, b in pairwise(shown) if self.is_missing(b - a - self._nominal)]

    def is_missing(self, ticks: int) -> bool:
        """Whether `ticks` without a sample are a gap: more than one frame of picture, more than `GAP_AUDIO_MS` of sound."""
        if self.track.kind == "video":
            return ticks * 1000 > GAP_FRAMES_PERMILLE * self._nominal
        return ticks * 1000 > GAP_AUDIO_MS * self.track.timescale
