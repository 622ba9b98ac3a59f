"""Real WebRTC peers without a browser: aiortc connections that send small pictures and silence, and count what they are sent."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack
from av import VideoFrame

from jianlu.capture.sessions.rooms import Connection, Rooms
from tests.fakes.loops import Loop
from tests.fakes.moving_picture import Picture


class Peer:
    """One peer connection, used from the test's thread; everything of it runs in `loop`."""

    def __init__(self, loop: Loop, *, servers: tuple[RTCIceServer, ...] = ()) -> None:
        self._loop = loop
        self.frames: Counter[str] = Counter()
        self.size = (0, 0)
        self._tasks: list[asyncio.Task[None]] = []
        self._pc: RTCPeerConnection = loop.run(self._made(RTCConfiguration(iceServers=list(servers))))

    @property
    def state(self) -> str:
        """As the connection says."""
        return self._pc.connectionState

    def publish(
        self,
        rooms: Rooms,
        room: str,
        feed: str,
        *,
        codec: str = "vp8",
        kinds: tuple[str, ...] = ("audio", "video"),
        hears: bool = True,
    ) -> Connection:
        """Send a feed; one that does not hear the answer never sends anything."""
        offer = self._loop.run(self._offer_to_send(codec, kinds))
        made = rooms.publish(room, feed, offer)
        return self._answered(made) if hears else made

    def add(self, rooms: Rooms, room: str, connection: Connection, kind: str, *, codec: str = "vp8") -> Connection:
        """Send another track on the same connection."""
        offer = self._loop.run(self._offer_to_send(codec, (kind,)))
        return self._answered(rooms.renegotiate(room, connection.id, offer))

    def subscribe(self, rooms: Rooms, room: str, feed: str, viewer: str = "v") -> Connection:
        """Watch a feed."""
        offer = self._loop.run(self._offer_to_receive())
        return self._answered(rooms.subscribe(room, feed, offer, viewer))

    def close(self) -> None:
        """Leave, saying goodbye."""
        self._loop.run(self._close())

    def vanish(self) -> None:
        """Leave without a word: nothing is sent from now on."""
        self._loop.run(self._vanish())

    async def _made(self, configuration: RTCConfiguration) -> RTCPeerConnection:
        connection = RTCPeerConnection(configuration)
        connection.on("track", self._track)
        return connection

    def _track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.ensure_future(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            self.frames[track.kind] += 1
            if isinstance(frame, VideoFrame):
                self.size = (frame.width, frame.height)

    async def _offer_to_send(self, codec: str, kinds: tuple[str, ...]) -> str:
        for kind in kinds:
            if any(each.kind == kind for each in self._pc.getTransceivers()):
                continue
            sender = self._pc.addTrack(AudioStreamTrack() if kind == "audio" else Picture())
            transceiver = next(each for each in self._pc.getTransceivers() if each.sender is sender)
            transceiver.direction = "sendonly"
            if kind == "video":
                known = RTCRtpSender.getCapabilities("video").codecs
                wanted = [each for each in known if each.name.lower() in (codec, "rtx")]
                transceiver.setCodecPreferences(wanted)
        return await self._offer()

    async def _offer_to_receive(self) -> str:
        for kind in ("audio", "video"):
            self._pc.addTransceiver(kind, direction="recvonly")
        return await self._offer()

    async def _offer(self) -> str:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return numbered_as_browsers(str(self._pc.localDescription.sdp))

    def _answered(self, connection: Connection) -> Connection:
        answer = RTCSessionDescription(connection.answer_sdp, "answer")
        self._loop.run(self._pc.setRemoteDescription(answer))
        return connection

    async def _close(self) -> None:
        await self._pc.close()
        for task in self._tasks:
            task.cancel()

    async def _vanish(self) -> None:
        for transceiver in self._pc.getTransceivers():
            await transceiver.sender.transport.transport.stop()


def numbered_as_browsers(sdp: str) -> str:
    """An offer of aiortc's with Chromium's payload types; aiortc takes the answer's, whatever it offered."""
    numbers = {"audio": {"96": "111"}, "video": {"97": "96", "98": "97", "99": "102", "100": "103", "101": "107", "102": "108"}}
    lines, kind = [], "audio"
    for line in sdp.split("\r\n"):
        if line.startswith("m="):
            kind = line[2:7]
            head, formats = line.split(" ")[:3], line.split(" ")[3:]
            line = " ".join(head + [numbers[kind].get(each, each) for each in formats])
        elif found := re.match(r"a=(rtpmap|fmtp|rtcp-fb):(\d+) (?:apt=(\d+))?", line):
            name, number, apt = found.groups()
            rest = f"apt={numbers[kind].get(apt, apt)}" if apt else line[found.end() :]
            line = f"a={name}:{numbers[kind].get(number, number)} {rest}"
        lines.append(line)
    return "\r\n".join(lines)


@contextmanager
def on_loopback_only(patch: pytest.MonkeyPatch, address: str = "127.0.0.1") -> Iterator[None]:
    """Peers use the loopback address, which aioice leaves out by default."""
    with patch.context() as context:
        context.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [address])
        yield
