"""What a tap says, as bytes and back: RTP packets, sender reports and states of the feeds of one room, version 1.

A frame is `u32 length | u8 kind | body`, big-endian; the kinds are in `specs/live-recording.md`. Both halves are here, so that the tap of
the media process and the recorder that reads it cannot disagree. Times are microseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Literal, NamedTuple

from jianlu.core.errors import InvalidError

AUDIO, VIDEO = 0, 1
MEDIA_NUMBERS = {"audio": AUDIO, "video": VIDEO}
CODEC_NAMES = {1: "opus", 2: "h264", 3: "vp8"}
CODEC_NUMBERS = {name: number for number, name in CODEC_NAMES.items()}
LEVEL_UNKNOWN = 255
FRAME_BYTES_MAX = 65_536 + 64
"""A frame of the tap: one UDP datagram and what is said about it."""

FeedState = Literal["connected", "interrupted", "closed"]
_LENGTH = struct.Struct(">I")
_RTP = struct.Struct(">BBBQ")
_REPORT = struct.Struct(">BQQII")
_PACKET = struct.Struct(">BBBQBBHII")
"""What is said about a packet, then its RTP header."""

_MALFORMED = "the tap sent a malformed frame: run processes of one version"
_KIND_RTP, _KIND_REPORT, _KIND_STATE = 1, 2, 3


class Packet(NamedTuple):
    """One RTP packet of a publisher's original stream; `level` is its audio level in -dBov (RFC 6464), 255 when unknown."""

    feed: str
    media: int
    codec: str
    level: int
    arrival_us: int
    ssrc: int
    seq: int
    timestamp: int
    is_marked: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """An RTCP sender report: the stream's RTP time `timestamp` was the sender's NTP time `ntp` (32.32)."""

    feed: str
    media: int
    arrival_us: int
    ntp: int
    timestamp: int
    ssrc: int


@dataclass(frozen=True, slots=True)
class FeedChange:
    """A feed is now `state`."""

    feed: str
    state: FeedState
    at_us: int
    reason: str


TapFrame = Packet | Report | FeedChange


class FrameReader:
    """Cuts a tap's byte stream into frames; push what was read, take what is whole."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, content: bytes) -> list[TapFrame]:
        """The frames that `content` completes; InvalidError when this is no tap."""
        whole = self._rest + content if self._rest else content
        frames: list[TapFrame] = []
        at, size = 0, len(whole)
        while size - at >= 4:
            (length,) = _LENGTH.unpack_from(whole, at)
            if not 0 < length <= FRAME_BYTES_MAX:
                raise InvalidError("the tap sent a frame of impossible length: run processes of one version")
            at += 4
            if size - at < length:
                at -= 4
                break
            frames.append(parse_frame(whole, at, at + length))
            at += length
        self._rest = whole[at:]
        return frames


def parse_frame(content: bytes, at: int = 0, end: int | None = None) -> TapFrame:
    """The frame whose kind and body are `content[at:end]`; InvalidError for anything else."""
    stop = len(content) if end is None else end
    try:
        if content[at] == _KIND_RTP:
            return _packet(content, at, stop)
        body = content[at:stop]
        if body[0] == _KIND_REPORT:
            end = 2 + body[1]
            media, arrival_us, ntp, timestamp, ssrc = _REPORT.unpack_from(body, end)
            return Report(body[2:end].decode("ascii"), media, arrival_us, ntp, timestamp, ssrc)
        if body[0] == _KIND_STATE:
            return _change(json.loads(body[1:]))
    except (IndexError, KeyError, TypeError, ValueError, RecursionError, struct.error) as error:
        raise InvalidError(_MALFORMED) from error
    raise InvalidError("the tap sent a frame of an unknown kind: run processes of one version")


def _packet(content: bytes, at: int, stop: int) -> Packet:
    start = at + 2 + content[at + 1]
    feed = content[at + 2 : start].decode("ascii")
    if start + _PACKET.size > stop:
        raise InvalidError(_MALFORMED)
    media, codec, level, arrival_us, first, second, seq, timestamp, ssrc = _PACKET.unpack_from(content, start)
    if first >> 6 != 2 or media not in (AUDIO, VIDEO):
        raise InvalidError(_MALFORMED)
    start += _PACKET.size + 4 * (first & 15)
    if first & 16:
        start += 4 + 4 * int.from_bytes(content[start + 2 : min(start + 4, stop)])
    payload = content[start:stop]
    if first & 32 and payload:
        payload = payload[: -payload[-1]] if payload[-1] <= len(payload) else b""
    return Packet(feed, media, CODEC_NAMES[codec], level, arrival_us, ssrc, seq, timestamp, second > 127, payload)


def _change(fields: dict[str, object]) -> FeedChange:
    states: dict[object, FeedState] = {"connected": "connected", "interrupted": "interrupted", "closed": "closed"}
    at_us = fields["at_us"]
    if not isinstance(at_us, int):
        raise InvalidError(_MALFORMED)
    return FeedChange(str(fields["feed"]), states[fields["state"]], at_us, str(fields.get("reason", "")))


def packet_frame(feed: str, media: int, codec: str, level: int, arrival_us: int, rtp: bytes) -> bytes:
    """The frame for the RTP packet `rtp`."""
    name = feed.encode("ascii")
    head = struct.pack(">IBB", 13 + len(name) + len(rtp), _KIND_RTP, len(name))
    return b"".join((head, name, _RTP.pack(media, CODEC_NUMBERS[codec], level, arrival_us), rtp))


def report_frame(report: Report) -> bytes:
    """The frame for a sender report."""
    name = report.feed.encode("ascii")
    body = name + _REPORT.pack(report.media, report.arrival_us, report.ntp, report.timestamp, report.ssrc)
    return struct.pack(">IBB", 2 + len(body), _KIND_REPORT, len(name)) + body


def change_frame(change: FeedChange) -> bytes:
    """The frame for the state of a feed."""
    fields = {"feed": change.feed, "state": change.state, "at_us": change.at_us, "reason": change.reason}
    body = json.dumps(fields, separators=(",", ":")).encode("ascii")
    return struct.pack(">IB", 1 + len(body), _KIND_STATE) + body


def greeting(room: str, recorder: str) -> bytes:
    """The first line that a recorder sends."""
    return json.dumps({"room": room, "recorder": recorder}, separators=(",", ":")).encode("ascii") + b"\n"


def key_frame_request(feed: str) -> bytes:
    """The line that asks the publisher of `feed` for a key frame."""
    return json.dumps({"key_frame": feed}, separators=(",", ":")).encode("ascii") + b"\n"
