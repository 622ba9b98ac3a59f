"""A stage for the live recorder: publishers, a network, a desk and time, all told by the test; minutes pass in seconds.

The recorder on it is the real one without its tasks: the stage reads, ticks and delivers in their place, in steps of 20 ms.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from typing import Any

import av

from jianlu.capture.recording.live.case_recorder import CaseRecorder, RecorderPorts
from jianlu.capture.recording.live.key_ring import KeyRing
from jianlu.capture.recording.live.ports import TapStream
from jianlu.capture.recording.live.room_key import MemberKey
from jianlu.capture.recording.live.state import state_from
from jianlu.capture.recording.live.tap_frames import TapFrame
from jianlu.capture.sessions.recorders import RecordedTrack
from jianlu.core.errors import UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.verdicts.clauses import judge
from tests.fakes.conversation import obligation, plan_of
from tests.fakes.live.memory import CASE, MemoryLiveLog, MemorySpool, MemoryStates, ToldClock
from tests.fakes.live.publisher import Publisher
from tests.fakes.vault.memory import memory_keys

_STEP_MS = 20

TRACKS = (
    RecordedTrack("agent", "agent", "audio"),
    RecordedTrack("customer", "customer", "audio"),
    RecordedTrack("agent-picture", "agent", "video"),
    RecordedTrack("customer-picture", "customer", "video"),
)
SHARE = RecordedTrack("agent-screen", "agent-screen", "share")


class _Stream:
    """A tap that the stage reads itself; key frame requests go to the publishers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def read(self) -> list[TapFrame]:
        return []

    def ask_key_frame(self, feed: str) -> None:
        self._stage.asked.append(feed)
        for publisher in self._stage.publishers:
            if publisher.feed == feed:
                publisher.ask_key_frame()

    async def close(self) -> None:
        pass


class _Tap:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def open(self, room: str) -> TapStream:
        return _Stream(self._stage)


class Stage:
    """One case on the stage. `play(ms)` lets time pass."""

    def __init__(
        self,
        publishers: Sequence[Publisher],
        tracks: Sequence[RecordedTrack] = TRACKS,
        *,
        name: str = "a",
        is_edge: bool = False,
        log: MemoryLiveLog | None = None,
        room_secret: bytes | None = None,
    ) -> None:
        self.publishers = list(publishers)
        self.tracks = tuple(tracks)
        self.log = log or MemoryLiveLog()
        self.spool = MemorySpool()
        self.states = MemoryStates()
        self.clock = ToldClock(self._pass)
        self.asked: list[str] = []
        self.complaints: list[BaseException] = []
        self.is_tapped = True
        self._keys, self._room_secret = memory_keys(), room_secret
        self._name, self._is_edge = name, is_edge
        self._failed_ms = 0
        for publisher in self.publishers:
            publisher.begin(self.now_ms)
            publisher.change("connected", self.now_ms)
        self.recorder = self._new_recorder()

    @property
    def now_ms(self) -> int:
        return self.clock.now_us // 1000

    @property
    def ports(self) -> RecorderPorts:
        """What a recorder on this stage works with."""
        return RecorderPorts(
            name=self._name,
            tap=_Tap(self),
            states=self.states,
            clock=self.clock,
            log=lambda _: self.log,
            spool=lambda _: self.spool,
            complain=lambda _, fault: self.complaints.append(fault),
            keys=self._keys,
            member=MemberKey(bytes(range(32)), self._name),
            is_edge=self._is_edge,
        )

    def _new_recorder(self) -> CaseRecorder:
        text = self.states.texts.get(CASE)
        ring = None
        if self._room_secret is not None:
            ring = KeyRing(CASE, self._keys)
            ring.admit(self._room_secret)
        self._room_secret = None  # given once: a resumed recorder has it from its state
        return CaseRecorder(CASE, self.tracks, self.ports, state_from(text) if text else None, ring)

    # -- what a test does ----------------------------------------------------------------------------------------------------

    def play(self, ms: int) -> None:
        """Let `ms` pass."""
        asyncio.run(self._pass(ms))

    def start(self, zero_us: int | None = None) -> None:
        """Watch for two seconds, then start."""
        self.play(2_000)
        asyncio.run(self.recorder.start(zero_us))

    def end(self, at_ms: int) -> int:
        """Say where the recording ends."""
        return self.recorder.end(at_ms)

    def stop(self) -> Any:
        """Stop; what the port answers."""
        return asyncio.run(self.recorder.stop())

    def kill_recorder(self, for_ms: int) -> None:
        """The recorder is gone at once and comes back after `for_ms`; what is sent meanwhile nobody takes."""
        until_ms = self.now_ms + for_ms
        for publisher in self.publishers:
            list(publisher.frames_until(until_ms))
        self.clock.now_us = until_ms * 1000
        self.recorder = self._new_recorder()
        asyncio.run(self.recorder.resume())

    def cut_tap(self) -> None:
        """The tap ends; nothing is read before `mend_tap`."""
        self.is_tapped = False

    def mend_tap(self) -> None:
        """The tap is there again."""
        self.is_tapped = True

    # -- what happened -------------------------------------------------------------------------------------------------------

    def gaps(self) -> list[tuple[int, int, str, str]]:
        """The declared gaps."""
        return [(b["from_ms"], b["to_ms"], b["reason"], b["side"]) for b in self.log.bodies(EventType.GAP_DECLARED)]

    def segments(self) -> list[tuple[int, int, int]]:
        """Number and range of the segments."""
        return [(b["no"], b["from_ms"], b["to_ms"]) for b in self.log.bodies(EventType.SEGMENT_SEALED)]

    # -- time ----------------------------------------------------------------------------------------------------------------

    async def _pass(self, ms: int) -> None:
        end_us = self.clock.now_us + ms * 1000
        while self.clock.now_us < end_us:
            self.clock.now_us = min(end_us, self.clock.now_us + _STEP_MS * 1000)
            frames = [frame for publisher in self.publishers for frame in publisher.frames_until(self.now_ms)]
            self.recorder.stand_in(_Stream(self) if self.is_tapped else None)
            if self.is_tapped:
                self.recorder.take(frames)
            self.recorder.step()
            await self._deliver()

    async def _deliver(self) -> None:
        """As the task does, with its waits after a failure."""
        if self.now_ms - self._failed_ms < 500:
            return
        try:
            while await self.recorder.deliver_one():
                pass
        except UnavailableError:
            self._failed_ms = self.now_ms


def continuity(stage: Stage, gap_ms_max: int = 0) -> list[tuple[str, str, int, int]]:
    """What the verdict on an unbroken recording complains about: code, track and range; nothing when it is met."""
    demanded = obligation("continuity", "require_continuity", {"gap_ms_max": gap_ms_max})
    found = judge(plan_of([demanded]), stage.log.recorded, ())[0].obligations[0]
    return [(reason.code, reason.track, reason.from_ms, reason.to_ms) for reason in found.reasons]


def decoded(playable: bytes) -> dict[str, list[float]]:
    """Presentation times (s) of every frame that a decoder makes of a recording, by track; the decoder's errors raise."""
    found: dict[str, list[float]] = {}
    container: Any = av.open(io.BytesIO(playable))
    with container:
        names = {stream.index: f"{stream.type}{stream.index}" for stream in container.streams}
        for stream in container.streams:
            if stream.type == "video":
                stream.codec_context.options = {"err_detect": "explode"}
        for packet in container.demux():
            for frame in packet.decode():
                found.setdefault(names[packet.stream_index], []).append(float(frame.pts * frame.time_base))
    return found
