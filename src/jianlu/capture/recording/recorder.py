"""The recorder: coded samples in, an init segment, media segments of about two seconds and declared gaps out.

Sans-I/O and deterministic: the same samples in the same order give the same bytes, which is what lets a crashed capture
resume. Nothing is decoded, dropped or doubled. A segment covers a half-open stretch of presentation time of all tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from jianlu.capture.recording.fragment import Run, fragment
from jianlu.capture.recording.gaps import Absence, GapBook
from jianlu.capture.recording.lane import Hole, Lane, Split
from jianlu.capture.recording.model import SOURCE, GapReason, MediaSegment, Opening, Output, Sample, TrackFormat
from jianlu.capture.recording.movie import init_segment
from jianlu.core.errors import InvalidError
from jianlu.core.limits import (
    CAPTURE_LAG_MS,
    CAPTURE_PENDING_BYTES_MAX,
    CAPTURE_PENDING_SAMPLES_MAX,
    FRAME_BYTES_MAX,
    GAP_AUDIO_MS,
    GAP_EDGE_MS,
    MEDIA_DURATION_MS_MAX,
    SEGMENT_MS,
)

_SLACK_MS = SEGMENT_MS // 2
_STEP_MS_MAX = 1_000
_TRY_EVERY = 8
"""Samples between two looks for a place to cut: a look costs as much as taking several samples."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where to cut: session time, and how many samples each lane gives."""

    at_ms: int
    counts: list[int]


class Recorder:
    """Cuts the samples of `tracks` into segments; push them in file order, then finish."""

    def __init__(self, tracks: Sequence[TrackFormat]) -> None:
        self._lanes = [Lane(track, number) for number, track in enumerate(tracks, 1)]
        self._lead = next((lane for lane in self._lanes if lane.track.kind == "video"), self._lanes[0])
        self._gaps = GapBook([track.track for track in tracks])
        self._shifts = [0] * len(tracks)
        self._last_shown: list[int | None] = [None] * len(tracks)
        self._is_open = False
        self._from_ms = self._newest_ms = self._stored_ms = self._due = 0
        self._pending_bytes = self._pending_samples = 0
        self._segments = 0
        self._fragments = 0

    @property
    def end_ms(self) -> int:
        """Session time up to which segments were given."""
        return self._from_ms

    def push(self, index: int, sample: Sample) -> list[Output]:
        """Take the next sample of track `index`; raises InvalidError for times that go backwards or exceed a bound."""
        if len(sample.payload) > FRAME_BYTES_MAX:
            raise InvalidError(f"one frame has more than {FRAME_BYTES_MAX >> 20} MiB: this is no recording of a session")
        lane = self._lanes[index]
        lane.push(sample)
        if self._is_open:
            self._note_progress(lane, self._checked_ms(lane, sample))
        self._pending_bytes += len(sample.payload)
        self._pending_samples += 1
        if self._pending_bytes > CAPTURE_PENDING_BYTES_MAX or self._pending_samples > CAPTURE_PENDING_SAMPLES_MAX:
            raise InvalidError(
                "the tracks of the file lie too far apart, or its bit rate is too high: export it again, interleaved"
            )
        self._due += 1
        if self._is_open and (self._newest_ms < self._from_ms + SEGMENT_MS or self._due < _TRY_EVERY):
            return []
        self._due = 0
        return self._drain(is_final=False)

    def finish(self) -> list[Output]:
        """Give what is left; raises InvalidError when no track had a single sample."""
        for lane in self._lanes:
            if lane.newest_pts is None:
                raise InvalidError(
                    f"track {lane.track.track} holds nothing at all: record it again, or leave the track out of the case"
                )
        outputs = self._drain(is_final=True)
        if any(lane.queue for lane in self._lanes):
            outputs += self._emit(_Cut(self._end_of_queues_ms(), [len(lane.queue) for lane in self._lanes]))
        for lane in self._lanes:
            self._note_end(lane)
        return outputs + list(self._gaps.declare(MEDIA_DURATION_MS_MAX * 2))

    # -- opening -----------------------------------------------------------------------------------------------------

    def _drain(self, *, is_final: bool) -> list[Output]:
        outputs: list[Output] = []
        if not self._is_open:
            if not is_final and not self._can_open():
                return []
            outputs.append(self._open())
        while (cut := self._find_cut(is_final=is_final)) is not None:
            outputs += self._emit(cut)
        return outputs

    def _can_open(self) -> bool:
        """Every track has begun for certain, or lags so far behind that it begins later."""
        begun = [lane for lane in self._lanes if lane.queue]
        span_ms = max(lane.newest_ms - lane.ms(lane.queue[0].pts) for lane in begun)
        return span_ms > CAPTURE_LAG_MS or all(lane.is_settled(is_final=False) for lane in self._lanes)

    def _open(self) -> Opening:
        """Fix the session's zero: the earliest moment at which any track is heard or seen."""
        zero = min(Fraction(lane.first_shown_pts(), lane.track.timescale) for lane in self._lanes if lane.queue)
        hidden = []
        for index, lane in enumerate(self._lanes):
            hidden.append(lane.settle_start(round(zero * lane.track.timescale)))
            self._shifts[index] = hidden[-1] - lane.zero
        self._is_open = True
        for lane in self._lanes:
            lane.stored_ms = -CAPTURE_LAG_MS - 1
            for sample in lane.queue:
                self._newest_ms = max(self._newest_ms, self._checked_ms(lane, sample))
                lane.stored_ms = 0
        return Opening(init_segment([lane.track for lane in self._lanes], hidden))

    def _note_progress(self, lane: Lane, at_ms: int) -> None:
        """Count how much of the session was stored when `lane` last had a sample; a jump of time counts as a second at most."""
        if at_ms > self._newest_ms:
            self._stored_ms += min(at_ms - self._newest_ms, _STEP_MS_MAX)
            self._newest_ms = at_ms
        lane.stored_ms = self._stored_ms

    def _checked_ms(self, lane: Lane, sample: Sample) -> int:
        at_ms = lane.ms(sample.pts)
        if at_ms > MEDIA_DURATION_MS_MAX:
            raise InvalidError(
                f"the recording lasts longer than {MEDIA_DURATION_MS_MAX // 3_600_000} hours: split it into sessions"
            )
        is_before_start = sample.pts + self._shifts[lane.number - 1] < 0
        if is_before_start or (at_ms < self._from_ms and self._segments):
            raise InvalidError(
                f"track {lane.track.track} lies too far behind the others in the file: export it again, interleaved"
            )
        return at_ms

    # -- cutting -----------------------------------------------------------------------------------------------------

    def _find_cut(self, *, is_final: bool) -> _Cut | None:
        heads = [lane.ms(head) for lane in self._lanes if (head := lane.head_pts()) is not None]
        if not heads:
            return None
        target_ms = max(self._from_ms, min(heads)) + SEGMENT_MS
        newest_ms = self._newest_ms
        if newest_ms < target_ms + (_SLACK_MS // 2 if is_final else 0):
            return None
        awaited = [lane for lane in self._lanes if not is_final and self._stored_ms - lane.stored_ms <= CAPTURE_LAG_MS]
        is_awaited = self._lead in awaited
        split = self._lead.split_after(target_ms, is_final=not is_awaited)
        if split is None and (is_awaited or self._lead.newest_ms >= target_ms):
            return None
        at_ms = target_ms if split is None else self._border_ms(split, target_ms)
        if any(lane.newest_ms < at_ms for lane in awaited):
            return None
        counts = [lane.count_before(at_ms) for lane in self._lanes]
        if split is not None:
            counts[self._lead.number - 1] = split.count
        return _Cut(at_ms, counts)

    def _border_ms(self, split: Split, target_ms: int) -> int:
        """The start of the picture after `split`, or `target_ms` when a hole of the picture would stretch the segment."""
        next_ms = self._lead.ms(split.next_pts)
        if next_ms <= target_ms + _SLACK_MS:
            return next_ms
        if split.last_pts is None:
            return target_ms
        missing = split.next_pts - split.last_pts - self._lead.nominal
        return target_ms if self._lead.ms(split.last_pts) < target_ms and self._lead.is_missing(missing) else next_ms

    def _end_of_queues_ms(self) -> int:
        """The end of the last waiting sample, rounded up."""
        ends = []
        for lane in self._lanes:
            if lane.queue:
                last = max(lane.queue, key=lambda sample: sample.pts)
                ends.append(-((lane.zero - last.pts - self._lasting(lane, last)) * 1000 // lane.track.timescale))
        return max(*ends, self._from_ms + 1)

    @staticmethod
    def _lasting(lane: Lane, sample: Sample) -> int:
        """How long a track's last sample lasts: what the source says, where that is believable."""
        return sample.duration if 0 < sample.duration <= 2 * lane.nominal else lane.nominal

    def _emit(self, cut: _Cut) -> list[Output]:
        runs: list[list[Run]] = []
        for index, (lane, count) in enumerate(zip(self._lanes, cut.counts, strict=True)):
            samples = lane.take(count)
            self._pending_samples -= count
            self._pending_bytes -= sum(len(sample.payload) for sample in samples)
            runs.append(self._runs_of(index, lane, samples) if samples else [])
        fragments = []
        for place in range(max(map(len, runs), default=0)):
            self._fragments += 1
            fragments.append(fragment(self._fragments, [lane_runs[place] for lane_runs in runs if place < len(lane_runs)]))
        from_ms, to_ms = self._from_ms, cut.at_ms
        heads = [lane.head_pts() for lane in self._lanes]
        upcoming = [lane.ms(head) for lane, head in zip(self._lanes, heads, strict=True) if head is not None]
        passed_ms = max(cut.at_ms, min(upcoming, default=cut.at_ms))
        gaps = self._gaps.declare(passed_ms)
        self._from_ms = cut.at_ms
        for gap in gaps:
            if gap.side == SOURCE and gap.to_ms == passed_ms and gap.from_ms > from_ms:
                to_ms, self._from_ms = min(cut.at_ms, gap.from_ms), passed_ms
        self._segments += 1
        return [MediaSegment(self._segments, from_ms, to_ms, b"".join(fragments)), *gaps]

    def _runs_of(self, index: int, lane: Lane, samples: list[Sample]) -> list[Run]:
        """`samples` as runs without holes; notes the holes, the one before the first sample and the one after the last included."""
        shown = sorted(sample.pts for sample in samples)
        before, after = self._last_shown[index], lane.head_pts()
        if not lane.has_begun and lane.ms(shown[0]) > GAP_EDGE_MS:
            self._gaps.note(lane.track.track, Absence(0, lane.ms(shown[0]), GapReason.STARTS_LATE, GAP_EDGE_MS))
        lane.has_begun = True
        holes = lane.holes([*([before] if before is not None else []), *shown, *([after] if after is not None else [])])
        for hole in holes:
            self._note_hole(lane, hole)
        # The step to the next sample is looked at now, so the next time begins with that sample.
        self._last_shown[index] = None if after is not None else shown[-1]
        last = max(samples, key=lambda sample: sample.pts)
        end = last.pts + self._lasting(lane, last) if after is None else after
        stops = {hole.to_pts: hole.from_pts for hole in holes}
        runs, at = [], 0
        for border in (pts for pts in stops if shown[0] < pts <= shown[-1]):
            count = next(place for place, sample in enumerate(samples) if sample.pts >= border)
            if all(sample.pts >= border for sample in samples[count:]):
                runs.append(Run(lane.number, self._shifts[index], samples[at:count], stops[border]))
                at = count
        return [*runs, Run(lane.number, self._shifts[index], samples[at:], stops.get(end, end))]

    def _note_hole(self, lane: Lane, hole: Hole) -> None:
        least_ms = GAP_AUDIO_MS if lane.track.kind == "audio" else lane.nominal * 1500 // lane.track.timescale
        absence = Absence(lane.ms(hole.from_pts), lane.ms(hole.to_pts), GapReason.TIMESTAMPS_JUMP, least_ms)
        self._gaps.note(lane.track.track, absence)

    def _note_end(self, lane: Lane) -> None:
        end_ms = 0 if lane.taken_pts is None else lane.ms(lane.taken_pts + lane.nominal)
        if self._from_ms - end_ms > GAP_EDGE_MS:
            self._gaps.note(lane.track.track, Absence(end_ms, self._from_ms, GapReason.ENDS_EARLY, GAP_EDGE_MS))
