"""What the clocks of the senders were, over the session: the sealed object of `session:clock:measured` (`specs/live-recording.md`).

For every seat with sound and picture it says how far the recording has moved the two against each other, by the sender's own reports;
the inspection of lip sync starts from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jianlu.capture.recording.live.track import LiveTrack
from jianlu.core.formats.canonical import canonical_bytes

FORMAT = "jianlu/live-clock/v1"
EVERY_MS, SEAL_EVERY_MS = 5_000, 60_000


@dataclass(slots=True)
class _Seat:
    feed: str
    audio: LiveTrack
    picture: LiveTrack
    rows: list[list[int | None]] = field(default_factory=list)


class ClockSheet:
    """Collects measurements and gives them as an object once a minute."""

    def __init__(self, tracks: Sequence[LiveTrack]) -> None:
        sounds = {track.about.feed: track for track in tracks if track.is_audio}
        self._seats = [
            _Seat(track.about.feed, sounds[track.about.feed], track)
            for track in tracks
            if not track.is_audio and not track.about.is_share and track.about.feed in sounds
        ]
        self._measured_ms = self._from_ms = 0

    def look(self, now_us: int, now_ms: int, *, is_final: bool = False) -> tuple[bytes, int] | None:
        """The object and how many measurements it has, when one is due."""
        if now_ms - self._measured_ms >= EVERY_MS or is_final:
            self._measured_ms = now_ms
            for seat in self._seats:
                seat.rows.append(self._row(seat, now_us, now_ms))
        count = sum(len(seat.rows) for seat in self._seats)
        if not count or (now_ms - self._from_ms < SEAL_EVERY_MS and not is_final):
            return None
        seats = [
            {
                "feed": seat.feed,
                "audio": seat.audio.about.track,
                "picture": seat.picture.about.track,
                "measured": seat.rows,
            }
            for seat in self._seats
        ]
        sheet = canonical_bytes({"format": FORMAT, "from_ms": self._from_ms, "to_ms": now_ms, "seats": seats})
        self._from_ms = now_ms
        for seat in self._seats:
            seat.rows = []
        return sheet, count

    @staticmethod
    def _row(seat: _Seat, now_us: int, now_ms: int) -> list[int | None]:
        heard, seen = seat.audio.skew_us(now_us), seat.picture.skew_us(now_us)
        skew_us = None if heard is None or seen is None else heard - seen
        return [now_ms, skew_us, seat.audio.drift_us, seat.picture.drift_us]
