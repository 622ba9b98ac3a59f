"""What a capture is asked for and what it reports. Frozen values only.

How a recording is cut is in `recording/`, what is known of a file beforehand in `uploads/model.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from jianlu.capture.recording.model import PICTURE, SOURCE, DeclaredGap
from jianlu.core.errors import InvalidError

_ROLE = re.compile(r"^[a-z][a-z0-9_-]{0,19}$")


@dataclass(frozen=True, slots=True)
class TrackRole:
    """Audio stream number `audio` of the file (from 0) holds the voice of `role`; `mixed` when it holds everybody."""

    audio: int
    role: str

    def __post_init__(self) -> None:
        """Raise InvalidError for a role that is no code, or that means something else in the events."""
        if not _ROLE.fullmatch(self.role) or self.role in (PICTURE, SOURCE, "recorder") or self.audio < 0:
            raise InvalidError("a track's role is a short code such as agent or customer: correct the case's tracks")


@dataclass(frozen=True, slots=True)
class Track:
    """One recorded track: id, kind and codec."""

    track: str
    kind: Literal["video", "audio"]
    codec: str


@dataclass(frozen=True, slots=True)
class RecordedSegment:
    """One sealed segment: number from 1, half-open stretch in ms of the session, and size of its plaintext."""

    no: int
    from_ms: int
    to_ms: int
    plain_bytes: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished capture; `media_bytes` counts the plaintext of init and segments."""

    tracks: tuple[Track, ...]
    init_digest: str
    segments: tuple[RecordedSegment, ...]
    gaps: tuple[DeclaredGap, ...]
    duration_ms: int
    media_bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a capture is: session time sealed, what the file claims to last (0: unknown), segments and media bytes."""

    sealed_ms: int
    claimed_ms: int
    segments: int
    media_bytes: int
