"""What is wrong with one recording as a whole, and what that makes of its state: delivery, disk, clock and faults beside its tracks.

Looked at once a second; the answer is events to be recorded, alarms to be shown, and the state. Nothing is decided about the session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jianlu.capture.recording.live.delivery import Delivery
from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.outbox import Outbox
from jianlu.capture.recording.live.wall_clock import WallClockWatch
from jianlu.capture.recording.live.watchdog import AlarmBook
from jianlu.capture.sessions.recorders import Alarm, RecordingState
from jianlu.core.errors import UnavailableError
from jianlu.core.limits import LIVE_LAG_MS, SEGMENT_MS
from jianlu.core.terms.events import EventType

DISK_BYTES_MIN = 256 * 1024 * 1024
"""Less is an alarm: an hour of two 720p cameras is 1.4 GB, and the spool is for minutes."""

_STALL_MS = SEGMENT_MS + LIVE_LAG_MS + 4_000
_SHOWN_US = 30_000_000
"""How long something that happened at one moment stays an alarm."""

_AT_ONCE = ("sealing_stalled", "uplink_lost", "disk_full", "clock_stepped", "recorder_fault")
Said = tuple[EventType, dict[str, Any]]


class RecordingHealth:
    """Watches one recording. On the edge a spool that works is as good as the desk."""

    def __init__(
        self,
        recording: LiveRecording,
        delivery: Delivery,
        outbox: Outbox,
        free_bytes: Callable[[], int],
        *,
        is_edge: bool,
        wall: WallClockWatch,
    ) -> None:
        self._recording = recording
        self._delivery = delivery
        self._outbox = outbox
        self._read_free_bytes = free_bytes
        self._is_edge = is_edge
        self._alarms = AlarmBook()
        self._wall = wall
        self._stepped_us: int | None = None
        self._faulted_us: int | None = None

    def look(self, now_us: int, wall_offset_ms: int | None, *, is_finished: bool) -> list[Said]:
        """What is to be recorded about the last second; `wall_offset_ms` as `offset_of` says."""
        self._recording.look(now_us)
        now_ms = self._recording.now_ms(now_us)
        said: list[Said] = []
        if step_ms := self._wall.look(wall_offset_ms):
            self._stepped_us = now_us
            said.append((EventType.CLOCK_STEPPED, {"step_ms": step_ms, "at_ms": now_ms}))
        for change in self._alarms.look(self._conditions(now_us, is_finished=is_finished), now_ms, at_once=_AT_ONCE):
            kind = EventType.HEALTH_ALARMED if change.is_raised else EventType.HEALTH_CLEARED
            said.append((kind, {"code": change.alarm.code, "track": change.alarm.track, "at_ms": change.at_ms}))
        return said

    def note_fault(self, now_us: int) -> None:
        """The program had a fault, and goes on."""
        self._faulted_us = now_us

    def state(self, now_us: int) -> RecordingState:
        """The state of a recording that has begun and is not over."""
        if (self._is_behind(now_us) and not self._is_spooled_well) or self._outbox.is_spool_failing:
            return "stalled"
        if self._recording.is_paused:
            return "paused"
        return "recording" if self._delivery.segments or self._is_spooled_well else "starting"

    def has_room(self) -> bool:
        """Whether the disk has enough left."""
        try:
            return self._read_free_bytes() >= DISK_BYTES_MIN
        except UnavailableError:
            return False

    def is_clock_steady(self, now_us: int) -> bool:
        """Whether the wall clock was left alone lately."""
        return self._stepped_us is None or now_us - self._stepped_us > _SHOWN_US

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The alarms that are raised now."""
        return self._alarms.raised

    def _conditions(self, now_us: int, *, is_finished: bool) -> set[tuple[str, str]]:
        found = set() if is_finished else self._recording.conditions()
        if self._is_behind(now_us):
            found.add(("uplink_lost" if self._is_spooled_well else "sealing_stalled", ""))
        if self._outbox.is_spool_failing:
            found.add(("disk_full", ""))
        elif not self.has_room():
            found.add(("disk_low", ""))
        if not self.is_clock_steady(now_us):
            found.add(("clock_stepped", ""))
        if self._faulted_us is not None and now_us - self._faulted_us <= _SHOWN_US:
            found.add(("recorder_fault", ""))
        return found

    def _is_behind(self, now_us: int) -> bool:
        """Delivery fails, or is further behind than cutting and sealing take."""
        waiting_ms = self._recording.now_ms(now_us) - self._delivery.covered_ms
        return self._delivery.is_failing or (self._outbox.is_spooling and waiting_ms > _STALL_MS)

    @property
    def _is_spooled_well(self) -> bool:
        return self._is_edge and not self._outbox.is_spool_failing
