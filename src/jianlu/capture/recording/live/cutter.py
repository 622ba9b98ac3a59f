"""Segments of two seconds of session time, whatever the frames do: samples of all tracks in, segments and gaps out.

A segment is cut when it has been over for `lag_ms`, so that reordered packets have settled. A stretch in which no track has a sample is
no segment but a gap; segments and gaps together leave nothing of [0, end) out. Nothing is decoded or moved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median_low

from jianlu.capture.recording.fragment import Run, fragment
from jianlu.capture.recording.live.gaps import Hole, LiveGaps
from jianlu.capture.recording.live.track import LiveSample
from jianlu.capture.recording.model import DeclaredGap, GapReason, Sample
from jianlu.core.limits import GAP_EDGE_MS, SEGMENT_MS

_INTERVALS_KEPT = 63
_NOMINAL_MS_MAX = 100
_FRAGMENTS_PER_SEGMENT = 32


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """One track as the cutter sees it: id, ticks per second, the shortest hole that is declared, and whether absence is no gap."""

    track: str
    rate_hz: int
    hole_ms: int
    is_share: bool


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """The samples of [from_ms, to_ms) as movie fragments. It gets its number when it is delivered."""

    from_ms: int
    to_ms: int
    plaintext: bytes


LiveOutput = LiveSegment | DeclaredGap


@dataclass(slots=True)
class _Lane:
    spec: LaneSpec
    number: int
    end_ms: int
    nominal: int
    has_begun: bool = False
    queue: deque[LiveSample] = field(default_factory=deque)
    intervals: deque[int] = field(default_factory=lambda: deque(maxlen=_INTERVALS_KEPT))
    last_pts: int | None = None

    def ms(self, pts: int) -> int:
        return pts * 1000 // self.spec.rate_hz

    def note_interval(self, pts: int) -> None:
        if self.last_pts is not None and 0 < pts - self.last_pts <= _NOMINAL_MS_MAX * self.spec.rate_hz // 1000:
            self.intervals.append(pts - self.last_pts)
            if len(self.intervals) & 7 == 0 or len(self.intervals) < 8:
                self.nominal = median_low(self.intervals)
        self.last_pts = pts

    def lasting(self, sample: Sample) -> int:
        """How long a sample lasts that nothing follows at once."""
        return sample.duration or self.nominal


class LiveCutter:
    """Cuts; times are milliseconds of the session. Goes on at `from_ms` after a restart of the recorder."""

    def __init__(self, specs: Sequence[LaneSpec], *, from_ms: int = 0) -> None:
        self._lanes = [
            _Lane(spec, number, from_ms, spec.rate_hz // (50 if spec.rate_hz == 48_000 else 30))
            for number, spec in enumerate(specs, 1)
        ]
        self._gaps = LiveGaps([spec.track for spec in specs if not spec.is_share])
        self._from_ms = from_ms

    @property
    def from_ms(self) -> int:
        """Where the next segment begins."""
        return self._from_ms

    @property
    def pending_bytes(self) -> int:
        """Payload that waits to be cut."""
        return sum(len(each.sample.payload) for lane in self._lanes for each in lane.queue)

    def push(self, index: int, sample: LiveSample) -> bool:
        """Take the next sample of track `index`; False when its segment has been cut already."""
        lane = self._lanes[index]
        if lane.ms(sample.sample.pts) < self._from_ms:
            return False
        lane.queue.append(sample)
        return True

    def cut(self, until_ms: int) -> list[LiveOutput]:
        """Every segment that ends by `until_ms`."""
        outputs: list[LiveOutput] = []
        while (to_ms := self._next_border()) <= until_ms:
            outputs += self._cut_to(to_ms)
        return outputs

    def finish(self, end_ms: int, causes: Sequence[GapReason]) -> tuple[list[LiveOutput], int]:
        """What is left up to `end_ms`, with why each track has nothing at its end; and the length of the recording.

        What lies behind the end belongs to nobody's recording; why it came late still explains a hole before it.
        """
        outputs = self.cut(end_ms)
        if end_ms > self._from_ms and (self._has_samples_before(end_ms) or end_ms - self._from_ms > GAP_EDGE_MS):
            outputs += self._cut_to(end_ms)
        duration_ms = self._from_ms
        for lane, latest in zip(self._lanes, causes, strict=True):
            cause = lane.queue[0].cause if lane.queue else latest
            if not lane.spec.is_share and duration_ms - lane.end_ms > GAP_EDGE_MS:
                self._gaps.close(lane.spec.track, Hole(lane.end_ms, duration_ms, cause, lane.spec.hole_ms))
        return [*outputs, *self._gaps.declare({}, duration_ms)], duration_ms

    def _next_border(self) -> int:
        return (self._from_ms // SEGMENT_MS + 1) * SEGMENT_MS

    def _has_samples_before(self, at_ms: int) -> bool:
        return any(lane.queue and lane.ms(lane.queue[0].sample.pts) < at_ms for lane in self._lanes)

    def _cut_to(self, to_ms: int) -> list[LiveOutput]:
        from_ms, self._from_ms = self._from_ms, to_ms
        runs = [self._runs_of(lane, to_ms) for lane in self._lanes]
        sequence = from_ms // SEGMENT_MS * _FRAGMENTS_PER_SEGMENT
        fragments = [
            fragment(sequence + place + 1, [lane_runs[place] for lane_runs in runs if place < len(lane_runs)])
            for place in range(max(map(len, runs)))
        ]
        holes = {
            lane.spec.track: lane.end_ms for lane in self._lanes if not lane.spec.is_share and self._is_open_hole(lane, to_ms)
        }
        gaps = self._gaps.declare(holes, to_ms)
        return [*gaps, LiveSegment(from_ms, to_ms, b"".join(fragments))] if fragments else list(gaps)

    @staticmethod
    def _is_open_hole(lane: _Lane, to_ms: int) -> bool:
        upcoming_ms = lane.ms(lane.queue[0].sample.pts) if lane.queue else None
        return to_ms > lane.end_ms and (upcoming_ms is None or upcoming_ms - lane.end_ms > lane.spec.hole_ms)

    def _runs_of(self, lane: _Lane, to_ms: int) -> list[Run]:
        """The lane's samples before `to_ms`, split where they have holes; the holes are noted."""
        runs: list[Run] = []
        samples: list[Sample] = []
        while lane.queue and lane.ms(lane.queue[0].sample.pts) < to_ms:
            live = lane.queue.popleft()
            sample = live.sample
            if self._note_hole(lane, sample, live.cause) and samples:
                runs.append(Run(lane.number, 0, samples, samples[-1].pts + lane.lasting(samples[-1])))
                samples = []
            lane.note_interval(sample.pts)
            lane.end_ms = min(lane.ms(sample.pts + lane.lasting(sample)), to_ms)
            samples.append(sample)
        if samples:
            runs.append(Run(lane.number, 0, samples, self._end_of(lane, samples[-1])))
        return runs

    @staticmethod
    def _least_hole_ms(lane: _Lane, cause: GapReason) -> int:
        return GAP_EDGE_MS if not lane.has_begun and cause is GapReason.STARTS_LATE else lane.spec.hole_ms

    def _note_hole(self, lane: _Lane, sample: Sample, cause: GapReason) -> bool:
        """Whether `sample` begins behind a hole."""
        at_ms = lane.ms(sample.pts)
        is_hole = at_ms - lane.end_ms > self._least_hole_ms(lane, cause) and not lane.spec.is_share
        lane.has_begun = True
        if is_hole:
            self._gaps.close(lane.spec.track, Hole(lane.end_ms, at_ms, cause, lane.spec.hole_ms))
        return is_hole

    @staticmethod
    def _end_of(lane: _Lane, last: Sample) -> int:
        """When the last sample of a segment ends: where the next begins, unless there is a hole between them or none yet."""
        usual = last.pts + lane.lasting(last)
        if not lane.queue:
            return usual
        following = lane.queue[0].sample.pts
        is_hole = lane.ms(following) - min(lane.ms(usual), lane.ms(following)) > lane.spec.hole_ms
        return usual if is_hole and not lane.spec.is_share else following
