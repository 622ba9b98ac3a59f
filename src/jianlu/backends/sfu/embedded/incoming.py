"""One stream that a peer sends (an SSRC): what arrived, what is missing and asked for again, what the reports say of it.

Sequence numbers are extended beyond 16 bits here, so that nothing after this has to think of wrapping.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.backends.sfu.embedded.rtcp import ReportBlock, SenderReport
from jianlu.backends.sfu.embedded.rtp import Packet, difference

FLOWING_US = 1_000_000
"""A stream from which nothing came for so long does not flow."""

_JUMP_MAX = 3_000
_ASK_AFTER_US = 8_000  # reordering on one path is shorter
_ASK_AGAIN_US = 40_000
_GIVE_UP_US = 1_500_000
_ASKED_MAX = 12
_MISSING_MAX = 600


@dataclass(slots=True)
class _Missing:
    since_us: int
    asked_us: int = 0
    asked: int = 0


class IncomingStream:
    """The stream of one SSRC: one track, or one simulcast layer of it."""

    def __init__(self, ssrc: int, kind: str, codec: str, payload_type: int, *, rid: str = "", is_asking: bool = True) -> None:
        self.ssrc, self.kind, self.codec, self.payload_type, self.rid = ssrc, kind, codec, payload_type, rid
        self.clock_rate = 48_000 if kind == "audio" else 90_000
        self.width = self.height = 0
        self.kbps = self.fps = self.loss_permille = 0
        self.seen_us = 0
        self.report: SenderReport | None = None
        self.recovered = 0
        self._is_asking = is_asking
        self._report_us = 0
        self._missing: dict[int, _Missing] = {}
        self._first = self._highest = -1
        self._received = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._prior_expected = self._prior_received = 0
        self._octets = self._frames = self._repeated = 0
        self._rolled = (0, 0, 0)

    def receive(self, packet: Packet, *, is_recovered: bool = False) -> int:
        """The packet's extended number; -1 for one that came before (a duplicate, or too old to know)."""
        if self._highest < 0:
            self._first = self._highest = packet.sequence + 65_536
        else:
            ahead = difference(packet.sequence, self._highest & 0xFFFF)
            if abs(ahead) > _JUMP_MAX and not is_recovered:
                ahead = self._begin_anew(packet.sequence)
            if ahead <= 0:
                return self._receive_late(packet, self._highest + ahead, is_recovered=is_recovered)
            if ahead > 1 and self._is_asking:
                self._miss(ahead - 1, packet.arrival_us)
            self._highest += ahead
        self._count(packet)
        if not is_recovered:
            self._measure_jitter(packet)
        return self._highest

    def flows(self, now_us: int) -> bool:
        """Whether packets came lately."""
        return now_us - self.seen_us < FLOWING_US

    def asked_for(self, now_us: int, rtt_us: int) -> list[int]:
        """The 16-bit numbers to ask for now: each a few times, a round trip apart, then given up."""
        due = []
        for number, missing in list(self._missing.items()):
            age_us = now_us - missing.since_us
            if age_us > _GIVE_UP_US or missing.asked >= _ASKED_MAX:
                del self._missing[number]
            elif age_us >= _ASK_AFTER_US and now_us - missing.asked_us >= max(_ASK_AGAIN_US, rtt_us):
                missing.asked_us, missing.asked = now_us, missing.asked + 1
                due.append(number & 0xFFFF)
        return due

    def reported(self, report: SenderReport, arrival_us: int) -> None:
        """Note the sender's report."""
        self.report, self._report_us = report, arrival_us

    def report_block(self, now_us: int) -> ReportBlock:
        """What we report of it, and begin the next interval."""
        expected = self._highest - self._first + 1
        lost_now = (expected - self._prior_expected) - (self._received - self._prior_received) + self._repeated
        self._repeated = 0  # what was lost and came again counts as lost, so that Opus protects itself (in-band FEC)
        fraction = max(0, min(255, (lost_now << 8) // max(expected - self._prior_expected, 1)))
        self._prior_expected, self._prior_received = expected, self._received
        last = self.report.ntp >> 16 & 0xFFFFFFFF if self.report else 0
        delay = (now_us - self._report_us) * 65_536 // 1_000_000 if self.report else 0
        highest = self._highest - 65_536
        return ReportBlock(self.ssrc, fraction, expected - self._received, highest, int(self._jitter), last, delay)

    def roll(self, interval_us: int) -> None:
        """Compute rates from what came in the last interval."""
        expected, received = self._highest - self._first + 1, self._received
        was_expected, was_received, was_octets = self._rolled
        lost = (expected - was_expected) - (received - was_received)
        self.loss_permille = max(0, min(1000, 1000 * lost // max(expected - was_expected, 1)))
        self.kbps = (self._octets - was_octets) * 8_000 // max(interval_us, 1)
        self.fps = round(self._frames * 1e6 / max(interval_us, 1))
        self._frames = 0
        self._rolled = (expected, received, self._octets)

    def _receive_late(self, packet: Packet, number: int, *, is_recovered: bool) -> int:
        missing = self._missing.pop(number, None)
        if missing is None and (self._is_asking or is_recovered):
            return -1
        if missing is not None and missing.asked:
            self.recovered += 1
            self._repeated += 1
        self._count(packet)
        return number

    def _begin_anew(self, sequence: int) -> int:
        """The sender jumped: take its next number as if nothing were between."""
        self._missing.clear()
        skipped = (sequence - 1 - self._highest) & 0xFFFF
        self._highest += skipped
        self._first += skipped
        return 1

    def _miss(self, count: int, now_us: int) -> None:
        for number in range(self._highest + 1, self._highest + 1 + count):
            self._missing[number] = _Missing(now_us)
        while len(self._missing) > _MISSING_MAX:
            del self._missing[next(iter(self._missing))]

    def _count(self, packet: Packet) -> None:
        self.seen_us = packet.arrival_us
        self._received += 1
        self._octets += packet.size
        self._frames += packet.is_marked

    def _measure_jitter(self, packet: Packet) -> None:
        """RFC 3550, 6.4.1."""
        transit = packet.arrival_us * self.clock_rate / 1e6 - packet.timestamp
        if self._transit is not None:
            moved = abs(transit - self._transit)
            if moved < self.clock_rate * 10:
                self._jitter += (moved - self._jitter) / 16
        self._transit = transit
