"""The watchdog: once a second, how every track does and what is wrong with the recording.

It looks at counters only; what an alarm means for the session is the plan's rule and not decided here. An alarm is raised when its
condition has held for two looks and cleared when it has been gone for three.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jianlu.capture.recording.live.track import Counts, LiveTrack
from jianlu.capture.sessions.recorders import Alarm, TrackHealth, TrackState

LOST_MS = 2_000
"""Without a packet for so long a track is lost: Opus sends every 20 to 400 ms, pictures several times a second."""

STARTING_MS = 10_000
SILENT_LEVEL, SILENT_LOOKS = 100, 15
"""A microphone that is on hears its own noise (-60 to -90 dBov); below -100 for 15 s it is muted or dead."""

FROZEN_MS, STILL_KBPS = 3_000, 8
"""No new picture for so long, or pictures without any change: even a static scene has a sensor's noise."""

WEAK_LOSS_PERMILLE, WEAK_FPS, DRIFT_MS_MAX = 30, 8, 80
_LOOKS_KEPT = 6
_RAISE_LOOKS, _CLEAR_LOOKS = 2, 3
_MS = 1_000


class TrackWatch:
    """Looks at one track once a second."""

    def __init__(self, track: LiveTrack, now_us: int) -> None:
        self._track = track
        self._began_us = now_us
        self._looks: deque[tuple[int, Counts]] = deque([(now_us, replace(track.counts))], maxlen=_LOOKS_KEPT)
        self._levels: deque[int] = deque(maxlen=SILENT_LOOKS)

    def look(self, now_us: int) -> TrackHealth:
        """The track's health over the last seconds."""
        track = self._track
        if track.is_audio:
            self._levels.append(track.loudest)
            track.loudest = 127
        then_us, then = self._looks[0]
        now = replace(track.counts)
        self._looks.append((now_us, now))
        passed_us = max(1, now_us - then_us)
        fps = round((now.frames - then.frames) * 1_000_000 / passed_us)
        kbps = round((now.payload_bytes - then.payload_bytes) * 8_000 / passed_us)
        ago_ms = (now_us - (track.last_packet_us or self._began_us)) // _MS
        frame_ago_ms = (now_us - (track.last_frame_us or self._began_us)) // _MS
        frozen_ms = frame_ago_ms if not track.is_audio and frame_ago_ms > _MS else 0
        drift_ms = track.drift_us // _MS
        lost = now.lost - then.lost
        is_weak = lost * 1000 > WEAK_LOSS_PERMILLE * (now.packets - then.packets + lost) or abs(drift_ms) > DRIFT_MS_MAX
        level = min(list(self._levels)[-3:], default=127)
        state = self._state(now_us, ago_ms, frozen_ms, fps, kbps, is_weak)
        if state not in ("lost", "starting") and self._is_sealed_to_us(then, now):
            state = "undecryptable"
        return TrackHealth(
            state=state,
            packets=now.packets,
            lost=now.lost,
            key_frames=now.key_frames,
            fps=fps,
            kbps=kbps,
            level_db=-level if track.is_audio else 0,
            frozen_ms=frozen_ms,
            drift_ms=drift_ms,
            last_packet_ms_ago=max(0, ago_ms),
        )

    def _is_sealed_to_us(self, then: Counts, now: Counts) -> bool:
        """Whether frames came that no key of the recorder's opened, and none of the last second that one did."""
        before = self._looks[-2][1] if len(self._looks) > 1 else then
        return now.unopened > then.unopened and now.frames == before.frames

    def _state(self, now_us: int, ago_ms: int, frozen_ms: int, fps: int, kbps: int, is_weak: bool) -> TrackState:
        track = self._track
        if track.about.is_share:
            return "ok" if track.counts.packets and ago_ms <= LOST_MS else "idle"
        if not track.counts.packets and now_us - self._began_us < STARTING_MS * _MS:
            return "starting"
        if ago_ms > LOST_MS:
            return "lost"
        if track.is_audio:
            is_silent = len(self._levels) == SILENT_LOOKS and min(self._levels) >= SILENT_LEVEL
            return "silent" if is_silent else "weak" if is_weak else "ok"
        has_looked = len(self._looks) == _LOOKS_KEPT
        if frozen_ms > FROZEN_MS or (has_looked and fps and kbps < STILL_KBPS):
            return "frozen"
        return "weak" if is_weak or (has_looked and fps < WEAK_FPS) else "ok"


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm was raised, or cleared at `at_ms`."""

    alarm: Alarm
    is_raised: bool
    at_ms: int


@dataclass(slots=True)
class _Watched:
    from_ms: int
    seen: int = 0
    absent: int = 0
    is_raised: bool = False


class AlarmBook:
    """Which alarms are raised; conditions that flicker raise none, and clear none."""

    def __init__(self) -> None:
        self._watched: dict[tuple[str, str], _Watched] = {}

    def look(self, conditions: Iterable[tuple[str, str]], now_ms: int, *, at_once: Iterable[str] = ()) -> list[AlarmChange]:
        """Take the conditions (code, track) that hold now; codes of `at_once` raise without waiting."""
        present, urgent = set(conditions), set(at_once)
        changes: list[AlarmChange] = []
        for key in present:
            watched = self._watched.setdefault(key, _Watched(now_ms))
            watched.seen, watched.absent = watched.seen + 1, 0
            if not watched.is_raised and (watched.seen >= _RAISE_LOOKS or key[0] in urgent):
                watched.is_raised = True
                changes.append(AlarmChange(Alarm(*key, watched.from_ms), True, watched.from_ms))
        for key in [key for key in self._watched if key not in present]:
            watched = self._watched[key]
            watched.absent += 1
            if not watched.is_raised or watched.absent >= _CLEAR_LOOKS:
                del self._watched[key]
                if watched.is_raised:
                    changes.append(AlarmChange(Alarm(*key, watched.from_ms), False, now_ms))
        return sorted(changes, key=lambda change: (change.alarm.code, change.alarm.track))

    @property
    def raised(self) -> tuple[Alarm, ...]:
        """The alarms that are raised now."""
        found = [Alarm(*key, watched.from_ms) for key, watched in self._watched.items() if watched.is_raised]
        return tuple(sorted(found, key=lambda alarm: (alarm.from_ms, alarm.code, alarm.track)))
