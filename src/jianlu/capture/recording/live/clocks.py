"""From RTP time to the machine's clock: every publisher has clocks of its own, and the recording has one.

A stream's time runs at its nominal rate; what is sought is its *offset* to the machine's monotonic clock. Arrivals bound it from above
(a network only delays), so the least of the last minute is taken. Sender reports say how a sender's streams lie to each other, so that
sound and picture keep together. The offset in use follows the wanted one slowly; samples already placed are never moved.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from jianlu.capture.recording.live.counters import Unwrapper

STEP_US = 500_000
"""An error beyond this is another clock, not drift."""

REPORT_FRESH_US = 20_000_000
"""Sender reports come every second to five; older ones say nothing of now."""

_BUCKET_US, _BUCKETS = 2_000_000, 30
_FOLLOW_US = 10_000_000
"""An error is worked off within about this time, unless the limits below are slower."""

_EARLY_US = 1_000_000
_NTP_UNIX_BITS = 32


class LeastDelay:
    """The least of the values seen within the last minute."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, int]] = deque(maxlen=_BUCKETS)
        self.least: int | None = None
        """The least value; None when there is none."""

    def note(self, value: int, at_us: int) -> None:
        """Remember `value`, seen at `at_us`."""
        number = at_us // _BUCKET_US
        if self._buckets and self._buckets[-1][0] == number:
            if value < self._buckets[-1][1]:
                self._buckets[-1] = (number, value)
                self.least = value if self.least is None else min(self.least, value)
            return
        self._buckets.append((number, value))
        while self._buckets[0][0] <= number - _BUCKETS:
            self._buckets.popleft()
        self.least = min(least for _, least in self._buckets)

    def clear(self) -> None:
        """Forget everything."""
        self._buckets.clear()
        self.least = None


class SenderClock:
    """The clock that one feed's sender reports speak of, against the machine's: one for all streams of the feed."""

    def __init__(self) -> None:
        self.delay = LeastDelay()


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an offset may be corrected, in microseconds a second: while something is heard, and in silence."""

    audible: int
    quiet: int


AUDIO_PACE = Pace(1_000, 10_000)
VIDEO_PACE = Pace(20_000, 20_000)
"""A picture may stay 2 % longer unseen by anybody; sound only 0.1 %, and more where nothing is heard."""


class StreamClock:
    """One RTP stream (SSRC): places its time stamps on the machine's clock."""

    def __init__(self, rate_hz: int, sender: SenderClock, pace: Pace) -> None:
        self._rate = rate_hz
        self._sender = sender
        self._pace = pace
        self._unwrap = Unwrapper(32)
        self._delay = LeastDelay()
        self._ntp_offset: int | None = None
        self._reported_us = 0
        self._offset: int | None = None
        self._placed_us: int | None = None
        self.restarts = 0

    def arrive(self, timestamp: int, at_us: int) -> None:
        """A packet of `timestamp` arrived at `at_us`."""
        media_us = self._media_us(timestamp)
        if self._offset is not None and at_us - media_us - self._offset < -_EARLY_US:
            self._restart()  # nothing arrives a second before it was sent: the sender counts anew
        self._delay.note(at_us - media_us, at_us)
        if self._ntp_offset is not None:
            self._sender.delay.note(at_us - media_us - self._ntp_offset, at_us)

    def report(self, timestamp: int, ntp: int, at_us: int) -> None:
        """The sender says that `timestamp` was its time `ntp`."""
        offset = (ntp * 1_000_000 >> _NTP_UNIX_BITS) - self._media_us(timestamp)
        self._reported_us = at_us
        if self._ntp_offset is None or abs(offset - self._ntp_offset) > STEP_US:
            if self._ntp_offset is not None:
                self._sender.delay.clear()  # the sender's own clock was set
            self._ntp_offset = offset
        else:
            self._ntp_offset += (offset - self._ntp_offset) // 4

    def place(self, timestamp: int, *, is_quiet: bool = False, is_free: bool = False) -> int:
        """Where `timestamp` lies on the machine's clock (us), following drift slowly; `is_free` when nothing before it binds."""
        media_us = self._media_us(timestamp)
        wanted = self.wanted
        if wanted is None:
            wanted = self._offset or 0
        if self._offset is None or is_free or abs(wanted - self._offset) > STEP_US:
            self.restarts += self._offset is not None and not is_free
            self._offset = wanted
        elif self._placed_us is not None and media_us > self._placed_us:
            passed_us = media_us - self._placed_us
            most = passed_us * (self._pace.quiet if is_quiet else self._pace.audible) // 1_000_000
            error = wanted - self._offset
            self._offset += max(-most, min(most, error * min(passed_us, _FOLLOW_US) // _FOLLOW_US))
        self._placed_us = media_us
        return media_us + self._offset

    def reanchor(self) -> None:
        """Forget how fast packets once came: they come later now, and stay so."""
        self._delay.clear()
        self._sender.delay.clear()

    @property
    def wanted(self) -> int | None:
        """The offset that clocks and reports call for now; None before anything arrived."""
        if self._ntp_offset is not None and (least := self._sender.delay.least) is not None:
            return self._ntp_offset + least
        return self._delay.least

    @property
    def error_us(self) -> int:
        """How far what is placed now lies before (negative) or behind where it belongs."""
        wanted = self.wanted
        return 0 if wanted is None or self._offset is None else self._offset - wanted

    def skew_us(self, now_us: int) -> int | None:
        """Where placed samples lie against the sender's own clock, up to a constant of the sender; None without a fresh report."""
        if self._ntp_offset is None or self._offset is None or now_us - self._reported_us > REPORT_FRESH_US:
            return None
        return self._offset - self._ntp_offset

    def _media_us(self, timestamp: int) -> int:
        return self._unwrap.extend(timestamp) * 1_000_000 // self._rate

    def _restart(self) -> None:
        self._delay.clear()
        self._ntp_offset = None
        self._placed_us = None
