"""Delivery of a recorder's entries to the case's log, one after the other, each exactly once, whatever happens in between.

What the log has is asked of the log itself after every start, so a killed recorder knows where it was. The log is kept whole here: a
segment that does not begin where everything before it ends is preceded by the declaration of what is missing, whoever lost it.
"""

from __future__ import annotations

from typing import Any

from jianlu.capture.recording.live.entries import Entry
from jianlu.capture.recording.live.outbox import Outbox
from jianlu.capture.recording.live.ports import LiveLog, LoggedEvent
from jianlu.capture.recording.model import GapReason
from jianlu.core.errors import JianluError
from jianlu.core.terms.events import EventType

MAIN, MIRROR = "a", "b"
RECORDER_SIDE = "recorder"
MISSING = "missing"
"""In the body of a segment's or the end's entry: the reason of what may be missing before it. It goes into no event of theirs."""

_READ = (
    EventType.RECORDING_STARTED,
    EventType.SEGMENT_SEALED,
    EventType.SEGMENT_MIRRORED,
    EventType.GAP_DECLARED,
    EventType.CLOCK_MEASURED,
    EventType.RECORDING_ENDED,
    EventType.RECORDING_ABANDONED,
)


class Delivery:
    """Delivers what is in `outbox` to `log` under the recorder's `name`; the mirror writes its own segments and nothing else."""

    def __init__(self, log: LiveLog, outbox: Outbox, name: str) -> None:
        self._log = log
        self._outbox = outbox
        self._name = name
        self._is_learned = False
        self._is_retried = True
        self.is_failing = False
        self.has_started = False
        self.has_ended = False
        self.is_abandoned = False
        self.covered_ms = 0
        self.segments = 0
        self.duration_ms = 0
        self.media_bytes = 0
        self._sheets = 0

    async def reach(self) -> None:
        """Raise UnavailableError unless the log answers."""
        await self._log.events((EventType.RECORDING_ABANDONED,))

    async def learn(self) -> None:
        """Read from the log what it has of the recording; UnavailableError when it is away."""
        self.has_started = self.has_ended = False
        self.covered_ms = self.segments = self.media_bytes = self._sheets = 0
        for event in await self._log.events(_READ):
            self._note(event)
        self._is_learned = True

    async def deliver_one(self) -> bool:
        """Deliver the oldest entry; False when there is none. Raises what the log raised; then call again later."""
        is_from_disk = self._outbox.is_spooling
        entry = self._outbox.first()
        if entry is None:
            return False
        try:
            if not self._is_learned:
                await self.learn()
            await self._deliver(entry, is_again=self._is_retried or is_from_disk)
        except JianluError:
            self._is_retried = self.is_failing = True
            self._is_learned = False
            self._outbox.spill()
            raise
        self._outbox.done()
        self._is_retried = self.is_failing = False
        return True

    async def _deliver(self, entry: Entry, *, is_again: bool) -> None:
        if entry.type is EventType.SEGMENT_SEALED:
            await self._deliver_segment(entry, is_again=is_again)
        elif entry.type is EventType.RECORDING_ENDED:
            await self._deliver_end(entry, is_again=is_again)
        elif entry.type is EventType.RECORDING_STARTED:
            await self._deliver_start(entry, is_again=is_again)
        elif entry.type is EventType.CLOCK_MEASURED:
            name = f"clock-{self._sheets + 1}"
            await self._log.seal_and_append(entry.type, name, entry.plaintext, entry.body, is_again=is_again)
            self._sheets += 1
        else:
            await self._log.append(entry.type, entry.body, is_again=is_again)
            if entry.type is EventType.GAP_DECLARED:
                self._cover(entry.body["from_ms"], entry.body["to_ms"])

    async def _deliver_start(self, entry: Entry, *, is_again: bool) -> None:
        if self.has_started:
            return
        size = len(entry.plaintext)
        if self._name == MAIN:
            kind, body, part = entry.type, dict(entry.body), entry.part
        else:
            kind, body, part = EventType.SEGMENT_MIRRORED, self._mirrored(0, 0, 0), ""
        await self._log.seal_and_append(
            kind, self._object(entry.object), entry.plaintext, body, part=part, commits=entry.commits, is_again=is_again
        )
        self.has_started = True
        self.media_bytes += size

    async def _deliver_segment(self, entry: Entry, *, is_again: bool) -> None:
        from_ms, to_ms = entry.body["from_ms"], entry.body["to_ms"]
        if to_ms <= self.covered_ms:
            return  # an earlier try came through, or an earlier process had delivered it
        await self._declare_missing(from_ms, entry, is_again=is_again)
        no = self.segments + 1
        name = self._object(f"seg-{no:06d}")
        if self._name == MAIN:
            kind, body = EventType.SEGMENT_SEALED, {"no": no, "from_ms": from_ms, "to_ms": to_ms}
        else:
            kind, body = EventType.SEGMENT_MIRRORED, self._mirrored(no, from_ms, to_ms)
        await self._log.seal_and_append(kind, name, entry.plaintext, body, is_again=is_again)
        self.segments, self.covered_ms = no, to_ms
        self.media_bytes += len(entry.plaintext)

    async def _deliver_end(self, entry: Entry, *, is_again: bool) -> None:
        if self.has_ended:
            return
        self.duration_ms = max(entry.body["duration_ms"], self.covered_ms)
        await self._declare_missing(self.duration_ms, entry, is_again=is_again)
        if self._name == MAIN:
            body = {"segments": self.segments, "duration_ms": self.duration_ms, "media_bytes": self.media_bytes}
            await self._log.append(entry.type, body, is_again=is_again)
        self.has_ended = True

    async def _declare_missing(self, until_ms: int, entry: Entry, *, is_again: bool) -> None:
        """What no segment and no gap covers before `until_ms` was lost on the recorder's side; `entry` knows why."""
        if until_ms > self.covered_ms and self._name == MAIN:
            reason = str(entry.body.get(MISSING, GapReason.SEALING_STALLED.value))
            body = {"from_ms": self.covered_ms, "to_ms": until_ms, "reason": reason, "side": RECORDER_SIDE}
            await self._log.append(EventType.GAP_DECLARED, body, is_again=is_again)
            self.covered_ms = until_ms

    def _object(self, name: str) -> str:
        return name if self._name == MAIN else f"{self._name}-{name}"

    def _mirrored(self, no: int, from_ms: int, to_ms: int) -> dict[str, Any]:
        return {"no": no, "from_ms": from_ms, "to_ms": to_ms, "recorder": self._name}

    def _cover(self, from_ms: int, to_ms: int) -> None:
        if from_ms <= self.covered_ms:
            self.covered_ms = max(self.covered_ms, to_ms)

    def _note(self, event: LoggedEvent) -> None:
        body = event.body
        if event.type is EventType.RECORDING_ABANDONED:
            self.is_abandoned = True
        elif self._name == MAIN:
            self._note_own(event)
        elif event.type is EventType.SEGMENT_MIRRORED and body["recorder"] == self._name:
            self.media_bytes += body["plain_bytes"]
            self.has_started = True
            self.segments = max(self.segments, body["no"])
            self.covered_ms = max(self.covered_ms, body["to_ms"])

    def _note_own(self, event: LoggedEvent) -> None:
        body = event.body
        if event.type is EventType.RECORDING_STARTED:
            self.has_started = True
            self.media_bytes += body["init"]["plain_bytes"]
        elif event.type is EventType.SEGMENT_SEALED:
            self.segments = max(self.segments, body["no"])
            self.media_bytes += body["plain_bytes"]
            self.covered_ms = max(self.covered_ms, body["to_ms"])
        elif event.type is EventType.GAP_DECLARED:
            self._cover(body["from_ms"], body["to_ms"])
        elif event.type is EventType.CLOCK_MEASURED:
            self._sheets += 1
        elif event.type is EventType.RECORDING_ENDED:
            self.has_ended = True
            self.duration_ms = body["duration_ms"]
