"""What the tap says of a feed: its packets, its sender reports, its states.

The frames are those of `capture.recording.live.tap_frames`, which the recorder reads them with: nothing of them is known here.
"""

from __future__ import annotations

from jianlu.backends.sfu.embedded.feed import Feed
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.rtcp import SenderReport
from jianlu.backends.sfu.embedded.rtp import Packet, plain_packet
from jianlu.capture.recording.live.tap_frames import MEDIA_NUMBERS, FeedChange, Report, change_frame, packet_frame, report_frame


def tapped_packet(feed: Feed, stream: IncomingStream, packet: Packet) -> bytes:
    """A packet that arrived, with its extensions taken off."""
    media = MEDIA_NUMBERS[stream.kind]
    return packet_frame(feed.name, media, stream.codec, packet.level, packet.arrival_us, plain_packet(packet))


def tapped_report(feed: Feed, stream: IncomingStream, report: SenderReport, arrival_us: int) -> bytes:
    """A sender report that arrived."""
    media = MEDIA_NUMBERS[stream.kind]
    return report_frame(Report(feed.name, media, arrival_us, report.ntp, report.timestamp, report.ssrc))


def tapped_state(feed: Feed, at_us: int, reason: str) -> bytes:
    """The state of a feed, when it changed or when a recorder begins to listen."""
    # A feed that is still connecting sends nothing, like one that was interrupted.
    state = "interrupted" if feed.state == "connecting" else feed.state
    return change_frame(FeedChange(feed.name, state, at_us, reason))
