"""One case being recorded: the tap is read, the recording ticks, and what it gives is delivered, each in a task of its own.

All decisions are in the sans-I/O parts; here is only their order. Nothing that fails here ends silently: a lost tap is reconnected and
shown, a failing log is retried and shown, and a recording that was stopped stays until all of it is delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from jianlu.capture.recording.live.cutter import LiveOutput, LiveSegment
from jianlu.capture.recording.live.delivery import MAIN, MISSING, Delivery
from jianlu.capture.recording.live.entries import Entry
from jianlu.capture.recording.live.health import RecordingHealth
from jianlu.capture.recording.live.key_ring import KeyRing, KeyWrapper
from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.outbox import Outbox
from jianlu.capture.recording.live.ports import LiveLog, MachineClock, Spool, StateStore, Tap, TapStream
from jianlu.capture.recording.live.room_key import MemberKey
from jianlu.capture.recording.live.state import CaseState, state_text
from jianlu.capture.recording.live.tap_frames import TapFrame
from jianlu.capture.recording.live.wall_clock import WallClockWatch, offset_of
from jianlu.capture.recording.model import GapReason
from jianlu.capture.sessions.recorders import (
    STOP_PATIENCE_MS,
    RecordedTrack,
    RecorderChecks,
    RecordingStarted,
    RecordingState,
    RecordingStatus,
    RecordingStopped,
)
from jianlu.core.errors import ConflictError, InvalidError, JianluError, NotFoundError, UnavailableError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.events import EventType

RECORDER = "live/1"
SOURCE_FORMAT = "jianlu/live-source/v1"
OFFSET_KEPT_MS = 100
"""A change of the wall clock that is kept with the state: a fifth of what is called a step."""

_TICK_S, _LOOK_US = 0.2, 1_000_000
_RETRY_FIRST_S, _RETRY_MAX_S = 0.2, 3.0
_START_WAIT_S, _DELIVERY_WAIT_S = 10.0, 12.0
_CLOSE_WAIT_S = 3.0
_KEY_WAIT_S = 3.0
_POLL_S = 0.05
_UNDELIVERED = "not all of the recording is delivered yet"


@dataclass(frozen=True, slots=True)
class RecorderPorts:
    """What the recorder `name` works with. On the `edge` the desk may be away for long: the spool is as good as the desk then."""

    name: str
    tap: Tap
    states: StateStore
    clock: MachineClock
    log: Callable[[str], LiveLog]
    spool: Callable[[str], Spool]
    complain: Callable[[str, BaseException], None]
    keys: KeyWrapper
    member: MemberKey
    is_edge: bool = False


class CaseRecorder:
    """Watches and records one case. Make it in a running loop; `run` starts its tasks, `close` ends them."""

    def __init__(
        self,
        case: str,
        tracks: Sequence[RecordedTrack],
        using: RecorderPorts,
        state: CaseState | None = None,
        ring: KeyRing | None = None,
    ) -> None:
        self.case = case
        self.tracks = tuple(tracks)
        self._using = using
        self._state = state
        self._log = using.log(case)
        self._outbox = Outbox(using.spool(case))
        self._delivery = Delivery(self._log, self._outbox, using.name)
        self.ring = ring if state is None or state.keys is None else KeyRing(case, using.keys, state.keys)
        openers = self.ring.opener if self.ring else None
        self._recording = LiveRecording(tracks, self._now_us(), state.formats if state else None, openers)
        self._wall = WallClockWatch(state.wall_offset_ms if state and state.boot == using.clock.boot() else None)
        self._health = RecordingHealth(
            self._recording, self._delivery, self._outbox, using.states.free_bytes, is_edge=using.is_edge, wall=self._wall
        )
        self._looked_us = 0
        self._stream: TapStream | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_closing = False
        self._missing = GapReason.SEALING_STALLED if state is None else GapReason.RECORDER_RESTARTED
        self._due = asyncio.Event()
        self._starting = asyncio.Lock()
        self._duration_ms: int | None = None
        self._is_declared = False
        self._stopped: RecordingStopped | None = None
        self.asked_us = self._now_us()

    # -- the tasks -----------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Start watching, and resume if there is something to resume."""
        for work in (self._read_tap, self._keep_time, self._deliver):
            self._spawn(work)

    def _spawn(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        def look(ended: asyncio.Task[None]) -> None:
            fault = None if ended.cancelled() else ended.exception()
            if fault is not None:
                # A fault of the program: shown, and the work goes on. A recorder that stops quietly would be worse.
                self._health.note_fault(self._now_us())
                self._using.complain(self.case, fault)
                asyncio.get_running_loop().call_later(_RETRY_MAX_S, self._spawn, work)

        if not self._is_closing:
            task = self._tasks[work.__name__] = asyncio.create_task(work())
            task.add_done_callback(look)

    async def close(self) -> None:
        """End the tasks; what was taken so far is cut and kept, and a recording can be resumed."""
        self._is_closing = True
        delivering = self._tasks.pop(self._deliver.__name__, None)
        await _end(*self._tasks.values())
        if self._recording.has_begun and not self._is_finished:
            self._put(self._recording.finish(self._now_us()))
            with contextlib.suppress(UnavailableError):
                await self._until_delivered(_CLOSE_WAIT_S)
            self._outbox.spill()
        await _end(delivering)
        if self._stream is not None:
            await self._stream.close()
        await self._log.close()

    async def _read_tap(self) -> None:
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                stream = await self._using.tap.open(self.case)
                self.stand_in(stream)
                while frames := await stream.read():
                    wait_s = _RETRY_FIRST_S
                    self.take(frames)
            except (UnavailableError, InvalidError):
                pass  # shown as an alarm, and tried again
            if self._stream is not None:
                await self._stream.close()
            self.stand_in(None)
            await self._using.clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _RETRY_MAX_S)

    def stand_in(self, stream: TapStream | None) -> None:
        """The tap is `stream` from now on, or there is none."""
        self._stream = stream
        (self._recording.lose_tap if stream is None else self._recording.regain_tap)()

    def take(self, frames: Sequence[TapFrame]) -> None:
        """Take what the tap says."""
        for frame in frames:
            self._recording.take(frame)

    async def resume(self) -> None:
        """Go on with what an earlier process began, if it did."""
        if self._state is not None:
            await self._resume(self._state)

    async def _keep_time(self) -> None:
        await self.resume()
        while True:
            self.step()
            await self._using.clock.sleep(_TICK_S)

    async def deliver_one(self) -> bool:
        """Deliver the oldest entry; False when there is none. Raises what the log raised."""
        return await self._delivery.deliver_one()

    async def _deliver(self) -> None:
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                if not await self.deliver_one():
                    self._due.clear()
                    await self._due.wait()
                wait_s = _RETRY_FIRST_S
            except JianluError:
                await self._using.clock.sleep(wait_s)
                wait_s = min(2 * wait_s, _RETRY_MAX_S)

    def step(self) -> None:
        """What is due now: segments are cut, key frames asked for, and once a second everything is looked at."""
        now_us = self._now_us()
        if not self._is_finished:
            self._put(self._recording.tick(now_us))
            self._note_end(now_us)
            if (stream := self._stream) is not None:
                for feed in self._recording.key_frames_wanted(now_us):
                    stream.ask_key_frame(feed)
        if now_us - self._looked_us >= _LOOK_US:
            self._looked_us = now_us
            self._look(now_us)

    # -- health --------------------------------------------------------------------------------------------------------------

    def _look(self, now_us: int) -> None:
        for kind, body in self._health.look(now_us, offset_of(self._using.clock), is_finished=self._is_finished):
            self._say(kind, body)
        self._keep_wall_offset()
        if self._recording.has_begun and not self._is_finished:
            measured = self._recording.measured(now_us)
            if measured is not None:
                self._put_sheet(measured.plaintext, measured.samples)

    def _keep_wall_offset(self) -> None:
        """How far the clocks are apart, where the state says another: the next process, or the next run of the machine, needs it.

        Only once what was to be said of it is kept: a step that is lost with this process is found by the next one.
        """
        offset_ms, state = self._wall.offset_ms, self._state
        if not (self._outbox.is_empty or self._outbox.is_spooling):
            return
        if state is None or offset_ms is None or self._is_finished or abs(offset_ms - state.wall_offset_ms) < OFFSET_KEPT_MS:
            return
        fresh = state.with_wall_offset(offset_ms)
        with contextlib.suppress(UnavailableError):  # a full disk has an alarm of its own; tried again at the next look
            self._using.states.save(self.case, state_text(fresh))
            self._state = fresh

    def status(self) -> RecordingStatus:
        """The recording now."""
        now_us = self._now_us()
        return RecordingStatus(
            state=self._state_now(now_us),
            recorded_until_ms=self._delivery.covered_ms,
            now_ms=self._recording.now_ms(now_us),
            zero_us=self._recording.zero_us,
            segments=self._delivery.segments,
            tracks=self._recording.healths,
            alarms=self._health.alarms,
        )

    def _state_now(self, now_us: int) -> RecordingState:
        if self._stopped is not None:
            return "stopped"
        if not self._recording.has_begun:
            return "idle" if self._state is None else "starting"
        return self._health.state(now_us)

    # -- what is called ------------------------------------------------------------------------------------------------------

    async def preflight(self, *, is_encrypted: bool = False) -> RecorderChecks:
        """The recorder's part of the preflight."""
        now_us = self.asked_us = self._now_us()
        checks = [
            ("tap", self._stream is not None),
            ("desk", await self._can_reach_desk() or self._using.is_edge),
            ("disk", self._health.has_room()),
            ("clock", self._health.is_clock_steady(now_us)),
            *([("key", self.ring is not None)] if is_encrypted else []),
        ]
        return RecorderChecks(
            self._recording.checks(now_us), tuple((name, "ok" if is_ok else "failed") for name, is_ok in checks)
        )

    async def _can_reach_desk(self) -> bool:
        try:
            await self._delivery.reach()
        except UnavailableError:
            return False
        return True

    async def start(self, zero_us: int | None) -> RecordingStarted:
        """As `Recorders.start`."""
        async with self._starting:
            if self._state is None:
                await self._refuse_second_recording()
                await self._await_formats()
                self._begin(await self._zero() if zero_us is None else zero_us)
            if not (self._using.is_edge or self._delivery.has_started):
                await self._until(lambda: self._delivery.has_started, _DELIVERY_WAIT_S, "the desk has not taken the beginning")
        return self._started()

    async def _refuse_second_recording(self) -> None:
        try:
            await self._delivery.learn()
        except UnavailableError:
            if not self._using.is_edge:
                raise
            return
        if self._delivery.has_started or self._delivery.is_abandoned:
            raise ConflictError("the case has a recording already: a case is recorded once, open a new one")

    async def _await_formats(self) -> None:
        def is_ready() -> bool:
            return all(check.is_ready for check in self._recording.checks(self._now_us()).values())

        with contextlib.suppress(UnavailableError):
            await self._until(is_ready, _START_WAIT_S, "not every track has come")

    async def _zero(self) -> int:
        """Where the session begins: with the first key frame of a camera, so that no picture is missing at its start."""
        self._recording.require_keys(self._now_us())
        with contextlib.suppress(UnavailableError):
            await self._until(lambda: self._recording.first_key_us() is not None, _KEY_WAIT_S, "no key frames")
        return self._recording.first_key_us() or self._now_us()

    def _begin(self, zero_us: int) -> None:
        clock = self._using.clock
        formats = self._recording.settle_formats()
        zero_wall_ms = clock.wall_ms() - (clock.monotonic_us() - zero_us) // 1000
        keys = self.ring.kept if self.ring else None
        state = CaseState(self.tracks, formats, zero_us, zero_wall_ms, clock.boot(), keys=keys)
        self._using.states.save(self.case, state_text(state))
        self._state = state
        self._put_opening()
        for alarm in self._health.alarms:  # those raised before there was a recording to tell of them
            self._say(EventType.HEALTH_ALARMED, {"code": alarm.code, "track": alarm.track, "at_ms": 0})
        self._recording.begin(zero_us)

    async def _resume(self, state: CaseState) -> None:
        """Go on with what an earlier process began: the log says how far it came, or the spool does when the log is away."""
        if not self._recording.has_begun:
            if self._outbox.is_empty:
                await self._learn_patiently()
                if not self._delivery.has_started:
                    self._put_opening()
            clock = self._using.clock
            now_us = clock.monotonic_us()
            zero_us = state.zero_on(clock.boot(), now_us, clock.wall_ms())
            self._state = replace(state, zero_us=zero_us, boot=clock.boot())
            self._using.states.save(self.case, state_text(self._state))
            if self._delivery.has_ended or state.end_us is not None:
                end_ms = ((state.end_us or now_us) - state.zero_us) // 1000
                self._duration_ms = max(end_ms, self._delivery.covered_ms)
                return
            from_ms = max((now_us - zero_us) // 1000, self._delivery.covered_ms, 1)
            if state.is_paused:
                self._recording.pause()
            self._recording.begin(zero_us, from_ms=from_ms)

    async def _learn_patiently(self) -> None:
        """On the edge the log may be away for long, and recording must not wait for it: delivery sorts it out."""
        with contextlib.suppress(UnavailableError):
            await self._delivery.learn()

    def _started(self) -> RecordingStarted:
        state = self._state
        if state is None:
            raise NotFoundError("the case is not being recorded: start it")
        rows = [(t.track, "audio" if t.kind == "audio" else "video", state.formats[t.track].codec) for t in state.tracks]
        return RecordingStarted(state.zero_us, tuple(rows))

    def set_paused(self, is_paused: bool) -> None:
        """As `Recorders.pause` and `resume`. A pause that cannot be kept is one all the same, and asking again keeps it."""
        if self._state is None or self._is_finished:
            raise NotFoundError("the case is not being recorded: nothing can be paused")
        if is_paused:
            self._recording.pause()
        if self._state.is_paused != is_paused:
            state = replace(self._state, is_paused=is_paused)
            self._using.states.save(self.case, state_text(state))
            self._state = state
        if not is_paused and self._recording.is_paused:
            self._recording.resume()

    def keep_keys(self) -> None:
        """The ring has another key: it must survive this process too."""
        if self._state is not None and self.ring is not None:
            self._state = replace(self._state, keys=self.ring.kept)
            self._using.states.save(self.case, state_text(self._state))

    def end(self, at_ms: int) -> int:
        """As `Recorders.end`. An end that cannot be kept is one all the same, and asking again keeps it."""
        state = self._state
        if state is None:
            raise NotFoundError("the case is not being recorded: nothing is to be ended")
        if self._duration_ms is not None:
            return self._duration_ms
        end_ms = self._recording.end(at_ms, self._now_us())
        if state.end_us is None:
            ended = replace(state, end_us=state.zero_us + end_ms * 1000)
            self._using.states.save(self.case, state_text(ended))
            self._state = ended
        return end_ms

    async def stop(self, patience_s: float = STOP_PATIENCE_MS / 1000) -> RecordingStopped:
        """As `Recorders.stop`."""
        if self._stopped is not None:
            return self._stopped
        if self._state is None:
            raise NotFoundError("the case is not being recorded: nothing is to be stopped")
        async with self._starting:
            self.end(self._recording.now_ms(self._now_us()))
        until_us = self._now_us() + int(patience_s * 1_000_000)
        await self._until(lambda: self._is_finished, patience_s, _UNDELIVERED)
        self._declare_end()
        await self._until_delivered((until_us - self._now_us()) / 1_000_000)
        delivery = self._delivery
        self._using.states.remove(self.case)
        self._stopped = RecordingStopped(delivery.segments, delivery.duration_ms, delivery.media_bytes)
        return self._stopped

    def _note_end(self, now_us: int) -> None:
        """Once the end is cut, nothing is recorded any more; that it is over is said when everybody has delivered (`stop`)."""
        if self._recording.duration_ms is None or self._is_finished:
            return
        measured = self._recording.measured(now_us, is_final=True)
        if measured is not None:
            self._put_sheet(measured.plaintext, measured.samples)
        self._duration_ms = self._recording.duration_ms

    def _declare_end(self) -> None:
        if not self._is_declared:
            self._is_declared = True
            body = {"duration_ms": self._duration_ms, MISSING: self._missing.value}
            self._outbox.put(Entry(EventType.RECORDING_ENDED, body))
            self._due.set()

    @property
    def _is_finished(self) -> bool:
        """Whether the recording's end is cut, by this process or by an earlier one."""
        return self._duration_ms is not None

    @property
    def is_recording(self) -> bool:
        """Whether there is anything that must not be forgotten."""
        return self._state is not None and self._stopped is None

    # -- entries -------------------------------------------------------------------------------------------------------------

    def _put(self, outputs: Sequence[LiveOutput]) -> None:
        for output in outputs:
            if isinstance(output, LiveSegment):
                body = {"from_ms": output.from_ms, "to_ms": output.to_ms, MISSING: self._missing.value}
                self._missing = GapReason.SEALING_STALLED
                self._outbox.put(Entry(EventType.SEGMENT_SEALED, body, "seg", output.plaintext))
            else:
                gap = {"from_ms": output.from_ms, "to_ms": output.to_ms, "reason": output.reason.value, "side": output.side}
                self._say(EventType.GAP_DECLARED, gap)
        if outputs:
            self._due.set()

    def _put_opening(self) -> None:
        state = self._state
        if state is None:
            return
        rows = [[t.track, "audio" if t.kind == "audio" else "video", state.formats[t.track].codec] for t in state.tracks]
        source = canonical_bytes({"format": SOURCE_FORMAT, "feeds": [[t.track, t.feed] for t in state.tracks]})
        body = {"tracks": rows, "recorder": RECORDER}
        commits = {"source": hashlib.sha256(source).hexdigest()} if self._using.name == MAIN else {}
        self._outbox.put(
            Entry(EventType.RECORDING_STARTED, body, "init", self._recording.opening(), part="init", commits=commits)
        )
        self._due.set()

    def _put_sheet(self, plaintext: bytes, samples: int) -> None:
        if self._using.name == MAIN:
            self._outbox.put(Entry(EventType.CLOCK_MEASURED, {"samples": samples}, "clock", plaintext))
            self._due.set()

    def _say(self, type: EventType, body: Mapping[str, object]) -> None:
        """Record an event without an object; the mirror has only segments to say, and nothing is said before the recording began."""
        if self._using.name == MAIN and self._state is not None:
            self._outbox.put(Entry(type, body))
            self._due.set()

    # -- waiting -------------------------------------------------------------------------------------------------------------

    async def _until_delivered(self, seconds: float) -> None:
        await self._until(lambda: self._outbox.is_empty, seconds, _UNDELIVERED)

    async def _until(self, is_so: Callable[[], bool], seconds: float, trouble: str) -> None:
        until_us = self._now_us() + int(seconds * 1_000_000)
        while not is_so():
            if self._now_us() >= until_us:
                raise UnavailableError(f"{trouble}: see to the desk, then call again")
            await self._using.clock.sleep(_POLL_S)

    def _now_us(self) -> int:
        return self._using.clock.monotonic_us()


async def _end(*tasks: asyncio.Task[None] | None) -> None:
    present = [task for task in tasks if task is not None]
    for task in present:
        task.cancel()
    await asyncio.gather(*present, return_exceptions=True)
