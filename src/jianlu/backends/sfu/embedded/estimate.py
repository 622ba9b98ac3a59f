"""How much a viewer's network carries, from its transport-wide feedback: delay that grows, packets that are lost.

A small relative of Google congestion control (draft-ietf-rmcat-gcc-02): the slope of one-way delay decides, loss above a tenth cuts,
otherwise the estimate rises by a few per cent a second, up to a multiple of what was seen to arrive. It chooses simulcast layers and the
pace; it never tells a publisher to send less, because the recording would suffer with one viewer's network.
"""

from __future__ import annotations

from collections import OrderedDict, deque

START_KBPS = 3_000
_KBPS_MIN, _KBPS_MAX = 100, 50_000
_SENT_MAX = 4_000
_WINDOW_US = 1_000_000
_SLOPE_POINTS = 20
_OVERUSE = 0.02
_CUT_EVERY_US = 300_000


class BandwidthEstimate:
    """The estimate for one viewer."""

    def __init__(self) -> None:
        self.kbps = START_KBPS
        self.acked_kbps = 0
        self.is_congested = False
        self._sent: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._acked: deque[tuple[int, int]] = deque()
        self._acked_bytes = 0
        self._delays: deque[tuple[int, int]] = deque(maxlen=_SLOPE_POINTS)
        self._cut_us = self._risen_us = 0

    def sent(self, number: int, now_us: int, size: int) -> None:
        """Note a packet sent."""
        self._sent.pop(number, None)
        self._sent[number] = (now_us, size)
        if len(self._sent) > _SENT_MAX:
            self._sent.popitem(last=False)

    def feedback(self, statuses: list[tuple[int, int]], now_us: int) -> None:
        """Take what the viewer says arrived, and when by its clock."""
        lost = total = 0
        last: tuple[int, int] | None = None
        for number, arrival_us in statuses:
            sent = self._sent.pop(number, None)
            if sent is None:
                continue
            total += 1
            if arrival_us < 0:
                lost += 1
                continue
            self._acked.append((now_us, sent[1]))
            self._acked_bytes += sent[1]
            last = (sent[0], arrival_us - sent[0])
        while self._acked and now_us - self._acked[0][0] > _WINDOW_US:
            self._acked_bytes -= self._acked.popleft()[1]
        self.acked_kbps = self._acked_bytes * 8_000 // _WINDOW_US
        if last is not None:
            self._delays.append(last)
        if total:
            self._decide(lost / total, now_us)

    def _decide(self, loss: float, now_us: int) -> None:
        self.is_congested = self._slope() > _OVERUSE or loss > 0.1
        if self.is_congested:
            if now_us - self._cut_us > _CUT_EVERY_US:
                self._cut_us = now_us
                factor = 0.85 if loss <= 0.1 else 1 - loss / 2
                self._set(max(self.acked_kbps, _KBPS_MIN) * factor)
        elif self.kbps < 1.5 * self.acked_kbps + 200:
            elapsed_s = min(now_us - self._risen_us, 1_000_000) / 1e6
            self._set(self.kbps * (1 + 0.08 * elapsed_s))
        self._risen_us = now_us

    def _set(self, kbps: float) -> None:
        self.kbps = int(max(_KBPS_MIN, min(kbps, _KBPS_MAX)))

    def _slope(self) -> float:
        """How much the one-way delay grows for each second, by least squares; 0 until enough is known."""
        if len(self._delays) < _SLOPE_POINTS:
            return 0.0
        first_sent, first_delay = self._delays[0]
        points = [(sent - first_sent, delay - first_delay) for sent, delay in self._delays]
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        spread = sum((x - mean_x) ** 2 for x, _ in points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
