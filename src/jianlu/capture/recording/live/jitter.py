"""Packets in the order in which they were sent: reordering undone, doubles dropped, losses declared after a while.

One buffer serves one RTP stream (SSRC). A missing packet is waited for; when the packets behind it have waited `HOLD_MS`, or too many
have gathered, it counts as lost: retransmission had its time by then.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.capture.recording.live.counters import Unwrapper
from jianlu.capture.recording.live.tap_frames import Packet

HOLD_MS = 1_600
"""How long a missing packet is waited for: a little longer than a room asks for it again. On a line that loses one packet in twenty, one
retransmission in ten is lost too: of what was lost, three in a hundred come after half a second, and a picture without them is torn."""

HELD_PACKETS_MAX = 2_048
"""Packets that wait behind a hole: half a second at 40 Mbit/s."""

_RESTART_STEP = 3_000
"""A jump of the sequence number beyond this is a restarted sender, not loss (RFC 3550, A.1)."""


@dataclass(frozen=True, slots=True)
class Lost:
    """So many packets never came."""

    count: int


class JitterBuffer:
    """Gives the packets of one stream in order. Times are microseconds of arrival."""

    def __init__(self) -> None:
        self._unwrap = Unwrapper(16)
        self._next: int | None = None
        self._held: dict[int, Packet] = {}
        self.duplicates = 0

    def push(self, packet: Packet) -> list[Packet | Lost]:
        """Take a packet; returns what is in order by now."""
        seq = self._unwrap.nearest(packet.seq)
        if self._next is None:
            self._next = seq
        if abs(seq - self._next) > _RESTART_STEP:
            return self._restart(packet)
        if seq < self._next or seq in self._held:
            self.duplicates += 1
            return []
        self._unwrap.extend(packet.seq)
        if seq == self._next and not self._held:
            self._next += 1
            return [packet]
        self._held[seq] = packet
        ordered = self._in_order()
        if len(self._held) > HELD_PACKETS_MAX:
            ordered += self._skip()
        return ordered

    def expire(self, now_us: int) -> list[Packet | Lost]:
        """What need not wait any longer at `now_us`."""
        ordered: list[Packet | Lost] = []
        while self._held and now_us - min(packet.arrival_us for packet in self._held.values()) > HOLD_MS * 1000:
            ordered += self._skip()
        return ordered

    @property
    def waiting_since_us(self) -> int | None:
        """When the first of the packets came that wait for a missing one; None when none waits."""
        return min((packet.arrival_us for packet in self._held.values()), default=None)

    def _restart(self, packet: Packet) -> list[Packet | Lost]:
        rest: list[Packet | Lost] = []
        while self._held:
            rest += self._skip()
        self._unwrap = Unwrapper(16)
        self._next = self._unwrap.extend(packet.seq) + 1
        return [*rest, Lost(1), packet]

    def _skip(self) -> list[Packet | Lost]:
        first = min(self._held)
        lost = first - (self._next or 0)
        self._next = first
        return [Lost(lost), *self._in_order()]

    def _in_order(self) -> list[Packet | Lost]:
        ordered: list[Packet | Lost] = []
        while self._next is not None and self._next in self._held:
            ordered.append(self._held.pop(self._next))
            self._next += 1
        return ordered
