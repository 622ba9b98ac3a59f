"""Whisper through `faster-whisper` on CTranslate2: writes down up to 28 s of Mandarin or English with word times.

Neutral decoding, the same every time on one processor: no prompt, no hot words, no text carried over, temperature 0. What it must not do
is guess: a unit in which it loses its way (repeats itself, or is told by its own scores to be unsure) is reported as not sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.transcribe import Segment

from jianlu.core.errors import InvalidError
from jianlu.core.terms.findings import Engine
from jianlu.process.inspectors.ports import HeardWord, Hearing
from jianlu.process.media.sound import RATE_HZ, Samples
from jianlu.process.models.registry import Model, read_model_file

MODEL_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")
THREADS = 2
SECONDS_MAX = 30

NEUTRAL = {
    "beam_size": 5,
    "temperature": 0.0,
    "initial_prompt": None,
    "hotwords": None,
    "without_timestamps": True,
    "word_timestamps": True,
}
"""The decoding: one pass over the unit, beams of five, nothing sampled and nothing suggested."""

UNCIRCLED = {"repetition_penalty": 1.15, "no_repeat_ngram_size": 4}
"""The second try where the first one circled. It favours no word; it costs a third more mistakes, so it is not the first."""

TOKENS_A_SECOND_MAX = 15
"""The quickest speaker needs 8; more is a decoder that circles, cut short before it costs a minute."""

COMPRESSION_MAX = 2.4
LOG_PROBABILITY_MIN = -1.0
"""Whisper's own limits: text that compresses better repeats itself, a mean below is a guess."""


class WhisperRecognizer:
    """The port Recognizer."""

    def __init__(self, model: Model, *, threads: int = THREADS) -> None:
        """Loads the registered weights from memory, after their check; raises as `read_model_file` does."""
        files = {name: read_model_file(model, name) for name in MODEL_FILES}
        self._model = model
        self._native = WhisperModel(
            model.id, device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True, files=files
        )

    @property
    def engine(self) -> Engine:
        return Engine("faster-whisper", version("faster-whisper"), self._model.digest)

    @property
    def threshold(self) -> int:
        return self._model.threshold

    @property
    def languages(self) -> tuple[str, ...]:
        return self._model.languages

    def recognize(self, samples: Samples, lang: str) -> Hearing:
        seconds = len(samples) / RATE_HZ
        if len(samples) == 0:
            return Hearing((), is_sound=True)
        if lang not in self.languages or seconds > SECONDS_MAX:
            raise InvalidError(f"the recogniser takes up to {SECONDS_MAX} s of {', '.join(self.languages)} at a time")
        first = self._hear(samples, lang, seconds, NEUTRAL)
        return first if first.is_sound else self._hear(samples, lang, seconds, NEUTRAL | UNCIRCLED)

    def _hear(self, samples: Samples, lang: str, seconds: float, decoding: Mapping[str, Any]) -> Hearing:
        pipeline = BatchedInferencePipeline(self._native)  # it keeps notes of a call: one for each
        segments, _ = pipeline.transcribe(
            samples,
            language=lang,
            batch_size=1,
            clip_timestamps=[{"start": 0, "end": seconds}],
            max_new_tokens=min(440, 30 + round(TOKENS_A_SECOND_MAX * seconds)),
            **decoding,
        )
        heard = list(segments)
        words = [word for segment in heard for word in _words(segment, round(seconds * 1000))]
        return Hearing(tuple(words), all(_is_sound(segment) for segment in heard))


def _is_sound(segment: Segment) -> bool:
    return bool(segment.compression_ratio <= COMPRESSION_MAX and segment.avg_logprob >= LOG_PROBABILITY_MIN)


def _words(segment: Segment, until_ms: int) -> list[HeardWord]:
    words = []
    for word in segment.words or []:
        start = min(max(0, round(word.start * 1000)), until_ms)
        end = min(max(start, round(word.end * 1000)), until_ms)
        words.append(HeardWord(word.word, start, end, min(1000, max(0, round(word.probability * 1000)))))
    return words
