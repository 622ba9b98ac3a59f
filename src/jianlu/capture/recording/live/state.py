"""What a recorder must know to go on with a case after it was killed: tracks, their formats, the session's zero. As JSON text.

A state file holds no media, and keys only wrapped. The zero is an instant of the machine's monotonic clock, which starts anew with the
machine: the wall clock's instant is kept beside it, and used when the machine was started again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jianlu.capture.recording.model import AudioShape, TrackFormat, VideoShape
from jianlu.capture.sessions.recorders import RecordedTrack, track_fields, tracks_from
from jianlu.core.errors import IntegrityError, InvalidError

VERSION = 1


@dataclass(frozen=True, slots=True)
class CaseState:
    """One case that is being recorded. `end_us` is set once it is being stopped; `keys` are wrapped, of an encrypted room."""

    tracks: tuple[RecordedTrack, ...]
    formats: Mapping[str, TrackFormat]
    zero_us: int
    zero_wall_ms: int
    boot: str
    is_paused: bool = False
    end_us: int | None = None
    keys: tuple[tuple[int, str], ...] | None = None

    @property
    def wall_offset_ms(self) -> int:
        """How far the wall clock was ahead of the monotonic one when that was last kept."""
        return self.zero_wall_ms - self.zero_us // 1000

    def with_wall_offset(self, offset_ms: int) -> CaseState:
        """The state with the wall clock as it is now: the zero's instant by it moves as the clock does."""
        return replace(self, zero_wall_ms=self.zero_us // 1000 + offset_ms)

    def zero_on(self, boot: str, monotonic_us: int, wall_ms: int) -> int:
        """The session's zero on the clock of the machine as it runs now."""
        return self.zero_us if boot == self.boot else monotonic_us - (wall_ms - self.zero_wall_ms) * 1000


def state_text(state: CaseState) -> str:
    """`state` as text."""
    fields = {
        "v": VERSION,
        "tracks": track_fields(state.tracks),
        "formats": {name: _format_fields(each) for name, each in state.formats.items()},
        "zero_us": state.zero_us,
        "zero_wall_ms": state.zero_wall_ms,
        "boot": state.boot,
        "is_paused": state.is_paused,
        "end_us": state.end_us,
        "keys": state.keys,
    }
    return json.dumps(fields, separators=(",", ":"))


def state_from(text: str) -> CaseState:
    """The inverse of `state_text`; IntegrityError for anything else."""
    try:
        fields = json.loads(text)
        if fields["v"] != VERSION:
            raise IntegrityError("a recording's state is of another version: finish it with the program that began it")
        return CaseState(
            tracks=tracks_from(fields["tracks"]),
            formats={name: _format_from(name, each) for name, each in fields["formats"].items()},
            zero_us=int(fields["zero_us"]),
            zero_wall_ms=int(fields["zero_wall_ms"]),
            boot=str(fields["boot"]),
            is_paused=bool(fields["is_paused"]),
            end_us=None if fields["end_us"] is None else int(fields["end_us"]),
            keys=None if fields["keys"] is None else tuple((int(kid), str(wrapped)) for kid, wrapped in fields["keys"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError, InvalidError) as error:
        raise IntegrityError("a recording's state cannot be read: its case must be ended by hand") from error


def _format_fields(track: TrackFormat) -> dict[str, Any]:
    shape = track.shape
    sides = [shape.width, shape.height] if isinstance(shape, VideoShape) else [shape.rate_hz, shape.channels]
    return {
        "codec": track.codec,
        "setup": track.setup.hex(),
        "timescale": track.timescale,
        "kind": track.kind,
        "shape": sides,
        "inband": track.has_inband_setup,
    }


def _format_from(name: str, fields: Mapping[str, Any]) -> TrackFormat:
    first, second = fields["shape"]
    shape = VideoShape(first, second) if fields["kind"] == "video" else AudioShape(first, second)
    setup = bytes.fromhex(fields["setup"])
    return TrackFormat(name, fields["codec"], setup, fields["timescale"], shape, has_inband_setup=bool(fields["inband"]))
