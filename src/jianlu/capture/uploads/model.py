"""What is known about a media file before it is captured: its container, its streams, and what it promises to hold.

Frozen values only: whatever a file says about itself is a claim until the recording has been read to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from jianlu.capture.recording.boxes import IDENTITY_MATRIX

Container = Literal["mp4", "mov", "matroska", "webm"]


@dataclass(frozen=True, slots=True)
class ProbedStream:
    """One stream: its place in the container, `video`, `audio` or `other`, the codec's name, and its shape (0 where it has none)."""

    index: int
    kind: Literal["video", "audio", "other"]
    codec: str
    width: int = 0
    height: int = 0
    rate_hz: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Probe:
    """A media file as its headers describe it; `duration_ms` is 0 when they do not say."""

    container: Container
    file_bytes: int
    duration_ms: int
    streams: tuple[ProbedStream, ...]

    @property
    def video(self) -> tuple[ProbedStream, ...]:
        """The moving pictures (covers and thumbnails are `other`)."""
        return tuple(stream for stream in self.streams if stream.kind == "video")

    @property
    def audio(self) -> tuple[ProbedStream, ...]:
        """The audio streams, in the container's order."""
        return tuple(stream for stream in self.streams if stream.kind == "audio")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the container's own tables say about one stream.

    `samples` is how many frames it must yield, `shown_from_s` where its presentation starts when an edit list hides what
    lies before, `transform` how its picture is turned.
    """

    samples: int
    shown_from_s: Fraction | None = None
    transform: bytes = IDENTITY_MATRIX


@dataclass(frozen=True, slots=True)
class Layout:
    """The container's structure, walked from end to end; `listed` has the video and the audio tracks, each in file order."""

    container: Container
    listed: Mapping[str, tuple[Listed, ...]]
