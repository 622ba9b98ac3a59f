"""A publisher as a tap shows it: RTP packets and sender reports of one feed, on a clock of its own, over a network of its own.

Deterministic: the same publisher gives the same frames. What the network does to packets (loss, delay, doubles, order) is drawn from
a seed, and the publisher answers key frame requests after a round trip.
"""

from __future__ import annotations

import heapq
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jianlu.capture.recording.live.tap_frames import (
    AUDIO,
    VIDEO,
    FeedChange,
    Packet,
    Report,
    TapFrame,
    change_frame,
    packet_frame,
    report_frame,
)
from tests.fakes.live.coded import LOOP_MS, coded_picture, coded_sound, payloads_of

_RATES = {AUDIO: 48_000, VIDEO: 90_000}
_NTP_1970 = 2_208_988_800


@dataclass(frozen=True)
class Network:
    """What happens to packets on the way: shares in permille, delays in ms."""

    loss: int = 0
    doubles: int = 0
    delay_ms: int = 20
    jitter_ms: int = 5
    reorder: int = 0
    reorder_ms: int = 60


@dataclass(frozen=True)
class Camera:
    """What is sent: codec, size, and key frames every so many frames even unasked."""

    codec: str = "h264"
    width: int = 160
    height: int = 120
    fps: int = 25
    key_every: int = 25


@dataclass
class Publisher:
    """One feed. Its clocks run `drift_ppm` fast; its picture is captured `picture_late_ms` before it is sent."""

    feed: str
    network: Network = field(default_factory=Network)
    camera: Camera | None = field(default_factory=Camera)
    has_sound: bool = True
    drift_ppm: int = 0
    picture_late_ms: int = 0
    seed: int = 1
    reports_every_ms: int = 1_000
    ntp_offset_s: int = 1_000
    seal: Callable[[str, bytes], bytes] | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.feed}/{self.seed}")
        self._on_the_way: list[tuple[int, int, TapFrame]] = []
        self._count = 0
        self._streams = {media: self._new_stream() for media in (AUDIO, VIDEO)}
        self._sent_ms = {AUDIO: 0, VIDEO: 0}
        self._reported_ms = 0
        self._key_due = False
        self.sent = 0
        self.is_sending = True
        self.is_connected = True
        self._changes: list[FeedChange] = []

    def _new_stream(self) -> dict[str, int]:
        return {
            "ssrc": self._random.getrandbits(32),
            "seq": self._random.getrandbits(16),
            "base": self._random.getrandbits(32),
            "from": 0,
        }

    # -- what a test does to it --------------------------------------------------------------------------------------------

    def begin(self, at_ms: int) -> None:
        """Send from `at_ms` on."""
        self._sent_ms = {AUDIO: at_ms, VIDEO: at_ms}
        self._reported_ms = at_ms
        self._key_due = True

    def ask_key_frame(self) -> None:
        """As a PLI: the next frame is a key frame."""
        self._key_due = True

    def reconnect(self, at_ms: int) -> None:
        """Come back with new streams."""
        self._streams = {media: self._new_stream() for media in (AUDIO, VIDEO)}
        self.begin(at_ms)
        self.is_sending = True
        self.change("connected", at_ms)

    def disconnect(self, at_ms: int) -> None:
        """Send nothing any more."""
        self.is_sending = False
        self.change("interrupted", at_ms)

    def change(self, state: str, at_ms: int) -> None:
        """Have the tap say that the feed is `state`."""
        assert state in ("connected", "interrupted", "closed")
        self._changes.append(FeedChange(self.feed, state, at_ms * 1000, ""))  # type: ignore[arg-type]

    # -- what the tap shows ------------------------------------------------------------------------------------------------

    def frames_until(self, now_ms: int) -> Iterator[TapFrame]:
        """What has arrived by `now_ms` (of the machine's monotonic clock), in order of arrival."""
        yield from self._changes
        self._changes = []
        self._send_until(now_ms)
        while self._on_the_way and self._on_the_way[0][0] <= now_ms * 1000:
            yield heapq.heappop(self._on_the_way)[2]

    def _send_until(self, now_ms: int) -> None:
        if self.has_sound:
            while self._sent_ms[AUDIO] <= now_ms:
                self._send_sound(self._sent_ms[AUDIO])
                self._sent_ms[AUDIO] += 20
        if self.camera is not None:
            while self._sent_ms[VIDEO] <= now_ms:
                self._send_picture(self.camera, self._sent_ms[VIDEO])
                self._sent_ms[VIDEO] += 1000 // self.camera.fps
        while self._reported_ms <= now_ms:
            self._send_reports(self._reported_ms)
            self._reported_ms += self.reports_every_ms

    def _send_sound(self, at_ms: int) -> None:
        frame = coded_sound()[at_ms % LOOP_MS // 20]
        level = 20 if at_ms % LOOP_MS < LOOP_MS // 2 else 70
        self._send(AUDIO, "opus", at_ms, at_ms, frame.payload, level)

    def _send_picture(self, camera: Camera, at_ms: int) -> None:
        loop = coded_picture(camera.codec, camera.width, camera.height, camera.fps, camera.key_every)
        index = at_ms * camera.fps // 1000 % len(loop)
        if self._key_due:
            # Pictures of a loop hang together from its key frames on: a key frame asked for is its nearest one.
            index = max(place for place in range(index + 1) if loop[place].is_key)
            self._key_due = False
            self._shift = index - at_ms * camera.fps // 1000 % len(loop)
        index = (at_ms * camera.fps // 1000 + self._shift) % len(loop)
        self._send(VIDEO, camera.codec, at_ms, at_ms + self.picture_late_ms, loop[index].payload, 255)

    def _send(self, media: int, codec: str, captured_ms: int, sent_ms: int, payload: bytes, level: int) -> None:
        if not self.is_sending:
            return
        stream = self._streams[media]
        sealed = self.seal(codec, payload) if self.seal else payload
        payloads = list(payloads_of(codec, sealed))
        for place, content in enumerate(payloads):
            seq = stream["seq"]
            stream["seq"] = (seq + 1) & 0xFFFF
            self.sent += 1
            if self._random.randrange(1000) < self.network.loss:
                continue
            for _ in range(2 if self._random.randrange(1000) < self.network.doubles else 1):
                arrival_us = self._arrival_us(sent_ms)
                packet = Packet(
                    feed=self.feed,
                    media=media,
                    codec=codec,
                    level=level,
                    arrival_us=arrival_us,
                    ssrc=stream["ssrc"],
                    seq=seq,
                    timestamp=self._timestamp(media, captured_ms),
                    is_marked=place == len(payloads) - 1,
                    payload=content,
                )
                self._deliver(arrival_us, packet)

    def _send_reports(self, at_ms: int) -> None:
        if not self.is_sending:
            return
        for media in (AUDIO, VIDEO):
            arrival_us = self._arrival_us(at_ms)
            own_us = at_ms * 1000 * (1_000_000 + self.drift_ppm) // 1_000_000
            ntp = ((own_us + (_NTP_1970 + self.ntp_offset_s) * 1_000_000) << 32) // 1_000_000
            report = Report(self.feed, media, arrival_us, ntp, self._timestamp(media, at_ms), self._streams[media]["ssrc"])
            self._deliver(arrival_us, report)

    def _timestamp(self, media: int, at_ms: int) -> int:
        own_us = at_ms * 1000 * (1_000_000 + self.drift_ppm) // 1_000_000
        return (self._streams[media]["base"] + own_us * _RATES[media] // 1_000_000) & 0xFFFFFFFF

    def _arrival_us(self, sent_ms: int) -> int:
        network = self.network
        delay_us = network.delay_ms * 1000 + self._random.randrange(network.jitter_ms * 1000 + 1)
        if self._random.randrange(1000) < network.reorder:
            delay_us += network.reorder_ms * 1000
        return sent_ms * 1000 + delay_us

    def _deliver(self, arrival_us: int, frame: TapFrame) -> None:
        self._count += 1
        heapq.heappush(self._on_the_way, (arrival_us, self._count, frame))


def frame_bytes(frame: TapFrame) -> bytes:
    """`frame` as a tap sends it."""
    if isinstance(frame, Report):
        return report_frame(frame)
    if isinstance(frame, FeedChange):
        return change_frame(frame)
    rtp = struct.pack(">BBHII", 0x80, 96 | frame.is_marked << 7, frame.seq, frame.timestamp, frame.ssrc) + frame.payload
    return packet_frame(frame.feed, frame.media, frame.codec, frame.level, frame.arrival_us, rtp)
