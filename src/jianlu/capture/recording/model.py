"""What the recorder takes and gives: coded samples in, an opening, segments and gaps out. Frozen values, no I/O.

Times of samples are whole ticks of their track's clock, as the source told them; times of segments and gaps are
milliseconds of the session, which starts at 0 with the earliest presentation of any track.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from jianlu.capture.recording.boxes import IDENTITY_MATRIX

PICTURE = "picture"
"""Id of the video track."""

SOURCE = "source"
"""Side of a gap that no track covers."""


@dataclass(frozen=True, slots=True)
class Colour:
    """Code points of ISO/IEC 23091-2: primaries, transfer, matrix, and whether the full range is used."""

    primaries: int
    transfer: int
    matrix: int
    is_full_range: bool


@dataclass(frozen=True, slots=True)
class VideoShape:
    """What a picture track needs in its sample entry beside the codec's own setup."""

    width: int
    height: int
    pixel_aspect: tuple[int, int] = (1, 1)
    colour: Colour | None = None
    transform: bytes = IDENTITY_MATRIX


@dataclass(frozen=True, slots=True)
class AudioShape:
    """Sampling rate in hertz and number of channels."""

    rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class TrackFormat:
    """One track: id, codec name, `setup` (the codec's own configuration record), ticks per second of its clock, and shape.

    The source could only name times that are whole multiples of `grain` ticks. With `has_inband_setup` the samples carry parameter sets of
    their own, which may differ from those of `setup` (H.264 whose resolution changes, sample entry avc3).
    """

    track: str
    codec: str
    setup: bytes
    timescale: int
    shape: VideoShape | AudioShape
    grain: int = 1
    has_inband_setup: bool = False

    @property
    def kind(self) -> Literal["video", "audio"]:
        """`video` or `audio`."""
        return "video" if isinstance(self.shape, VideoShape) else "audio"


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame. `trim` ticks at its start are decoded and never shown (an audio coder's priming)."""

    pts: int
    duration: int
    is_sync: bool
    payload: bytes
    trim: int = 0


class GapReason(StrEnum):
    """Why a stretch has nothing recorded; those of a file first, then those of a live session."""

    TIMESTAMPS_JUMP = "timestamps_jump"
    STARTS_LATE = "starts_late"
    ENDS_EARLY = "ends_early"

    CONNECTION_LOST = "connection_lost"
    PACKETS_LOST = "packets_lost"
    RECORDER_RESTARTED = "recorder_restarted"
    SEALING_STALLED = "sealing_stalled"
    PAUSED = "paused"
    MUTED = "muted"
    SOURCE_ABSENT = "source_absent"
    UNDECRYPTABLE = "undecryptable"


@dataclass(frozen=True, slots=True)
class Opening:
    """The init segment: everything a player needs before the first media segment."""

    plaintext: bytes


@dataclass(frozen=True, slots=True)
class MediaSegment:
    """Media segment `no` (from 1): its bytes, and the half-open stretch [from_ms, to_ms) it covers."""

    no: int
    from_ms: int
    to_ms: int
    plaintext: bytes


@dataclass(frozen=True, slots=True)
class DeclaredGap:
    """Nothing was recorded in [from_ms, to_ms) on `side`: `source` for all tracks at once, or one track's id."""

    from_ms: int
    to_ms: int
    reason: GapReason
    side: str


Output = Opening | MediaSegment | DeclaredGap
