"""A peer that watches a feed: sound first, picture paced, lost packets again, sender reports so that lips and voice stay together.

Which layer it gets is decided in `feed.py` by what `estimate.py` makes of its feedback.
"""

from __future__ import annotations

from collections.abc import Callable

from jianlu.backends.sfu.embedded import rtcp
from jianlu.backends.sfu.embedded.answer import TRANSPORT_CC, Agreed, Outgoing
from jianlu.backends.sfu.embedded.congestion import read_feedback
from jianlu.backends.sfu.embedded.estimate import BandwidthEstimate
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.link import Link
from jianlu.backends.sfu.embedded.outgoing import OutgoingStream, Sending
from jianlu.backends.sfu.embedded.pacer import Pacer
from jianlu.backends.sfu.embedded.rtp import Packet, transport_cc_extension, write_packet

_REPORT_US = 1_000_000
_ASK_US = 2_500_000


class Viewer:
    """One watching connection."""

    def __init__(self, id: str, link: Link, agreed: tuple[Agreed, ...], *, feed: str, name: str) -> None:
        self.id, self.link, self.feed, self.name = id, link, feed, name
        self.agreed = agreed
        self.outgoing: dict[str, OutgoingStream] = {}
        self.estimate = BandwidthEstimate()
        self.on_key_frame_wanted: Callable[[], None] = lambda: None
        self.on_connected: Callable[[], None] = lambda: None
        self.on_ended: Callable[[], None] = lambda: None
        self.is_ended = False
        self.loss_permille = 0
        self._rtt_us = 0
        self._pacer = Pacer(self._transmit)
        self._extension = 0
        self._transport_sequence = 0
        self._report_us = self._ask_us = 0
        self.update(agreed)
        link.listener = self

    @property
    def rtt_us(self) -> int:
        """The last round trip known."""
        return self.link.rtt_us or self._rtt_us

    def update(self, agreed: tuple[Agreed, ...]) -> None:
        """Take what a further offer agreed on; streams that go on keep their SSRC."""
        self.agreed = agreed
        for each in agreed:
            if each.is_refused:
                continue
            self._extension = each.extension(TRANSPORT_CC) or self._extension
            if each.kind not in self.outgoing:
                self.outgoing[each.kind] = OutgoingStream(each.kind, _payload_types(each))
            else:
                self.outgoing[each.kind].payload_types = _payload_types(each)
            if each.direction == "inactive":
                self.outgoing[each.kind].pause()

    def described(self, stream_name: str) -> dict[str, Outgoing]:
        """For the answer, by section: what we send there. Sound and picture of a feed have one stream name, so they are played in step."""
        return {
            each.mid: Outgoing(out.ssrc, out.rtx_ssrc, stream_name, f"{stream_name}-{each.kind}")
            for each in self.agreed
            if not each.is_refused and each.direction != "inactive" and (out := self.outgoing.get(each.kind))
        }

    def is_active(self, kind: str) -> bool:
        """Whether the viewer wants this kind now."""
        return any(each.kind == kind and each.direction == "sendonly" for each in self.agreed)

    def connected(self) -> None:
        """The link is up."""
        self.on_connected()

    def ended(self) -> None:
        """The link is gone."""
        self.is_ended = True
        self.on_ended()

    def take(self, stream: IncomingStream, packet: Packet, number: int, *, begins_key_frame: bool) -> None:
        """Pass on one packet of the feed, if this viewer is to have it."""
        out = self.outgoing.get(stream.kind)
        if out is None or not self.link.is_connected:
            return
        is_new = out.source is not stream
        sending = out.take(stream, packet, number, begins_key_frame=begins_key_frame)
        if sending is None:
            return
        if is_new:
            self._report_stream(out, packet.arrival_us)
        self._pacer.send(sending, packet.arrival_us, is_urgent=stream.kind == "audio")

    def reported(self, stream: IncomingStream, now_us: int) -> None:
        """Pass on a sender report of the feed."""
        out = self.outgoing.get(stream.kind)
        if out is not None and out.source is stream:
            self._report_stream(out, now_us)

    def pause(self) -> None:
        """Send nothing until told a source again."""
        for out in self.outgoing.values():
            out.pause()
        self._pacer.clear()

    def received_rtp(self, content: bytes, arrival_us: int) -> None:
        """A viewer sends no media; what it sends is dropped."""

    def received_rtcp(self, content: bytes, arrival_us: int) -> None:
        """Take the viewer's reports and requests."""
        for part in rtcp.read_compound(content):
            if part.kind in (rtcp.SENDER_REPORT, rtcp.RECEIVER_REPORT):
                self._reports(part, arrival_us)
            elif part.kind == rtcp.TRANSPORT_FEEDBACK and part.count == rtcp.NACK:
                self._repeat(part, arrival_us)
            elif part.kind == rtcp.TRANSPORT_FEEDBACK and part.count == rtcp.TRANSPORT_CC:
                self.estimate.feedback(read_feedback(part.body), arrival_us)
            elif part.kind == rtcp.PAYLOAD_FEEDBACK:
                video = self.outgoing.get("video")
                if video is not None and video.ssrc in rtcp.read_key_frame_requests(part):
                    self.on_key_frame_wanted()

    def tick(self, now_us: int) -> None:
        """What is due now."""
        self._pacer.tick(now_us, self.estimate.kbps)
        if not self.link.is_connected:
            return
        if now_us - self._report_us >= _REPORT_US:
            self._report_us = now_us
            for out in self.outgoing.values():
                self._report_stream(out, now_us)
        if now_us - self._ask_us >= _ASK_US:
            self._ask_us = now_us
            self.link.ask(now_us)

    def _reports(self, part: rtcp.Part, arrival_us: int) -> None:
        streams = {out.ssrc: out for out in self.outgoing.values()}
        for block in rtcp.read_blocks(part):
            out = streams.get(block.ssrc)
            if out is not None:
                self._rtt_us = out.round_trip_us(block.last_report, block.delay, arrival_us) or self._rtt_us
                if out.kind == "video":
                    self.loss_permille = block.fraction_lost * 1000 // 256

    def _repeat(self, part: rtcp.Part, now_us: int) -> None:
        ssrc, missing = rtcp.read_nacks(part)
        out = next((each for each in self.outgoing.values() if each.ssrc == ssrc), None)
        for sequence in missing if out else ():
            sending = out.again(sequence) if out else None
            if sending is not None:
                self._pacer.send(sending, now_us, is_urgent=True)

    def _report_stream(self, out: OutgoingStream, now_us: int) -> None:
        mapped = out.mapped_report(now_us)
        if mapped is not None:
            self.link.send_rtcp(rtcp.write_sender_report(out.ssrc, *mapped, out.packets, out.octets))

    def _transmit(self, sending: Sending, now_us: int) -> None:
        extension = b""
        if self._extension:
            self._transport_sequence = self._transport_sequence + 1 & 0xFFFF
            extension = transport_cc_extension(self._extension, self._transport_sequence)
            self.estimate.sent(self._transport_sequence, now_us, len(sending.payload) + 40)
        self.link.send_rtp(
            write_packet(
                sending.payload_type,
                is_marked=sending.is_marked,
                sequence=sending.sequence,
                timestamp=sending.timestamp,
                ssrc=sending.ssrc,
                extension=extension,
                payload=sending.payload,
            )
        )


def _payload_types(agreed: Agreed) -> dict[str, tuple[int, int]]:
    rtx = {int(each.parameters.get("apt", "-1")): each.payload_type for each in agreed.codecs if each.name == "rtx"}
    return {each.name: (each.payload_type, rtx.get(each.payload_type, 0)) for each in agreed.codecs if each.name != "rtx"}
