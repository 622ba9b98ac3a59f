"""The frames of the tap, as written to recorders: u32 length, u8 kind, body (RTP, sender report, state). `tap.py` serves them.

All numbers are big-endian. Times are microseconds of CLOCK_MONOTONIC, which processes of one machine share.
"""

from __future__ import annotations

import json
import struct

RTP, REPORT, STATE = 1, 2, 3
MEDIA = {"audio": 0, "video": 1}
CODECS = {"opus": 1, "h264": 2, "vp8": 3}
_RTP = struct.Struct("!BBBQ")
_REPORT = struct.Struct("!BQQII")


def rtp_frame(feed: str, kind: str, codec: str, level: int, arrival_us: int, packet: bytes) -> bytes:
    """A packet that arrived; `level` is its sound's level (RFC 6464, 0 loudest to 127), 255 where nobody said."""
    return _frame(RTP, _name(feed) + _RTP.pack(MEDIA[kind], CODECS[codec], level, arrival_us) + packet)


def report_frame(feed: str, kind: str, arrival_us: int, ntp: int, timestamp: int, ssrc: int) -> bytes:
    """A sender report that arrived."""
    return _frame(REPORT, _name(feed) + _REPORT.pack(MEDIA[kind], arrival_us, ntp, timestamp, ssrc))


def state_frame(feed: str, state: str, at_us: int, reason: str) -> bytes:
    """A feed's state changed, or is said to a recorder that begins to listen."""
    return _frame(STATE, json.dumps({"feed": feed, "state": state, "at_us": at_us, "reason": reason}).encode())


def _name(feed: str) -> bytes:
    name = feed.encode()
    return bytes((len(name),)) + name


def _frame(kind: int, body: bytes) -> bytes:
    return struct.pack("!IB", len(body) + 1, kind) + body
