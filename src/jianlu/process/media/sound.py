"""An audio track as 16 kHz mono blocks whose sample index is session time: sample 16,000 was heard at one second.

Gaps in the source are filled with silence and named; overlaps are cut; a clock that drifts against its own timestamps is
put right in steps too small to matter. Blocks come one after another in constant memory. What is in them is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from jianlu.process.media.container import audio_stream, open_media

RATE_HZ = 16_000
WINDOW_SAMPLES = 512
"""32 ms: the step of the voice detector; blocks are a whole number of them."""

BLOCK_SAMPLES = 32 * WINDOW_SAMPLES
"""About one second."""

JUMP_MS_MIN = 40
"""A frame this far from where the last one ended is a real gap or overlap, not a rounded timestamp."""

DRIFT_MS_MIN = 8
"""A lasting difference of this size is put right, so that sound is never further than this from its session time."""

DRIFT_FRAMES = 16
"""Frames over which a lasting difference is averaged: a third of a second of AAC."""

GAP_FILL_MS_MAX = 24 * 3_600_000
"""Silence that one gap may stand for: a day. A timestamp beyond it is nonsense, and the track ends there."""

Samples: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoundBlock:
    """Samples from index `start` on; `missing` are the sample ranges in it for which the source had no sound."""

    start: int
    samples: Samples
    missing: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """Index after the last sample."""
        return self.start + len(self.samples)


def ms_of(sample: int) -> int:
    """Session time of a sample index."""
    return (sample * 1000 + RATE_HZ // 2) // RATE_HZ


def sample_of(ms: int) -> int:
    """Sample index of a session time."""
    return ms * RATE_HZ // 1000


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch [from_ms, to_ms) of the session; without an end, all that follows."""

    from_ms: int = 0
    to_ms: int | None = None


WHOLE = Window()


def sound_blocks(reader: BinaryIO, stream_index: int, window: Window = WHOLE) -> Iterator[SoundBlock]:
    """The track's blocks in order from sample 0, each of BLOCK_SAMPLES but the last. Raises InvalidError for unreadable media.

    Sample 0 is heard where `window` begins; what is outside of it is left out.
    """
    with open_media(reader) as container:
        stream = audio_stream(container, stream_index)
        line = _Line()
        clock = _Clock(window.from_ms / 1000)
        ends_s = None if window.to_ms is None else window.to_ms / 1000
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue  # a damaged packet is a gap, which the next timestamp shows
            for frame in frames:
                if isinstance(frame, av.AudioFrame) and frame.samples > 0 and (ends_s is None or (frame.time or 0) < ends_s):
                    clock.play(frame, line)
                    yield from line.take(BLOCK_SAMPLES)
        clock.stop(line)
        yield from line.take(BLOCK_SAMPLES)
        yield from line.take(1)


class _Line:
    """Samples laid end to end on session time, handed out in blocks."""

    def __init__(self) -> None:
        self.end = 0
        self._start = 0
        self._pieces: list[Samples] = []
        self._missing: list[tuple[int, int]] = []

    def put(self, samples: Samples) -> None:
        self._pieces.append(samples)
        self.end += len(samples)

    def move_to(self, sample: int) -> int:
        """Fill with silence up to `sample`; answers how many samples of what follows lie before the end already."""
        if sample > self.end:
            self._missing.append((self.end, sample))
            self.end = sample
        return self.end - sample

    def take(self, length: int) -> Iterator[SoundBlock]:
        """Blocks of `length` samples, or of fewer when `length` is 1: then all that is left."""
        while self.end - self._start >= length:
            until = self._start + (min(BLOCK_SAMPLES, self.end - self._start) if length == 1 else length)
            samples, missing = self._cut(until)
            yield SoundBlock(self._start, samples, missing)
            self._start = until

    def _cut(self, until: int) -> tuple[Samples, tuple[tuple[int, int], ...]]:
        """The samples up to `until`, pieces and gaps in turn, removed from the line."""
        samples = np.zeros(until - self._start, dtype=np.float32)
        missing = tuple((max(a, self._start), min(b, until)) for a, b in self._missing if a < until)
        at = self._start
        while at < until:
            gap_end = next((b for a, b in self._missing if a <= at < b), at)
            if gap_end > at:
                at = min(gap_end, until)
                continue
            piece = self._pieces.pop(0)
            fits = piece[: until - at]
            samples[at - self._start : at - self._start + len(fits)] = fits
            if len(fits) < len(piece):
                self._pieces.insert(0, piece[len(fits) :])
            at += len(fits)
        self._missing = [(a, b) for a, b in self._missing if b > until]
        return samples, missing


class _Clock:
    """Holds the samples of a track to its timestamps: one resampler for each stretch without a jump."""

    def __init__(self, origin_s: float) -> None:
        self._origin_s = origin_s
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[int, str, str] | None = None
        self._started_at = 0.0
        self._played = 0
        self._drift_ms = 0.0
        self._late = 0

    def play(self, frame: av.AudioFrame, line: _Line) -> None:
        form = (frame.sample_rate, frame.format.name, frame.layout.name)
        at = None if frame.time is None else frame.time - self._origin_s
        expected = self._started_at + self._played / frame.sample_rate
        resampler = self._resampler
        if resampler is None or form != self._form:
            resampler = self._restart(expected if at is None else at, form, line)
        elif at is not None:
            off_ms = (at - expected) * 1000
            self._drift_ms += (off_ms - self._drift_ms) / DRIFT_FRAMES
            if abs(off_ms) >= JUMP_MS_MIN or abs(self._drift_ms) >= DRIFT_MS_MIN:
                resampler = self._restart(at, form, line)
        frame.pts = None
        self._played += frame.samples
        self._put(resampler, frame, line)

    def stop(self, line: _Line) -> None:
        if self._resampler is not None:
            self._put(self._resampler, None, line)
        self._resampler = None

    def _restart(self, at: float, form: tuple[int, str, str], line: _Line) -> av.AudioResampler:
        self.stop(line)
        self._resampler = resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        self._form, self._started_at, self._played, self._drift_ms = form, at, 0, 0.0
        target = round(at * RATE_HZ)
        self._late = line.move_to(min(target, line.end + sample_of(GAP_FILL_MS_MAX)))
        return resampler

    def _put(self, resampler: av.AudioResampler, frame: av.AudioFrame | None, line: _Line) -> None:
        """Resample and lay down, less what overlaps with sound that is there already."""
        for heard in resampler.resample(frame):
            samples = heard.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            cut = min(self._late, len(samples))
            self._late -= cut
            if cut < len(samples):
                line.put(samples[cut:])
