"""A recorder that records nothing but real events: segments of two seconds are sealed through the desk as the clock moves.

A test takes media away, stalls the sealing, or lets the recorder die; what it says of itself then is what the real one would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.capture.recording.live.room_key import MemberKey, secret_id
from jianlu.capture.sessions.recorders import (
    STOP_PATIENCE_MS,
    Alarm,
    RecordedTrack,
    RecorderChecks,
    RecorderMember,
    RecordingStarted,
    RecordingState,
    RecordingStatus,
    RecordingStopped,
    TrackCheck,
    TrackHealth,
    TrackState,
)
from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.vault.desk import CaseDesk
from tests.fakes.sessions.clocks import SetClock

SEGMENT_MS = 2_000


@dataclass
class _Recording:
    tracks: tuple[RecordedTrack, ...]
    zero_us: int
    until_ms: int = 0
    segments: int = 0
    media_bytes: int = 4
    is_paused: bool = False
    end_ms: int | None = None
    stopped: RecordingStopped | None = None


class FakeRecorder:
    """`Recorders`, in this process, beside the desk."""

    def __init__(self, desk: CaseDesk, tenant: str, clock: SetClock, name: str = "a") -> None:
        self.is_away = False
        self.is_deaf = False
        self.clock_ahead_ms = 0
        self.is_stalled = False
        self.is_delivering = False
        self.patience_ms: list[int] = []
        self.lost: set[str] = set()
        self.failing: dict[str, str] = {}
        self._desk, self._tenant, self._clock, self._name = desk, tenant, clock, name
        self._recordings: dict[str, _Recording] = {}
        self._secrets: dict[str, list[str]] = {}
        self._key = MemberKey(name.encode() * 32, name)
        self.sealed_to_us: set[str] = set()

    def member(self, case: str) -> RecorderMember:
        self._answer()
        return RecorderMember(self._key.public_key, tuple(self._secrets.get(case, ())))

    def admit(self, case: str, wrapped: bytes) -> str:
        self._answer()
        named = secret_id(self._key.unwrap(wrapped, case), case)
        self._secrets.setdefault(case, []).append(named)
        return named

    def preflight(self, case: str, tracks: Sequence[RecordedTrack], *, is_encrypted: bool = False) -> RecorderChecks:
        self._answer()
        seen = {
            track.track: TrackCheck(track.track not in self.lost, "h264", 100, 4, -20, 1280, 720)
            for track in tracks
            if not track.is_share
        }
        checks = {"tap": "ok", "desk": "ok", "disk": "ok", "clock": "ok"} | self.failing
        if is_encrypted:
            checks["key"] = "ok" if case in self._secrets else "failed"
        return RecorderChecks(seen, tuple(checks.items()))

    def start(
        self, case: str, tracks: Sequence[RecordedTrack], *, zero_us: int | None = None, is_encrypted: bool = False
    ) -> RecordingStarted:
        self._answer()
        if is_encrypted and case not in self._secrets:
            raise ConflictError("the room is encrypted and the recorder is no member of it: admit the recorder, then start")
        if case not in self._recordings:
            zero = zero_us if zero_us is not None else self._own_ms() * 1000
            self._recordings[case] = _Recording(tuple(tracks), zero)
            if self._name == "a":
                body = {"tracks": [[t.track, "video" if t.is_share else t.kind, "h264"] for t in tracks], "recorder": "a"}
                log = self._desk.log(self._tenant, case)
                log.seal_and_append(EventType.RECORDING_STARTED, "init", b"init", body, part="init", commits={"source": "0" * 64})
        found = self._recordings[case]
        return RecordingStarted(found.zero_us, tuple((t.track, t.kind, "h264") for t in found.tracks))

    def status(self, case: str) -> RecordingStatus:
        self._answer()
        found = self._recordings.get(case)
        if found is None:
            return RecordingStatus("idle")
        if found.stopped is None:
            self._seal(case, found)
        state: RecordingState = "stopped" if found.stopped else "paused" if found.is_paused else "recording"
        if self.is_stalled and state == "recording":
            state = "stalled"
        now_ms = self._now_ms(found)
        healths = {t.track: self._health(t) for t in found.tracks}
        alarms = tuple(Alarm("track_lost", track, now_ms) for track in sorted(self.lost))
        return RecordingStatus(state, found.until_ms, now_ms, found.zero_us, found.segments, healths, alarms)

    def pause(self, case: str) -> None:
        self._found(case, hears=True).is_paused = True

    def resume(self, case: str) -> None:
        found = self._found(case, hears=True)
        if found.is_paused:
            found.is_paused = False
            now_ms = self._now_ms(found)
            body = {"from_ms": found.until_ms, "to_ms": now_ms, "reason": "paused", "side": "source"}
            self._desk.log(self._tenant, case).append(EventType.GAP_DECLARED, body)
            found.until_ms = now_ms

    def end(self, case: str, at_ms: int) -> int:
        found = self._found(case)
        if found.end_ms is None:
            found.end_ms = max(min(at_ms, self._now_ms(found)), found.until_ms)
        return found.end_ms

    def stop(self, case: str, reason: str, *, patience_ms: int = STOP_PATIENCE_MS) -> RecordingStopped:
        self._answer()
        if case not in self._recordings or not self.is_delivering:
            self._secrets.pop(case, None)
        found = self._found(case)
        self.patience_ms.append(patience_ms)
        if self.is_delivering:
            raise UnavailableError("not all of the recording is delivered yet: see to the desk, then call again")
        if found.stopped is None:
            self.end(case, self._now_ms(found))
            self._seal(case, found, is_last=True)
            found.stopped = RecordingStopped(found.segments, found.until_ms, found.media_bytes)
            if self._name == "a":
                body = {"segments": found.segments, "duration_ms": found.until_ms, "media_bytes": found.media_bytes}
                self._desk.log(self._tenant, case).append(EventType.RECORDING_ENDED, body)
        return found.stopped

    def die(self) -> None:
        """Forget everything, as a recorder whose state file is gone."""
        self._recordings.clear()

    def _seal(self, case: str, found: _Recording, *, is_last: bool = False) -> None:
        if self.is_stalled or found.is_paused:
            return
        now_ms = self._now_ms(found) if found.end_ms is None else found.end_ms
        while found.until_ms + SEGMENT_MS <= now_ms or (is_last and found.until_ms < now_ms):
            to_ms = min(found.until_ms + SEGMENT_MS, now_ms)
            found.segments += 1
            content = b"segment %d" % found.segments
            if self._name == "a":
                body = {"no": found.segments, "from_ms": found.until_ms, "to_ms": to_ms}
                log = self._desk.log(self._tenant, case)
                log.seal_and_append(EventType.SEGMENT_SEALED, f"segment-{found.segments}", content, body)
            found.until_ms, found.media_bytes = to_ms, found.media_bytes + len(content)

    def _health(self, track: RecordedTrack) -> TrackHealth:
        state: TrackState = "lost" if track.track in self.lost else "idle" if track.is_share else "ok"
        if track.track in self.sealed_to_us:
            state = "undecryptable"
        return TrackHealth(state, 100, 0, 4, 25, 900, -20, 0, 0, 20)

    def _now_ms(self, found: _Recording) -> int:
        return self._own_ms() - found.zero_us // 1000

    def _own_ms(self) -> int:
        """The monotonic clock of the machine that it runs on."""
        return self._clock.monotonic_ms() + self.clock_ahead_ms

    def _found(self, case: str, *, hears: bool = False) -> _Recording:
        self._answer()
        if hears and self.is_deaf:
            raise UnavailableError("the recorder could not keep that: try again")
        if case not in self._recordings:
            raise NotFoundError("this recorder does not record that case")
        return self._recordings[case]

    def _answer(self) -> None:
        if self.is_away:
            raise UnavailableError("the recorder is away: try again")
