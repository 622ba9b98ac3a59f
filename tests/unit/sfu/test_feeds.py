"""Layers of a feed: recorders get the highest that flows, a viewer what its network carries; the gate; who may take a feed over."""

from __future__ import annotations

import itertools
from typing import Any, cast

from jianlu.backends.sfu.embedded import rtcp
from jianlu.backends.sfu.embedded.answer import agree_to_receive, agree_to_send
from jianlu.backends.sfu.embedded.feed import Feed
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.publisher import Publisher
from jianlu.backends.sfu.embedded.rtp import read_packet, write_packet
from jianlu.backends.sfu.embedded.sdp import read_offer
from jianlu.backends.sfu.embedded.sockets import monotonic_us
from jianlu.backends.sfu.embedded.viewer import Viewer
from jianlu.capture.sessions.rooms import RoomSpec
from tests.unit.sfu.offers import AUDIO, HEAD, VIDEO

LAYERS = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n"
SPEC = RoomSpec(codecs=("vp8", "opus"))
RID, MID = 10, 4


class WireEnd:
    """A link that is always up and keeps what is sent over it."""

    def __init__(self) -> None:
        self.is_connected = True
        self.seen_us = monotonic_us()
        self.rtt_us = 0
        self.listener: object = None
        self.packets: list[bytes] = []
        self.reports: list[rtcp.Part] = []

    def send_rtp(self, packet: bytes) -> None:
        self.packets.append(packet)

    def send_rtcp(self, content: bytes) -> None:
        self.reports += rtcp.read_compound(content)

    def ask(self, now_us: int) -> None:
        """Nobody is there to ask."""


class Stage:
    """A feed with a publisher of two layers and one viewer."""

    def __init__(self) -> None:
        self.recorded: list[tuple[str, int]] = []
        self.states: list[str] = []
        self.now_us = monotonic_us()
        self.feed = Feed("agent", self._recorded, lambda *_: None, lambda feed, reason: self.states.append(feed.state))
        self.sending, self.watching = WireEnd(), WireEnd()
        offer = read_offer(HEAD + AUDIO + VIDEO + LAYERS)
        self.publisher = Publisher("p", cast("Any", self.sending), agree_to_receive(offer, SPEC))
        self.viewer = Viewer("v", cast("Any", self.watching), agree_to_send(offer, SPEC), feed="agent", name="x")
        self.feed.is_forwarding = True
        self.feed.set_publisher(self.publisher)
        self.feed.add_viewer(self.viewer)
        self._numbers = {"h": 0, "l": 0}

    def send(self, rid: str, *, is_key: bool = False, size: int = 1000) -> None:
        """One frame of a layer."""
        self._numbers[rid] += 1
        width = {"h": 1280, "l": 320}[rid]
        head = bytes.fromhex("10100200" + "9d012a") + width.to_bytes(2, "little") + b"\xd0\2" if is_key else b"\x10\x11\0\0"
        extension = b"\xbe\xde\0\1" + bytes((RID << 4, ord(rid), MID << 4, ord("1")))
        self.publisher.received_rtp(
            write_packet(
                96,
                is_marked=True,
                sequence=self._numbers[rid],
                timestamp=self._numbers[rid] * 3000,
                ssrc={"h": 70, "l": 71}[rid],
                extension=extension,
                payload=head + bytes(size),
            ),
            self.now_us,
        )

    def pass_time(self, seconds: float, *rids: str, size: int = 1000) -> None:
        """Frames of these layers, 25 a second, with the ticks between."""
        for _ in range(int(seconds * 25)):
            self.now_us += 40_000
            for rid in rids:
                self.send(rid, size=size if rid == "h" else size // 10)
            self.feed.tick(self.now_us)

    def widths_asked(self) -> set[int]:
        """The streams of which a key frame was asked."""
        return {
            ssrc
            for part in self.sending.reports
            for ssrc in rtcp.read_key_frame_requests(part)
            if part.kind == rtcp.PAYLOAD_FEEDBACK
        }

    def source(self) -> str:
        source = self.viewer.outgoing["video"].source
        return source.rid if source else ""

    def _recorded(self, feed: Feed, stream: IncomingStream, packet: object) -> None:
        self.recorded.append((stream.rid, stream.width))


def _both_running() -> Stage:
    stage = Stage()
    for rid in ("l", "h"):
        stage.send(rid, is_key=True)
    stage.pass_time(2, "h", "l", size=6_000)
    for rid in ("l", "h"):
        stage.send(rid, is_key=True)
    return stage


def test_the_highest_layer_is_recorded_and_watched() -> None:
    stage = _both_running()
    assert stage.recorded[-1] == ("h", 1280)
    assert stage.source() == "h"
    assert {70, 71} == set(stage.publisher.streams)


def test_a_viewer_with_a_narrow_network_gets_the_small_layer_while_the_recorder_keeps_the_large() -> None:
    stage = _both_running()
    stage.viewer.estimate.kbps = 400
    stage.pass_time(0.5, "h", "l", size=6_000)
    assert 71 in stage.widths_asked()
    assert stage.source() == "h"
    stage.send("l", is_key=True)
    assert stage.source() == "l"
    stage.pass_time(0.5, "h", "l", size=6_000)
    assert stage.recorded[-1] != ("l", 320)
    stage.viewer.estimate.kbps = 20_000
    stage.pass_time(0.5, "h", "l", size=6_000)
    stage.send("h", is_key=True)
    assert stage.source() == "h"
    numbers = [packet.sequence for each in stage.watching.packets if (packet := read_packet(each, stage.publisher._ids, 0))]
    assert [(b - a) & 0xFFFF for a, b in itertools.pairwise(numbers)] == [1] * (len(numbers) - 1)


def test_a_layer_that_stops_is_replaced_for_everybody() -> None:
    stage = _both_running()
    stage.pass_time(2, "l", size=6_000)
    stage.send("l", is_key=True)
    assert stage.source() == "l"
    assert stage.recorded[-1] == ("l", 320)


def test_the_gate_stops_viewers_and_opens_at_a_key_frame() -> None:
    stage = _both_running()
    stage.feed.set_forwarding(is_on=False)
    sent, kept = len(stage.watching.packets), len(stage.recorded)
    stage.pass_time(1, "h", "l")
    assert len(stage.watching.packets) == sent
    assert len(stage.recorded) > kept
    stage.feed.set_forwarding(is_on=True)
    stage.pass_time(0.2, "h", "l")
    assert len(stage.watching.packets) == sent
    stage.send("h", is_key=True)
    assert len(stage.watching.packets) > sent


def test_silence_interrupts_a_feed_and_frees_it() -> None:
    stage = _both_running()
    stage.sending.seen_us = stage.now_us
    stage.feed.tick(stage.now_us)
    assert stage.feed.is_taken(stage.now_us)
    assert not stage.feed.is_taken(stage.now_us + 1_500_000)
    stage.feed.tick(stage.now_us + 5_000_000)
    assert stage.states == ["connected", "interrupted"]
    stage.sending.seen_us = stage.now_us + 5_100_000
    stage.feed.tick(stage.now_us + 5_200_000)
    assert stage.states[-1] == "connected"
