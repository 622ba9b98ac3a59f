"""The port to the recorders of live sessions, and the values that it speaks in.

A recorder is a process of its own, named `a` or `b`. It takes media from the tap of the room, and every case that it records
answers for itself: which track is seen, up to which second everything is sealed, what is wrong. How it records is in
`capture/recording/live/`; what it writes is specified in `specs/live-recording.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from jianlu.core.errors import InvalidError

TrackKind = Literal["audio", "video", "share"]
"""A share is a picture that may come and go: its absence is no gap."""

TrackState = Literal["starting", "ok", "weak", "lost", "silent", "frozen", "idle", "undecryptable"]
"""`idle`: a share that nobody shares. `undecryptable`: what comes is encrypted, and no key of the recorder's opens it.

The others mean trouble unless they are `ok` or, at the very beginning, `starting`.
"""

RecordingState = Literal["idle", "starting", "recording", "paused", "stalled", "stopped"]

STOP_PATIENCE_MS = 50_000
"""How long a stop waits for the last delivery, where nobody else is kept waiting by it."""

_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,29}$")


@dataclass(frozen=True, slots=True)
class RecordedTrack:
    """One track of a recording: its id, the feed that it comes from, and what it is."""

    track: str
    feed: str
    kind: TrackKind

    def __post_init__(self) -> None:
        """Raise InvalidError for names that cannot stand in events."""
        if not _NAME.fullmatch(self.track) or not _NAME.fullmatch(self.feed) or self.kind not in ("audio", "video", "share"):
            raise InvalidError(
                "a recorded track has a short code, a feed, and is audio, video or share: correct the plan's tracks"
            )

    @property
    def media(self) -> str:
        """What an encrypted frame of it is: audio or video."""
        return "audio" if self.kind == "audio" else "video"

    @property
    def is_share(self) -> bool:
        """Whether it may be absent."""
        return self.kind == "share"


@dataclass(frozen=True, slots=True)
class TrackHealth:
    """A track now. Counters since the recorder first saw it; rates of the last few seconds.

    `level_db` is the loudest of the last seconds in dBov (0 loudest, -127 silence; 0 for pictures), `frozen_ms` how long no new picture
    could be taken, `drift_ms` how far what is written is from where the clocks say it belongs.
    """

    state: TrackState
    packets: int
    lost: int
    key_frames: int
    fps: int
    kbps: int
    level_db: int
    frozen_ms: int
    drift_ms: int
    last_packet_ms_ago: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong since `from_ms` of the session; `track` is empty when it concerns the whole recording."""

    code: str
    track: str
    from_ms: int


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """A recording now: everything before `recorded_until_ms` is sealed and in the ledger, or declared missing there."""

    state: RecordingState
    recorded_until_ms: int = 0
    now_ms: int = 0
    zero_us: int = 0
    segments: int = 0
    tracks: Mapping[str, TrackHealth] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackCheck:
    """What the recorder saw of a track before the start; `is_ready` when it could be recorded from now on."""

    is_ready: bool
    codec: str
    packets: int
    key_frames: int
    level_db: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RecorderChecks:
    """The recorder's part of the preflight: media by track, and `[name, result]` for tap, desk, disk and clock (ok or failed)."""

    tracks: Mapping[str, TrackCheck]
    checks: tuple[tuple[str, str], ...]

    @property
    def is_ready(self) -> bool:
        """Whether a recording could start now."""
        return all(track.is_ready for track in self.tracks.values()) and all(result == "ok" for _, result in self.checks)


@dataclass(frozen=True, slots=True)
class RecorderMember:
    """A recorder as a member of an encrypted room: its own public key (X25519), and the ids of the secrets that it was given."""

    public_key: bytes
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """A recording runs: its zero on the machine's monotonic clock (microseconds), and its tracks as id, kind, codec."""

    zero_us: int
    tracks: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """A recording is over and all of it delivered: segments, length, and plaintext bytes of init and segments."""

    segments: int
    duration_ms: int
    media_bytes: int


class Recorders(Protocol):
    """One recorder process. Synchronous, safe from threads; every method raises UnavailableError when the process is away."""

    def member(self, case: str) -> RecorderMember:
        """The recorder as a member of the encrypted room of `case`, whether or not it was admitted yet."""

    def admit(self, case: str, wrapped: bytes) -> str:
        """Give the recorder the secret of an encrypted room, wrapped to its own key, before the start or while it records.

        Returns the secret's id. InvalidError for what is no wrapped secret, DeniedError for one that is not for this recorder and
        case; ConflictError when the case is being recorded unencrypted, or was recorded already.
        """

    def preflight(self, case: str, tracks: Sequence[RecordedTrack], *, is_encrypted: bool = False) -> RecorderChecks:
        """Look whether the case could be recorded now; begins to watch the tap, so ask again until it is ready. Writes nothing.

        Of an encrypted room the check `key` says whether the recorder is a member.
        """

    def start(
        self, case: str, tracks: Sequence[RecordedTrack], *, zero_us: int | None = None, is_encrypted: bool = False
    ) -> RecordingStarted:
        """Start recording; the first segment is sealed about three seconds later. A running recording answers with what it is.

        `zero_us` puts the session's zero where another recorder has it. UnavailableError when a track has no media that can be
        recorded, or the desk does not take the beginning; ConflictError when the case was recorded before, or elsewhere, or when
        the room is encrypted and the recorder is no member of it.
        """

    def status(self, case: str) -> RecordingStatus:
        """The recording now; `idle` for a case that this recorder knows nothing of."""

    def pause(self, case: str) -> None:
        """Record nothing from now on; what is left out is declared as a gap (`paused`). Idempotent. NotFoundError when not recording."""

    def resume(self, case: str) -> None:
        """Go on after a pause. Idempotent. NotFoundError when not recording."""

    def end(self, case: str, at_ms: int) -> int:
        """Record what belongs before that instant of the session, and nothing behind it; the first call counts. Waits for nothing.

        Returns where the end lies: no later than now, no earlier than what was cut already. So two recorders end as one. NotFoundError
        when not recording; UnavailableError when the end could not be kept, or the recording is only being taken up again: call again.
        """

    def stop(self, case: str, reason: str, *, patience_ms: int = STOP_PATIENCE_MS) -> RecordingStopped:
        """End the recording, now unless `end` said where, and wait until all of it is delivered; idempotent.

        The recorder that writes first says then that the recording has ended, so it is stopped last. The secrets of the room are
        forgotten, recorded or not.

        NotFoundError when it was never started here. UnavailableError while something is still to be delivered after `patience_ms`: the
        recording has ended, call again.
        """


def track_fields(tracks: Sequence[RecordedTrack]) -> list[list[str]]:
    """`tracks` as they go between processes and into state files."""
    return [[track.track, track.feed, track.kind] for track in tracks]


def tracks_from(fields: Any) -> tuple[RecordedTrack, ...]:
    """The inverse of `track_fields`; InvalidError for what it did not make, for no tracks, and for an id or a source used twice."""
    try:
        tracks = tuple(RecordedTrack(track, feed, kind) for track, feed, kind in fields)
    except (TypeError, ValueError) as error:
        raise InvalidError("the recorded tracks are a list of [id, feed, kind]: run processes of one version") from error
    sources = {(track.feed, track.kind == "audio") for track in tracks}
    if not tracks or len({track.track for track in tracks}) < len(tracks) or len(sources) < len(tracks):
        raise InvalidError("a recording has at least one track, each with its own id and source: correct the plan's tracks")
    return tracks


def status_fields(status: RecordingStatus) -> dict[str, Any]:
    """`status` as JSON."""
    return asdict(status)


def status_from(fields: Mapping[str, Any]) -> RecordingStatus:
    """The inverse of `status_fields`."""
    return RecordingStatus(
        state=fields["state"],
        recorded_until_ms=fields["recorded_until_ms"],
        now_ms=fields["now_ms"],
        zero_us=fields["zero_us"],
        segments=fields["segments"],
        tracks={name: TrackHealth(**track) for name, track in fields["tracks"].items()},
        alarms=tuple(Alarm(**alarm) for alarm in fields["alarms"]),
    )


def checks_fields(checks: RecorderChecks) -> dict[str, Any]:
    """`checks` as JSON."""
    return asdict(checks)


def checks_from(fields: Mapping[str, Any]) -> RecorderChecks:
    """The inverse of `checks_fields`."""
    tracks = {name: TrackCheck(**track) for name, track in fields["tracks"].items()}
    return RecorderChecks(tracks, tuple((str(name), str(result)) for name, result in fields["checks"]))
