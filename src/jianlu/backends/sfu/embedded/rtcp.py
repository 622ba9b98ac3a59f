"""RTCP as bytes: reports (RFC 3550), NACK and PLI (RFC 4585), FIR (RFC 5104).

Transport-wide feedback is in `congestion.py`; what to send and when is the peers' matter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SENDER_REPORT = 200
RECEIVER_REPORT = 201
BYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206
NACK = 1
TRANSPORT_CC = 15
PLI = 1
FIR = 4
_HEAD = struct.Struct("!BBH")
_SENDER = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")
_PAIR = struct.Struct("!II")
_NACKS_MAX = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One packet of a compound: its kind, its count or format field, its body after the first four bytes."""

    kind: int
    count: int
    body: bytes


@dataclass(frozen=True, slots=True)
class SenderReport:
    """When a sender's clock (NTP, 32.32 bits) showed which RTP timestamp."""

    ssrc: int
    ntp: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one stream of ours, or we of one of its."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


def read_compound(content: bytes) -> Iterator[Part]:
    """The packets of a compound, up to the first that does not read."""
    at = 0
    while at + 4 <= len(content):
        first, kind, words = _HEAD.unpack_from(content, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(content):
            return
        stop = end - content[end - 1] if first & 32 and words else end
        yield Part(kind, first & 31, content[at + 4 : max(stop, at + 4)])
        at = end


def read_sender_report(part: Part) -> SenderReport | None:
    """Its sender's part."""
    if len(part.body) < _SENDER.size:
        return None
    ssrc, ntp, timestamp, _, _ = _SENDER.unpack_from(part.body)
    return SenderReport(ssrc, ntp, timestamp)


def read_blocks(part: Part) -> Iterator[ReportBlock]:
    """The report blocks of a sender or receiver report."""
    at = _SENDER.size if part.kind == SENDER_REPORT else 4
    for _ in range(part.count):
        if at + _BLOCK.size > len(part.body):
            return
        ssrc, lost, highest, jitter, last, delay = _BLOCK.unpack_from(part.body, at)
        total = lost & 0xFFFFFF
        yield ReportBlock(ssrc, lost >> 24, total - (1 << 24) if total >> 23 else total, highest, jitter, last, delay)
        at += _BLOCK.size


def read_nacks(part: Part) -> tuple[int, list[int]]:
    """The stream and the sequence numbers that its receiver misses."""
    if len(part.body) < 8:
        return 0, []
    missing = []
    for at in range(8, len(part.body) - 3, 4):
        first, mask = part.body[at] << 8 | part.body[at + 1], part.body[at + 2] << 8 | part.body[at + 3]
        missing.append(first)
        missing += [(first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return _PAIR.unpack_from(part.body)[1], missing


def read_key_frame_requests(part: Part) -> list[int]:
    """The streams of which a receiver asks for a key frame (PLI or FIR)."""
    if len(part.body) < 8:
        return []
    if part.count == PLI:
        return [_PAIR.unpack_from(part.body)[1]]
    if part.count == FIR:
        return [_PAIR.unpack_from(part.body, at)[0] for at in range(8, len(part.body) - 7, 8)]
    return []


def write_sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """A sender report without report blocks."""
    return _part(0, SENDER_REPORT, _SENDER.pack(ssrc, ntp, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF))


def write_receiver_report(ssrc: int, blocks: Iterable[ReportBlock]) -> bytes:
    """A receiver report (at most 31 blocks are said)."""
    said = list(blocks)[:31]
    body = struct.pack("!I", ssrc) + b"".join(
        _BLOCK.pack(
            each.ssrc,
            each.fraction_lost << 24 | max(-(1 << 23), min(each.lost, (1 << 23) - 1)) & 0xFFFFFF,
            each.highest & 0xFFFFFFFF,
            each.jitter & 0xFFFFFFFF,
            each.last_report,
            each.delay & 0xFFFFFFFF,
        )
        for each in said
    )
    return _part(len(said), RECEIVER_REPORT, body)


def write_nack(ssrc: int, media_ssrc: int, missing: Sequence[int]) -> bytes:
    """Ask for packets again; `missing` in rising order, modulo 2^16."""
    pairs: list[list[int]] = []
    for sequence in missing:
        ahead = (sequence - pairs[-1][0]) & 0xFFFF if pairs else 0
        if pairs and 1 <= ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        elif not pairs or ahead:
            pairs.append([sequence, 0])
    body = _PAIR.pack(ssrc, media_ssrc) + b"".join(struct.pack("!HH", *pair) for pair in pairs[:_NACKS_MAX])
    return _part(NACK, TRANSPORT_FEEDBACK, body)


def write_pli(ssrc: int, media_ssrc: int) -> bytes:
    """Ask for a key frame."""
    return _part(PLI, PAYLOAD_FEEDBACK, _PAIR.pack(ssrc, media_ssrc))


def write_bye(ssrcs: Sequence[int]) -> bytes:
    """Say that streams end."""
    return _part(len(ssrcs), BYE, struct.pack(f"!{len(ssrcs)}I", *ssrcs))


def write_transport_feedback(body: bytes) -> bytes:
    """Transport-wide congestion feedback from its body."""
    return _part(TRANSPORT_CC, TRANSPORT_FEEDBACK, body)


def _part(count: int, kind: int, body: bytes) -> bytes:
    return _HEAD.pack(128 | count, kind, len(body) // 4) + body
