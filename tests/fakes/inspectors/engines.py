"""Engines that need no weights: voices by level, words by pitch, faces by brightness. Each passes its port's contract suite.

They listen and look for real, at sound and pictures that a test makes for them; only what they can tell apart is simple.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.findings import Engine
from jianlu.process.inspectors.ports import HeardWord, Hearing, SeenFace
from jianlu.process.media.picture import Colour
from jianlu.process.media.sound import RATE_HZ, WINDOW_SAMPLES, Samples

PITCHES = {300: "我", 400: "不", 500: "同", 600: "意", 700: "您", 800: "好"}
"""The language of the fake recogniser: a word for each pitch in Hz."""

SYLLABLE_SAMPLES = RATE_HZ // 4
"""250 ms a word, without pauses between the words of a sentence."""

_VOICE_ENERGY = 10 ** (-40 / 10)


def speak(words: str, level_db: float = -20.0) -> Samples:
    """A sentence in the fake language, at 16 kHz."""
    pitch_of = {word: pitch for pitch, word in PITCHES.items()}
    at = np.arange(SYLLABLE_SAMPLES) / RATE_HZ
    height = np.sqrt(2) * 10 ** (level_db / 20)
    return np.concatenate([np.sin(2 * np.pi * pitch_of[word] * at) * height for word in words]).astype(np.float32)


@dataclass(frozen=True)
class LevelDetector:
    """VoiceDetector: loud is voice."""

    threshold: int = 500
    fails_after: int | None = None

    @property
    def engine(self) -> Engine:
        return Engine("level-detector", "1", digest_of(b"level"))

    def listen(self) -> LevelStream:
        return LevelStream(self.fails_after)


class LevelStream:
    """VoiceStream of the above; breaks after a number of calls when a test wants it to."""

    def __init__(self, fails_after: int | None) -> None:
        self._left = fails_after

    def score(self, samples: Samples) -> list[int]:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise RuntimeError("the detector broke")
        windows = [samples[at : at + WINDOW_SAMPLES] for at in range(0, len(samples), WINDOW_SAMPLES)]
        return [900 if float(np.mean(np.square(window))) > _VOICE_ENERGY else 50 for window in windows]


class PitchRecognizer:
    """Recognizer: one word for each pitch. `confused_by` more samples than that, it loses its way."""

    threshold = 400
    languages = ("zh",)

    def __init__(self, *, confused_above: int | None = None, fails: bool = False) -> None:
        self.asked: list[int] = []
        self._confused_above = confused_above
        self._fails = fails

    @property
    def engine(self) -> Engine:
        return Engine("pitch-recognizer", "1", digest_of(b"pitch"))

    def recognize(self, samples: Samples, lang: str) -> Hearing:
        if self._fails:
            raise RuntimeError("the recogniser broke")
        self.asked.append(len(samples))
        if self._confused_above is not None and len(samples) > self._confused_above:
            return Hearing((), is_sound=False)
        words: list[HeardWord] = []
        step = SYLLABLE_SAMPLES // 25  # 10 ms, in which every pitch of the language turns a whole number of times
        for at in range(0, len(samples) - step + 1, step):
            text = _word_at(samples[at : at + step])
            start, end = at * 1000 // RATE_HZ, (at + step) * 1000 // RATE_HZ
            if text and words and words[-1].text == text and words[-1].to_ms == start:
                words[-1] = HeardWord(text, words[-1].from_ms, end, 950)
            elif text:
                words.append(HeardWord(text, start, end, 950))
        return Hearing(tuple(word for word in words if word.to_ms - word.from_ms >= 100), is_sound=True)


def _word_at(samples: Samples) -> str:
    if float(np.mean(np.square(samples))) < _VOICE_ENERGY:
        return ""
    at = np.arange(len(samples)) / RATE_HZ
    strength = {pitch: abs(np.sum(samples * np.exp(-2j * np.pi * pitch * at))) for pitch in PITCHES}
    return PITCHES[max(strength, key=lambda pitch: strength[pitch])]


class DiscDetector:
    """FaceDetector: a bright disc is a face."""

    threshold = 700
    side_range = (160, 640)

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails

    @property
    def engine(self) -> Engine:
        return Engine("disc-detector", "1", digest_of(b"disc"))

    def detect(self, picture: Colour) -> tuple[SeenFace, ...]:
        if self._fails:
            raise RuntimeError("the detector broke")
        grey = cv2.medianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 5)
        bright = np.asarray((grey > 165) & (grey < 200), dtype=np.uint8)
        _, _, boxes, _ = cv2.connectedComponentsWithStats(bright)
        discs = [box for box in boxes[1:] if box[cv2.CC_STAT_AREA] > 0.01 * grey.size]
        return tuple(SeenFace(int(box[cv2.CC_STAT_HEIGHT]), 900) for box in discs)
