"""Transport-wide congestion feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): said to senders, heard from viewers.

Chromium's estimator needs it to keep 720p: with REMB alone it fell to 320 x 180 within half a minute. Only times of arrival are
said here; what follows from them is the sender's matter, and for our own sending `estimate.py`'s.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from jianlu.backends.sfu.embedded.rtp import difference

_FIXED = struct.Struct("!IIHHI")
_TICK_US = 250
_REFERENCE_US = 64_000
_STATUSES_MAX = 400
_PENDING_MAX = 4_000
_LOST, _SMALL, _LARGE = 0, 1, 2


class ArrivalLog:
    """When the packets of one connection arrived, until it is said."""

    def __init__(self) -> None:
        self._pending: dict[int, int] = {}
        self._next: int | None = None
        self._count = 0

    def add(self, sequence: int, arrival_us: int) -> None:
        """Note a packet by its transport-wide number (16 bits); one that was reported as lost already is not corrected."""
        if self._next is None:
            self._next = sequence + 65_536
        extended = self._next + difference(sequence, self._next & 0xFFFF)
        if extended >= self._next and len(self._pending) < _PENDING_MAX:
            self._pending.setdefault(extended, arrival_us)

    def feedback(self, ssrc: int, media_ssrc: int) -> Iterator[bytes]:
        """The bodies of feedback for everything noted since the last time."""
        while self._pending and self._next is not None:
            yield self._one(ssrc, media_ssrc, self._next)

    def _one(self, ssrc: int, media_ssrc: int, first: int) -> bytes:
        """Feedback on the next packets: at most so many, and only as far as a delta between two fits."""
        last = max(self._pending)
        reference = self._pending[min(self._pending)] // _REFERENCE_US
        clock = reference * (_REFERENCE_US // _TICK_US)
        statuses: list[int] = []
        deltas = bytearray()
        for extended in range(first, min(last + 1, first + _STATUSES_MAX)):
            arrival_us = self._pending.get(extended)
            if arrival_us is None:
                statuses.append(_LOST)
                continue
            delta = arrival_us // _TICK_US - clock
            if not -32_768 <= delta <= 32_767:
                break
            clock += delta
            del self._pending[extended]
            statuses.append(_SMALL if 0 <= delta <= 255 else _LARGE)
            deltas += bytes((delta,)) if 0 <= delta <= 255 else struct.pack("!h", delta)
        self._next = first + len(statuses)
        head = _FIXED.pack(ssrc, media_ssrc, first & 0xFFFF, len(statuses), (reference & 0xFFFFFF) << 8 | self._count & 255)
        self._count += 1
        body = head + _chunks(statuses) + bytes(deltas)
        return body + bytes(-len(body) % 4)


def _chunks(statuses: list[int]) -> bytes:
    """Run-length chunks for runs, vectors of two bits for the rest."""
    packed = bytearray()
    at = 0
    while at < len(statuses):
        run = 1
        while at + run < len(statuses) and statuses[at + run] == statuses[at] and run < 8191:
            run += 1
        if run >= 7 or at + run == len(statuses):
            packed += struct.pack("!H", statuses[at] << 13 | run)
            at += run
        else:
            word = 0xC000
            for offset, status in enumerate(statuses[at : at + 7]):
                word |= status << (12 - 2 * offset)
            packed += struct.pack("!H", word)
            at += 7
    return bytes(packed)


def read_feedback(body: bytes) -> list[tuple[int, int]]:
    """(transport-wide number, arrival in us of the peer's clock, -1 where it did not arrive); as far as it reads."""
    if len(body) < _FIXED.size:
        return []
    _, _, first, count, clock = _FIXED.unpack_from(body)
    statuses, at = _read_chunks(body, _FIXED.size, count)
    arrival_us = (clock >> 8) * _REFERENCE_US
    found = []
    for offset, status in enumerate(statuses):
        number = (first + offset) & 0xFFFF
        size = status if status in (_SMALL, _LARGE) else 0
        if at + size > len(body):
            break
        if size:
            arrival_us += _TICK_US * int.from_bytes(body[at : at + size], "big", signed=size == 2)
            at += size
        found.append((number, arrival_us if size else -1))
    return found


def _read_chunks(body: bytes, at: int, count: int) -> tuple[list[int], int]:
    statuses: list[int] = []
    while len(statuses) < count and at + 2 <= len(body):
        word = body[at] << 8 | body[at + 1]
        at += 2
        if not word & 0x8000:
            statuses += [word >> 13 & 3] * min(word & 0x1FFF, count - len(statuses))
        elif word & 0x4000:
            statuses += [word >> shift & 3 for shift in range(12, -1, -2)]
        else:
            statuses += [word >> shift & 1 for shift in range(13, -1, -1)]
    return statuses[:count], at
