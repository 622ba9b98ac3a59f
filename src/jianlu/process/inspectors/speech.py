"""Speech: packs the voiced stretches of a track into units that a recogniser takes in one go, and dates what it heard.

Silence is never sent, so nothing is invented for it, and the cost is that of speech. Units hold real sound around each
stretch; a word's session time follows from where its piece of sound came from. What the words mean is not asked here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors.dating import Piece, date_words
from jianlu.process.inspectors.ports import HeardWord, Recognizer
from jianlu.process.inspectors.transcript import Transcriber
from jianlu.process.inspectors.voice import Stretch
from jianlu.process.media.sound import RATE_HZ, Samples, SoundBlock

UNIT_SAMPLES_MAX = 28 * RATE_HZ
"""Whisper hears 30 s at a time and costs the same for less: stretches share a unit. The rest is margin for its padding."""

PAD_SAMPLES = RATE_HZ * 3 // 10
"""300 ms of real sound on each side of a stretch: room for a first consonant that the detector missed."""

HOLD_SAMPLES_MAX = 180 * RATE_HZ
"""A stretch waits at most this long for others to share its unit: bounds memory at 12 MB a track."""


class SpeechTrack:
    """Listens to one track block by block and has it written down. `lost` are the samples that nobody could make sense of."""

    def __init__(self, track: str, recognizer: Recognizer, transcriber: Transcriber) -> None:
        self.findings: list[Finding] = []
        self.lost: list[tuple[int, int]] = []
        self._track = track
        self._recognizer = recognizer
        self._transcriber = transcriber
        self._waiting: deque[Stretch] = deque()
        self._blocks: deque[SoundBlock] = deque()
        self._known = 0
        self._used_until = 0

    def hear(self, block: SoundBlock, stretches: Sequence[Stretch], open_since: int | None) -> None:
        """Take a block, and the stretches known after it; `open_since` is where one that still goes on began."""
        self._blocks.append(block)
        self._waiting.extend(stretches[self._known :])
        self._known = len(stretches)
        while sum(s.end - s.start + 2 * PAD_SAMPLES for s in self._waiting) > UNIT_SAMPLES_MAX:
            self._write_unit()
        if self._waiting and block.end - self._waiting[0].start > HOLD_SAMPLES_MAX:
            self._write_unit()
        needed = self._waiting[0].start if self._waiting else block.end if open_since is None else open_since
        while self._blocks and self._blocks[0].end <= needed - PAD_SAMPLES:
            self._blocks.popleft()

    def finish(self, stretches: Sequence[Stretch]) -> None:
        """The track is over: write down what waits."""
        self._waiting.extend(stretches[self._known :])
        self._known = len(stretches)
        while self._waiting:
            self._write_unit()

    def _write_unit(self) -> None:
        """Recognise as many waiting stretches as fit into one unit, at least one."""
        pieces: list[Piece] = []
        length = 0
        while self._waiting:
            start, end = self._padded(self._waiting[0])
            if pieces and length + end - start > UNIT_SAMPLES_MAX:
                break
            pieces.append(Piece(start, end, length, self._waiting.popleft()))
            length += end - start
            self._used_until = end
        self._recognize(pieces)

    def _padded(self, stretch: Stretch) -> tuple[int, int]:
        """A stretch with the sound around it, less what its neighbours have."""
        known_until = self._blocks[-1].end
        following = self._waiting[1].start if len(self._waiting) > 1 else known_until
        end = min(stretch.end + PAD_SAMPLES, max(stretch.end, (stretch.end + following) // 2), known_until)
        return max(self._used_until, stretch.start - PAD_SAMPLES, 0), end

    def _sound(self, piece: Piece) -> Samples:
        parts = [b.samples[max(0, piece.start - b.start) : max(0, piece.end - b.start)] for b in self._blocks]
        return np.concatenate(parts)

    def _recognize(self, pieces: Sequence[Piece]) -> None:
        hearing = self._recognizer.recognize(np.concatenate([self._sound(piece) for piece in pieces]), self._transcriber.lang)
        if hearing.is_sound:
            for words in date_words(pieces, hearing.words):
                self._note(words)
        elif len(pieces) > 1:
            for piece in pieces:  # together they confused it: one by one, then
                self._recognize([replace(piece, at=0)])
        else:
            self.lost.append((pieces[0].start, pieces[0].end))

    def _note(self, words: Sequence[HeardWord]) -> None:
        value = self._transcriber.utterance(words)
        if value is None:
            return
        score = sum(word.score for word in words) // len(words)
        engine, threshold = self._recognizer.engine, self._recognizer.threshold
        start, end = words[0].from_ms, words[-1].to_ms
        self.findings.append(Finding("", FindingKind.UTTERANCE, self._track, start, end, score, threshold, engine, value))
