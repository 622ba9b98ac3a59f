"""The engines that inspectors need, as ports, and the one dataclass that carries them.

An engine is optional: None means that nobody looks, and the inspection says so. Scores are whole thousandths. What an
engine raises is caught once, by the inspection, and turns into the status "failed"; it never becomes a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias

from jianlu.core.terms.findings import Engine
from jianlu.process.media.picture import Colour
from jianlu.process.media.sound import Samples

ReaderFactory: TypeAlias = Callable[[], BinaryIO]
"""Opens the session's playable MP4 anew, as a seekable reader with a position of its own; called once for each pass."""

Progress: TypeAlias = Callable[[str, int], None]
"""Told, from several threads, that the pass over a track has come to a session time in ms."""


class VoiceStream(Protocol):
    """One track being listened to for voices."""

    def score(self, samples: Samples) -> list[int]:
        """How likely each window of 512 samples (32 ms at 16 kHz mono, -1..1) holds a voice, in thousandths.

        Calls continue one another; a last incomplete window is padded with silence. Used from one thread only.
        """


class VoiceDetector(Protocol):
    """Tells voices from everything else."""

    @property
    def engine(self) -> Engine:
        """Name, version and SHA-256 of the weights."""

    @property
    def threshold(self) -> int:
        """From which score on, in thousandths, a window holds a voice."""

    def listen(self) -> VoiceStream:
        """A new stream without memory of any other; streams may be used in parallel, each from its own thread."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word, or a character where words are not divided: when it was heard, in ms from the first sample, and how surely."""

    text: str
    from_ms: int
    to_ms: int
    score: int


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a recogniser made of some seconds of speech. `is_sound` is False when it lost its way and the words mean nothing."""

    words: tuple[HeardWord, ...]
    is_sound: bool


class Recognizer(Protocol):
    """Writes down speech. Neutral: it is never told what to expect, neither by prompt nor by hot words."""

    @property
    def engine(self) -> Engine:
        """Name, version and SHA-256 of the weights."""

    @property
    def threshold(self) -> int:
        """Below this score, in thousandths, a word is doubtful."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that may be asked for."""

    def recognize(self, samples: Samples, lang: str) -> Hearing:
        """The words in `samples` (16 kHz mono, at most 28 s), in time order, with times inside the samples' length.

        The same samples give the same words. May be called from several threads.
        """


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face: its height in pixels of the picture looked at, and how surely it is one, in thousandths."""

    height: int
    score: int


class FaceDetector(Protocol):
    """Finds faces. It measures nobody and recognises nobody."""

    @property
    def engine(self) -> Engine:
        """Name, version and SHA-256 of the weights."""

    @property
    def threshold(self) -> int:
        """From which score on, in thousandths, a face counts."""

    @property
    def side_range(self) -> tuple[int, int]:
        """Shortest and longest that the longer side of a picture may be, in pixels."""

    def detect(self, picture: Colour) -> tuple[SeenFace, ...]:
        """The faces at or above the threshold in `picture` (height x width x 3, blue, green, red).

        May be called from several threads.
        """


@dataclass(frozen=True, slots=True)
class InspectPorts:
    """The engines of an inspection; None where there is none."""

    voice: VoiceDetector | None = None
    recognizer: Recognizer | None = None
    faces: FaceDetector | None = None
