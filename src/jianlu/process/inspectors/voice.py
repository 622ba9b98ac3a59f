"""Voice: from scores per 32 ms to stretches in which somebody speaks.

A stretch begins at the threshold and ends only after a pause well below it, so that a breath does not cut a sentence. What
is said is the recogniser's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jianlu.core.terms.findings import Engine, Finding, FindingKind
from jianlu.process.inspectors.ports import VoiceStream
from jianlu.process.media.sound import WINDOW_SAMPLES, SoundBlock, ms_of

HYSTERESIS = 150
"""Thousandths below the threshold at which a voice is still going on: the margin that Silero's own segmenter uses."""

PAUSE_WINDOWS = 10
"""320 ms without a voice end a stretch: longer than a stop consonant, shorter than a pause between sentences."""

VOICE_WINDOWS_MIN = 5
"""160 ms: shorter than any answer, longer than a click."""

STRETCH_WINDOWS_MAX = 625
"""20 s: somebody who does not pause is cut there, at the least voiced place of the last CUT_WINDOWS (4 s)."""

CUT_WINDOWS = 125


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples [start, end) in which somebody speaks, and the mean score of its windows."""

    start: int
    end: int
    score: int


class VoiceTrack:
    """Listens to one track block by block; `stretches` grows as they end."""

    def __init__(self, stream: VoiceStream, threshold: int) -> None:
        self.stretches: list[Stretch] = []
        self._stream = stream
        self._threshold = threshold
        self._window = 0
        self._first: int | None = None
        self._quiet = 0
        self._scores: list[int] = []

    @property
    def open_since(self) -> int | None:
        """First sample of the stretch that has not ended yet."""
        return None if self._first is None else self._first * WINDOW_SAMPLES

    def hear(self, block: SoundBlock) -> list[bool]:
        """Whether each window of the block holds a voice."""
        is_silent = not block.samples.any()  # a muted or missing stretch: no model needs to be asked
        scores = [0] * -(-len(block.samples) // WINDOW_SAMPLES) if is_silent else self._stream.score(block.samples)
        for score in scores:
            self._take(score)
            self._window += 1
        return [score >= self._threshold for score in scores]

    def finish(self, end: int) -> None:
        """The track is over at sample `end`."""
        self._close()
        self.stretches = [Stretch(s.start, min(s.end, end), s.score) for s in self.stretches]

    def _take(self, score: int) -> None:
        if self._first is None:
            if score >= self._threshold:
                self._first, self._scores, self._quiet = self._window, [score], 0
            return
        self._scores.append(score)
        self._quiet = self._quiet + 1 if score < self._threshold - HYSTERESIS else 0
        if self._quiet >= PAUSE_WINDOWS:
            self._close()
        elif len(self._scores) >= STRETCH_WINDOWS_MAX:
            self._cut(self._first)

    def _cut(self, first: int) -> None:
        tail = self._scores[-CUT_WINDOWS:]
        kept = len(self._scores) - CUT_WINDOWS + tail.index(min(tail))
        rest = self._scores[kept:]
        self._scores, self._quiet = self._scores[:kept], 0
        self._close()
        self._first, self._scores = first + kept, rest

    def _close(self) -> None:
        if self._first is None:
            return
        voiced = self._scores[: len(self._scores) - self._quiet]
        if len(voiced) >= VOICE_WINDOWS_MIN:
            start = self._first * WINDOW_SAMPLES
            self.stretches.append(Stretch(start, start + len(voiced) * WINDOW_SAMPLES, sum(voiced) // len(voiced)))
        self._first, self._scores, self._quiet = None, [], 0


def voice_findings(track: str, stretches: Iterable[Stretch], engine: Engine, threshold: int) -> list[Finding]:
    """One VOICED finding for each stretch."""
    return [
        Finding("", FindingKind.VOICED, track, ms_of(s.start), ms_of(s.end), s.score, threshold, engine, {}) for s in stretches
    ]
