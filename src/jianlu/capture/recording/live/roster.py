"""All cases of one recorder process: what is asked of `Recorders` goes to the case's own recorder; what was begun earlier is resumed.

A case that is only watched and never started is forgotten after a while; a recording is not, until it was stopped and delivered. A room's
secrets are forgotten with its recording, when the case is stopped without one, and when nobody has asked about it for a while.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.capture.recording.live.case_recorder import CaseRecorder, RecorderPorts
from jianlu.capture.recording.live.delivery import Delivery
from jianlu.capture.recording.live.key_ring import KeyRing
from jianlu.capture.recording.live.outbox import Outbox
from jianlu.capture.recording.live.state import state_from
from jianlu.capture.sessions.recorders import (
    STOP_PATIENCE_MS,
    RecordedTrack,
    RecorderChecks,
    RecorderMember,
    RecordingStarted,
    RecordingStatus,
    RecordingStopped,
)
from jianlu.core.errors import ConflictError, JianluError, NotFoundError
from jianlu.core.terms.ids import case_ref

FORGET_US = 600_000_000
"""How long a case is watched after the last question about it: people prepare for minutes, not for hours."""

STOPPED_KEPT = 200


class Roster:
    """The cases that this process records or watches. Used in one event loop."""

    def __init__(self, using: RecorderPorts) -> None:
        self._using = using
        self._cases: dict[str, CaseRecorder] = {}
        self._stopped: dict[str, RecordingStopped] = {}
        self._rings: dict[str, KeyRing] = {}
        self._asked_us: dict[str, int] = {}

    def resume_all(self) -> list[str]:
        """Resume every recording that an earlier process began; returns the cases whose state cannot be read."""
        unreadable = []
        for case, text in self._using.states.load_all().items():
            try:
                state = state_from(text)
                recorder = CaseRecorder(case_ref(case), state.tracks, self._using, state)
            except JianluError:
                unreadable.append(case)
                continue
            self._cases[case] = recorder
            recorder.run()
        return unreadable

    def member(self, case: str) -> RecorderMember:
        """As the port."""
        self._forget_rings(asked=case)
        recorder = self._cases.get(case)
        ring = recorder.ring if recorder is not None and recorder.ring is not None else self._rings.get(case)
        return RecorderMember(self._using.member.public_key, ring.ids if ring is not None else ())

    async def admit(self, case: str, wrapped: bytes) -> str:
        """As the port."""
        if case in self._stopped:
            raise ConflictError("the case was recorded already: a case is recorded once, open a new one")
        secret = self._using.member.unwrap(wrapped, case)
        self._forget_rings(asked=case)
        recorder = self._cases.get(case)
        if recorder is not None and recorder.ring is None:
            if recorder.is_recording:
                raise ConflictError("the case is being recorded unencrypted: a room's keys are given before the start")
            await self._cases.pop(case).close()
            recorder = None
        ring = recorder.ring if recorder is not None and recorder.ring is not None else self._rings.get(case)
        if ring is None:
            ring = self._rings[case] = KeyRing(case_ref(case), self._using.keys)
        named = ring.admit(secret)
        if recorder is not None:
            recorder.keep_keys()
        return named

    async def preflight(self, case: str, tracks: Sequence[RecordedTrack], *, is_encrypted: bool = False) -> RecorderChecks:
        """As the port."""
        await self._forget_idle()
        self._forget_rings(asked=case)
        return await (await self._watched(case, tracks)).preflight(is_encrypted=is_encrypted)

    async def start(
        self, case: str, tracks: Sequence[RecordedTrack], zero_us: int | None, *, is_encrypted: bool = False
    ) -> RecordingStarted:
        """As the port."""
        if case in self._stopped:
            raise ConflictError("the case was recorded already: a case is recorded once, open a new one")
        recorder = await self._watched(case, tracks)
        if is_encrypted and recorder.ring is None:
            raise ConflictError("the room is encrypted and the recorder is no member of it: admit the recorder, then start")
        return await recorder.start(zero_us)

    def status(self, case: str) -> RecordingStatus:
        """As the port."""
        if case in self._cases:
            return self._cases[case].status()
        if case in self._stopped:
            stopped = self._stopped[case]
            return RecordingStatus("stopped", stopped.duration_ms, stopped.duration_ms, 0, stopped.segments)
        return RecordingStatus("idle")

    def set_paused(self, case: str, is_paused: bool) -> None:
        """As `pause` and `resume` of the port."""
        self._recorder(case).set_paused(is_paused)

    def end(self, case: str, at_ms: int) -> int:
        """As the port."""
        return self._stopped[case].duration_ms if case in self._stopped else self._recorder(case).end(at_ms)

    async def stop(self, case: str, *, patience_ms: int = STOP_PATIENCE_MS) -> RecordingStopped:
        """As the port."""
        self._rings.pop(case, None)  # a recorder that goes on has it too
        self._asked_us.pop(case, None)
        if case in self._cases and not self._cases[case].is_recording:
            await self._cases.pop(case).close()  # it was only watched: nobody needs that any more
        if case not in self._stopped:
            known = case in self._cases
            stopped = await self._recorder(case).stop(patience_ms / 1000) if known else await self._stopped_earlier(case)
            recorder = self._cases.pop(case, None)
            self._stopped[case] = stopped
            if recorder is not None:
                await recorder.close()
            while len(self._stopped) > STOPPED_KEPT:
                self._stopped.pop(next(iter(self._stopped)))
        return self._stopped[case]

    async def close(self) -> None:
        """Let all cases go; what they record is resumed by the next process."""
        self._rings.clear()
        for recorder in self._cases.values():
            await recorder.close()
        self._cases.clear()

    async def _stopped_earlier(self, case: str) -> RecordingStopped:
        """The recording that an earlier process ended, by the case's own events."""
        log = self._using.log(case)
        delivery = Delivery(log, Outbox(self._using.spool(case)), self._using.name)
        await delivery.learn()
        await log.close()
        if not delivery.has_ended:
            raise NotFoundError("the case is not being recorded: nothing is to be stopped")
        return RecordingStopped(delivery.segments, delivery.duration_ms, delivery.media_bytes)

    async def _watched(self, case: str, tracks: Sequence[RecordedTrack]) -> CaseRecorder:
        recorder = self._cases.get(case)
        if recorder is not None and recorder.tracks != tuple(tracks):
            if recorder.is_recording:
                raise ConflictError("the case is being recorded with other tracks: its plan was frozen before")
            self._cases.pop(case)
            await recorder.close()
            recorder = None
        if recorder is None:
            recorder = self._cases[case] = CaseRecorder(case_ref(case), tracks, self._using, ring=self._rings.get(case))
            recorder.run()
        return recorder

    async def _forget_idle(self) -> None:
        now_us = self._using.clock.monotonic_us()
        for case, recorder in list(self._cases.items()):
            if not recorder.is_recording and now_us - recorder.asked_us > FORGET_US:
                self._cases.pop(case)
                await recorder.close()

    def _forget_rings(self, *, asked: str) -> None:
        """The secrets of rooms that nobody has asked about for as long are let go: people went away, or their session ended elsewhere."""
        now_us = self._using.clock.monotonic_us()
        self._asked_us[asked] = now_us
        for case in [case for case, at_us in self._asked_us.items() if now_us - at_us > FORGET_US]:
            del self._asked_us[case]
            self._rings.pop(case, None)

    def _recorder(self, case: str) -> CaseRecorder:
        if case not in self._cases:
            raise NotFoundError("the case is not being recorded: start it")
        return self._cases[case]
