"""RTP packets as bytes (RFC 3550, header extensions RFC 8285, retransmission RFC 4588): read what routing needs, write new headers.

Payloads are never looked into here; `key_frames.py` reads the few bytes that say whether a picture can be joined.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
HEADER_BYTES = 12
LEVEL_UNKNOWN = 255


@dataclass(slots=True)
class ExtensionIds:
    """Which ids the header extensions of one connection have; 0 is none."""

    mid: int = 0
    rid: int = 0
    repaired_rid: int = 0
    level: int = 0
    transport_cc: int = 0


class Packet:
    """One packet received: its header's fields and its payload without padding."""

    __slots__ = (
        "arrival_us",
        "is_marked",
        "level",
        "mid",
        "payload",
        "payload_type",
        "rid",
        "sequence",
        "size",
        "ssrc",
        "timestamp",
        "transport_sequence",
    )

    def __init__(self) -> None:
        self.arrival_us = 0
        self.is_marked = False
        self.level = LEVEL_UNKNOWN
        self.mid = ""
        self.payload = b""
        self.payload_type = 0
        self.rid = ""
        self.sequence = 0
        self.size = 0
        self.ssrc = 0
        self.timestamp = 0
        self.transport_sequence = -1


def read_packet(content: bytes, ids: ExtensionIds, arrival_us: int) -> Packet | None:
    """The packet, or None for bytes that are not one."""
    length = len(content)
    if length < HEADER_BYTES:
        return None
    packet = Packet()
    first, second, packet.sequence, packet.timestamp, packet.ssrc = _HEADER.unpack_from(content)
    if first >> 6 != 2:
        return None
    start = HEADER_BYTES + 4 * (first & 15)
    if first & 16:
        if start + 4 > length:
            return None
        profile, words = _EXTENSION.unpack_from(content, start)
        start += 4
        end = start + 4 * words
        if end > length:
            return None
        if profile == 0xBEDE:
            _read_extensions(packet, content, start, end, ids)
        start = end
    end = length
    if first & 32:
        end -= content[-1]
    if end < start:
        return None
    packet.is_marked = second > 127
    packet.payload_type = second & 127
    packet.payload = content[start:end]
    packet.size = length
    packet.arrival_us = arrival_us
    return packet


def _read_extensions(packet: Packet, content: bytes, at: int, end: int, ids: ExtensionIds) -> None:
    while at < end:
        head = content[at]
        at += 1
        if head == 0:
            continue
        number, size = head >> 4, (head & 15) + 1
        after = at + size
        if number == 15 or after > end:
            return
        if number == ids.transport_cc and size == 2:
            packet.transport_sequence = content[at] << 8 | content[at + 1]
        elif number == ids.level:
            packet.level = content[at] & 127
        elif number == ids.mid:
            packet.mid = content[at:after].decode("ascii", "replace")
        elif number in (ids.rid, ids.repaired_rid):
            packet.rid = content[at:after].decode("ascii", "replace")
        at = after


def unwrap_rtx(packet: Packet, ssrc: int, payload_type: int) -> bool:
    """Make a retransmission the packet that it carries; False for one that carries nothing (padding that probes the network)."""
    if len(packet.payload) <= 2:
        return False
    packet.sequence = packet.payload[0] << 8 | packet.payload[1]
    packet.payload = packet.payload[2:]
    packet.ssrc = ssrc
    packet.payload_type = payload_type
    return True


def plain_packet(packet: Packet) -> bytes:
    """The packet with a 12-byte header and nothing but its payload."""
    second = packet.payload_type | (128 if packet.is_marked else 0)
    return _HEADER.pack(128, second, packet.sequence, packet.timestamp, packet.ssrc) + packet.payload


def write_packet(
    payload_type: int, *, is_marked: bool, sequence: int, timestamp: int, ssrc: int, extension: bytes, payload: bytes
) -> bytes:
    """A packet to send; `extension` is a whole header extension or empty."""
    second = payload_type | (128 if is_marked else 0)
    return _HEADER.pack(144 if extension else 128, second, sequence, timestamp, ssrc) + extension + payload


def transport_cc_extension(number: int, sequence: int) -> bytes:
    """The header extension that carries a transport-wide sequence number."""
    return bytes((0xBE, 0xDE, 0, 1, number << 4 | 1, sequence >> 8, sequence & 255, 0))


def is_rtcp(datagram: bytes) -> bool:
    """Whether a datagram that is not STUN or DTLS is RTCP (RFC 5761)."""
    return len(datagram) > 1 and 192 <= datagram[1] <= 223


def difference(a: int, b: int) -> int:
    """a - b of 16-bit sequence numbers, as the nearest signed number."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000
