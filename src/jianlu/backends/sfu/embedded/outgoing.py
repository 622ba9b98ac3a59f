"""One stream that a viewer is sent: the header rewritten, so that it goes on through reconnections and changes of layer.

Continues sequence numbers and timestamps of one SSRC whatever the source is; keeps what was sent, for those who ask again; maps the
source's sender reports, so that lips and voice stay together. What a payload holds is not looked at.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.rtp import Packet

_HISTORY = {"audio": 128, "video": 1024}
_FRAME_US = 10_000
_REPORTS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Sending:
    """A packet on its way out, not yet numbered for the transport nor sealed."""

    ssrc: int
    payload_type: int
    is_marked: bool
    sequence: int
    timestamp: int
    payload: bytes


class OutgoingStream:
    """What a viewer gets of one kind, from whichever incoming stream is wanted."""

    def __init__(self, kind: str, payload_types: Mapping[str, tuple[int, int]]) -> None:
        """`payload_types`: codec -> (its payload type, that of its RTX or 0), as agreed with the viewer."""
        self.kind = kind
        self.ssrc, self.rtx_ssrc = _new_ssrc(), _new_ssrc()
        self.payload_types = payload_types
        self.wanted: IncomingStream | None = None
        self.source: IncomingStream | None = None
        self.packets = self.octets = 0
        self.timestamp = secrets.randbits(31)
        self._sequence = secrets.randbits(15)
        self._rtx_sequence = secrets.randbits(15)
        self._from = self._offset = self._shift = 0
        self._sent_us = 0
        self._source_timestamp = 0
        self._history: list[Sending | None] = [None] * _HISTORY[kind]
        self._reports: OrderedDict[int, int] = OrderedDict()

    @property
    def awaits_key_frame(self) -> bool:
        """Whether the viewer sees nothing new until a key frame comes."""
        return self.kind == "video" and self.wanted is not None and self.source is not self.wanted

    def pause(self) -> None:
        """Send nothing until a key frame (of sound: the next packet) comes."""
        self.source = None

    def take(self, stream: IncomingStream, packet: Packet, number: int, *, begins_key_frame: bool) -> Sending | None:
        """What to send of this packet, or None."""
        if stream is not self.source:
            if stream is not self.wanted or (self.kind == "video" and not begins_key_frame):
                return None
            if stream.codec not in self.payload_types:
                return None
            self._switch(stream, packet, number)
        if number < self._from:
            return None
        self._sequence = max(self._sequence, number + self._offset)
        timestamp = packet.timestamp + self._shift & 0xFFFFFFFF
        sending = Sending(
            self.ssrc,
            self.payload_types[stream.codec][0],
            packet.is_marked,
            number + self._offset & 0xFFFF,
            timestamp,
            packet.payload,
        )
        self._history[sending.sequence % len(self._history)] = sending
        self.timestamp, self._source_timestamp, self._sent_us = timestamp, packet.timestamp, packet.arrival_us
        self.packets += 1
        self.octets += len(packet.payload)
        return sending

    def again(self, sequence: int) -> Sending | None:
        """A packet that the viewer asks for again: as RTX where that is agreed (RFC 4588), else as it was."""
        kept = self._history[sequence % len(self._history)]
        if kept is None or kept.sequence != sequence:
            return None
        rtx = next((rtx for main, rtx in self.payload_types.values() if main == kept.payload_type), 0)
        if not rtx:
            return kept
        self._rtx_sequence += 1
        payload = sequence.to_bytes(2, "big") + kept.payload
        return Sending(self.rtx_ssrc, rtx, kept.is_marked, self._rtx_sequence & 0xFFFF, kept.timestamp, payload)

    def mapped_report(self, now_us: int) -> tuple[int, int] | None:
        """The source's last sender report in this stream's timestamps: (ntp, timestamp)."""
        if self.source is None or self.source.report is None:
            return None
        report = self.source.report
        self._reports[report.ntp >> 16 & 0xFFFFFFFF] = now_us
        while len(self._reports) > _REPORTS_KEPT:
            self._reports.popitem(last=False)
        return report.ntp, report.timestamp + self._shift & 0xFFFFFFFF

    def round_trip_us(self, last_report: int, delay: int, now_us: int) -> int:
        """The round trip that a viewer's report block tells (RFC 3550, 6.4.1); 0 when it does not."""
        sent_us = self._reports.get(last_report)
        return max(now_us - sent_us - delay * 1_000_000 // 65_536, 1) if sent_us is not None else 0

    def _switch(self, stream: IncomingStream, packet: Packet, number: int) -> None:
        """Go on with another source: the next number, and a timestamp that is as much later as the picture is."""
        rate = stream.clock_rate
        elapsed = max(packet.arrival_us - self._sent_us, _FRAME_US) * rate // 1_000_000 if self._sent_us else 0
        self._offset = self._sequence + 1 - number
        self._from = number
        self._shift = self.timestamp + elapsed - packet.timestamp
        self.source = stream


def _new_ssrc() -> int:
    return secrets.randbits(31) + 1
