"""A peer that sends a feed: its packets are ordered into streams, missed ones asked for, and it is told how it arrives.

It is told by receiver reports each second and transport-wide feedback every 50 ms. Streams are found by the SSRCs of the offer, else by
the MID and RID that packets carry (RFC 8843, 8852), else by a payload type that only one section has.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from jianlu.backends.sfu.embedded import rtcp
from jianlu.backends.sfu.embedded.answer import LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_CC, Agreed
from jianlu.backends.sfu.embedded.congestion import ArrivalLog
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.link import Link
from jianlu.backends.sfu.embedded.rtcp import SenderReport
from jianlu.backends.sfu.embedded.rtp import ExtensionIds, Packet, read_packet, unwrap_rtx

STREAMS_MAX = 16
_FEEDBACK_US = 50_000
_REPORT_US = 1_000_000
_ASK_US = 2_500_000
_KEY_FRAME_US = 300_000


class Owner(Protocol):
    """The feed that a publisher sends."""

    def packet(self, stream: IncomingStream, packet: Packet, number: int) -> None:
        """A packet that is no duplicate, with its extended number."""

    def report(self, stream: IncomingStream, report: SenderReport, arrival_us: int) -> None:
        """A sender report."""

    def publisher_connected(self, publisher: Publisher) -> None:
        """The handshake is done."""

    def publisher_ended(self, publisher: Publisher) -> None:
        """The peer left or failed."""


class Publisher:
    """One sending connection."""

    def __init__(self, id: str, link: Link, agreed: tuple[Agreed, ...]) -> None:
        self.id = id
        self.link = link
        self.agreed = agreed
        self.streams: dict[int, IncomingStream] = {}
        self.owner: Owner | None = None
        self.is_ended = False
        self._ssrc = secrets.randbits(31) + 1
        self._rtx: dict[int, int] = {}
        self._ids = ExtensionIds()
        self._sections: tuple[Agreed, ...] = ()
        self._arrivals = ArrivalLog()
        self._feedback_us = self._report_us = self._ask_us = 0
        self._reported: dict[int, rtcp.ReportBlock] = {}
        self._asked_key_frame_us: dict[int, int] = {}
        self.update(agreed)
        link.listener = self

    def update(self, agreed: tuple[Agreed, ...]) -> None:
        """Take what a further offer agreed on; streams that go on keep their state."""
        self.agreed = agreed
        self._sections = tuple(each for each in agreed if not each.is_refused)
        for each in self._sections:
            self._ids.mid = each.extension(MID) or self._ids.mid
            self._ids.rid = each.extension(RID) or self._ids.rid
            self._ids.repaired_rid = each.extension(REPAIRED_RID) or self._ids.repaired_rid
            self._ids.level = each.extension(LEVEL) or self._ids.level
            self._ids.transport_cc = each.extension(TRANSPORT_CC) or self._ids.transport_cc
            self._rtx.update(each.offered.retransmitting)

    def connected(self) -> None:
        """The link is up."""
        if self.owner is not None:
            self.owner.publisher_connected(self)

    def ended(self) -> None:
        """The link is gone."""
        self.is_ended = True
        if self.owner is not None:
            self.owner.publisher_ended(self)

    def received_rtp(self, content: bytes, arrival_us: int) -> None:
        """Take one packet."""
        packet = read_packet(content, self._ids, arrival_us)
        if packet is None:
            return
        if packet.transport_sequence >= 0:
            self._arrivals.add(packet.transport_sequence, arrival_us)
        stream = self.streams.get(packet.ssrc)
        is_recovered = False
        if stream is None:
            main = self._rtx.get(packet.ssrc)
            if main is not None:
                stream = self.streams.get(main)
                if stream is None or not unwrap_rtx(packet, main, stream.payload_type):
                    return
                is_recovered = True
            else:
                stream = self._discover(packet)
                if stream is None:
                    return
        elif packet.payload_type != stream.payload_type:
            return
        number = stream.receive(packet, is_recovered=is_recovered)
        if number >= 0 and self.owner is not None:
            self.owner.packet(stream, packet, number)

    def received_rtcp(self, content: bytes, arrival_us: int) -> None:
        """Take the peer's reports."""
        for part in rtcp.read_compound(content):
            if part.kind == rtcp.SENDER_REPORT:
                report = rtcp.read_sender_report(part)
                stream = self.streams.get(report.ssrc) if report else None
                if report is not None and stream is not None:
                    stream.reported(report, arrival_us)
                    if self.owner is not None:
                        self.owner.report(stream, report, arrival_us)

    def request_key_frame(self, stream: IncomingStream, now_us: int) -> None:
        """Ask for a key frame, not more often than an encoder can make them."""
        if now_us - self._asked_key_frame_us.get(stream.ssrc, 0) >= _KEY_FRAME_US:
            self._asked_key_frame_us[stream.ssrc] = now_us
            self._send_feedback(stream, rtcp.write_pli(self._ssrc, stream.ssrc))

    def tick(self, now_us: int) -> None:
        """What is due now: requests for lost packets, feedback, reports."""
        if not self.link.is_connected:
            return
        for stream in self.streams.values():
            missing = stream.asked_for(now_us, self.link.rtt_us)
            if missing:
                self._send_feedback(stream, rtcp.write_nack(self._ssrc, stream.ssrc, missing))
        if now_us - self._feedback_us >= _FEEDBACK_US:
            self._feedback_us = now_us
            media_ssrc = next(iter(self.streams), 0)
            for body in self._arrivals.feedback(self._ssrc, media_ssrc):
                self.link.send_rtcp(rtcp.write_transport_feedback(body))
        if now_us - self._report_us >= _REPORT_US:
            self._report(now_us)
        if now_us - self._ask_us >= _ASK_US:
            self._ask_us = now_us
            self.link.ask(now_us)

    def _send_feedback(self, stream: IncomingStream, feedback: bytes) -> None:
        """Behind a report on the stream (RFC 3550, 6.1): not every peer takes feedback alone, and some find the stream by the report."""
        block = self._reported.get(stream.ssrc) or rtcp.ReportBlock(stream.ssrc, 0, 0, 0, 0, 0, 0)
        self.link.send_rtcp(rtcp.write_receiver_report(self._ssrc, [block]) + feedback)

    def _report(self, now_us: int) -> None:
        flowing = [stream for stream in self.streams.values() if stream.flows(now_us)]
        if flowing:
            self._reported = {stream.ssrc: stream.report_block(now_us) for stream in flowing}
            self.link.send_rtcp(rtcp.write_receiver_report(self._ssrc, self._reported.values()))
        for stream in self.streams.values():
            stream.roll(now_us - self._report_us)
        self._report_us = now_us

    def _discover(self, packet: Packet) -> IncomingStream | None:
        """The stream of an SSRC seen for the first time; None for what belongs nowhere, and for a retransmission (then noted)."""
        section = self._section_of(packet)
        if section is None or len(self.streams) + len(self._rtx) >= STREAMS_MAX:
            return None
        codec = next(codec for codec in section.codecs if codec.payload_type == packet.payload_type)
        if codec.name == "rtx":
            main = self._retransmitted_by(packet, int(codec.parameters.get("apt", "-1")))
            if main is not None:
                self._rtx[packet.ssrc] = main
            return None
        if section.rids and packet.rid not in section.rids:
            return None
        stream = IncomingStream(
            packet.ssrc, section.kind, codec.name, packet.payload_type, rid=packet.rid, is_asking="nack" in codec.feedback
        )
        self.streams[packet.ssrc] = stream
        return stream

    def _section_of(self, packet: Packet) -> Agreed | None:
        fitting = [each for each in self._sections if any(codec.payload_type == packet.payload_type for codec in each.codecs)]
        by_mid = [each for each in fitting if packet.mid and each.mid == packet.mid]
        by_ssrc = [each for each in fitting if packet.ssrc in each.offered.ssrcs]
        found = by_mid or by_ssrc or fitting
        return found[0] if len(found) == 1 else None

    def _retransmitted_by(self, packet: Packet, payload_type: int) -> int | None:
        """Which stream an RTX stream repeats: the one with the same RID, else the only one with that payload type."""
        mains = [each for each in self.streams.values() if each.payload_type == payload_type]
        if packet.rid:
            mains = [each for each in mains if each.rid == packet.rid]
        return mains[0].ssrc if len(mains) == 1 else None
