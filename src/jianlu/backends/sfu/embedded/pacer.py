"""Pacing towards one viewer: a key frame leaves over some milliseconds instead of at once; sound and repeats never wait.

The rate is well above what the pictures need and rises with what waits, so that the queue adds at most tens of milliseconds; a queue
that still grows (the viewer's network cannot carry this layer) is cut at a bound, and the next key frame mends the picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from jianlu.backends.sfu.embedded.outgoing import Sending

_BURST_US = 12_000  # a little more than the time between two ticks
_KBPS_MIN = 8_000
_HEADROOM = 2.5
_DRAIN_US = 40_000
_QUEUE_BYTES_MAX = 1 << 20


class Pacer:
    """A leaky bucket for one viewer's pictures; `transmit` sends one packet now."""

    def __init__(self, transmit: Callable[[Sending, int], None]) -> None:
        self._transmit = transmit
        self._queue: deque[Sending] = deque()
        self._queued_bytes = 0
        self._budget_bytes = 0.0
        self._filled_us = 0
        self._kbps = _KBPS_MIN
        self.cut = 0

    @property
    def is_waiting(self) -> bool:
        """Whether packets wait."""
        return bool(self._queue)

    def send(self, sending: Sending, now_us: int, *, is_urgent: bool) -> None:
        """Send now where allowed, else wait in order."""
        if is_urgent:
            self._transmit(sending, now_us)
            return
        self._fill(now_us)
        if not self._queue and self._budget_bytes > 0:
            self._budget_bytes -= len(sending.payload)
            self._transmit(sending, now_us)
            return
        self._queue.append(sending)
        self._queued_bytes += len(sending.payload)
        if self._queued_bytes > _QUEUE_BYTES_MAX:
            self.cut += len(self._queue)
            self.clear()

    def tick(self, now_us: int, estimated_kbps: int) -> None:
        """Let go what may go now."""
        self._kbps = max(_KBPS_MIN, int(estimated_kbps * _HEADROOM))
        self._fill(now_us)
        while self._queue and self._budget_bytes > 0:
            sending = self._queue.popleft()
            self._queued_bytes -= len(sending.payload)
            self._budget_bytes -= len(sending.payload)
            self._transmit(sending, now_us)

    def clear(self) -> None:
        """Drop what waits."""
        self._queue.clear()
        self._queued_bytes = 0

    def _fill(self, now_us: int) -> None:
        draining_kbps = self._queued_bytes * 8_000 // _DRAIN_US
        bytes_a_us = max(self._kbps, draining_kbps) / 8_000
        waited_us = min(now_us - self._filled_us, 50_000)
        self._budget_bytes = min(self._budget_bytes + waited_us * bytes_a_us, _BURST_US * bytes_a_us)
        self._filled_us = now_us
