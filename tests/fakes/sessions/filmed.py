"""A recorder that plays a film: real media of a file, cut by the real recorder, sealed through the desk as the clock of the test moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from jianlu.capture.recording.model import MediaSegment, Opening
from jianlu.capture.recording.recorder import Recorder
from jianlu.capture.sessions.recorders import RecordedTrack, RecordingStarted
from jianlu.core.terms.events import EventType
from jianlu.vault.desk import CaseDesk
from tests.fakes.playback.live_recording import Feed, read_feed
from tests.fakes.sessions.clocks import SetClock
from tests.fakes.sessions.recorders import FakeRecorder, _Recording


class FilmedRecorder(FakeRecorder):
    """`Recorders` whose segments are those of `feeds`; what is said in them is said at that time of the session."""

    def __init__(self, desk: CaseDesk, tenant: str, clock: SetClock, feeds: Sequence[Feed]) -> None:
        super().__init__(desk, tenant, clock)
        self._formats, self._opening, self._film = _cut(feeds)

    def start(
        self, case: str, tracks: Sequence[RecordedTrack], *, zero_us: int | None = None, is_encrypted: bool = False
    ) -> RecordingStarted:
        if case not in self._recordings:
            zero = zero_us if zero_us is not None else self._clock.monotonic_ms() * 1000
            self._recordings[case] = _Recording(tuple(tracks), zero)
            body: Mapping[str, Any] = {"tracks": self._formats, "source": "0" * 64, "recorder": "film/1"}
            log = self._desk.log(self._tenant, case)
            log.seal_and_append(EventType.RECORDING_STARTED, "init", self._opening, body, part="init")
        return RecordingStarted(self._recordings[case].zero_us, tuple((t.track, t.kind, "h264") for t in tracks))

    def _seal(self, case: str, found: _Recording, *, is_last: bool = False) -> None:
        log = self._desk.log(self._tenant, case)
        for segment in self._film[found.segments :]:
            if segment.to_ms > self._now_ms(found):
                return
            body = {"no": segment.no, "from_ms": segment.from_ms, "to_ms": segment.to_ms}
            log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{segment.no:06d}", segment.plaintext, body)
            found.segments, found.until_ms = segment.no, segment.to_ms


def _cut(feeds: Sequence[Feed]) -> tuple[list[list[str]], bytes, list[MediaSegment]]:
    """Tracks as their event has them, the init segment, and the segments of the whole film."""
    read = [read_feed(feed) for feed in feeds]
    recorder = Recorder([track for track, _ in read])
    stored = [(Fraction(s.pts, t.timescale), n, s) for n, (t, samples) in enumerate(read) for s in samples]
    stored.sort(key=lambda each: each[:2])
    outputs = [output for _, number, sample in stored for output in recorder.push(number, sample)] + recorder.finish()
    opening = next(output.plaintext for output in outputs if isinstance(output, Opening))
    formats = [[track.track, track.kind, track.codec] for track, _ in read]
    return formats, opening, [output for output in outputs if isinstance(output, MediaSegment)]
