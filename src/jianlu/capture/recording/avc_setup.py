"""H.264 parameter sets: the picture's size, and the configuration record (`avcC`) that a sample entry carries.

ITU-T H.264, 7.3.2.1 (sequence parameter set) and ISO/IEC 14496-15, 5.3.3. Nothing else of the stream is read.
"""

from __future__ import annotations

import struct

from jianlu.core.errors import InvalidError
from jianlu.core.limits import FRAME_SIDE_MAX

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_BROKEN = "the H.264 stream has a malformed parameter set: send it again, or use another camera"


class _Bits:
    """Reads a raw byte sequence payload from the most significant bit down; InvalidError past its end."""

    def __init__(self, content: bytes) -> None:
        self._value, self._left = int.from_bytes(content), 8 * len(content)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise InvalidError(_BROKEN)
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise InvalidError(_BROKEN)
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def picture_size(sps: bytes) -> tuple[int, int]:
    """Width and height in pixels of the pictures that the NAL unit `sps` describes, cropping applied."""
    bits = _Bits(sps[1:].replace(b"\0\0\3", b"\0\0"))
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    chroma = _chroma(bits) if profile in _HIGH_PROFILES else 1
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        _skip_order_cycle(bits)
    bits.unsigned()
    bits.take(1)
    across, down = bits.unsigned() + 1, bits.unsigned() + 1
    is_frames_only = bits.take(1)
    if not is_frames_only:
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = (bits.unsigned() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    unit_across = 2 if chroma in (1, 2) else 1
    unit_down = (2 if chroma == 1 else 1) * (2 - is_frames_only)
    width = 16 * across - unit_across * (left + right)
    height = 16 * down * (2 - is_frames_only) - unit_down * (top + bottom)
    if not (0 < width <= FRAME_SIDE_MAX and 0 < height <= FRAME_SIDE_MAX):
        raise InvalidError(_BROKEN)
    return width, height


def avc_setup(sps: bytes, pps: bytes) -> bytes:
    """The `avcC` content for one sequence and one picture parameter set."""
    if len(sps) < 4 or not pps:
        raise InvalidError(_BROKEN)
    return b"".join(
        (
            bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)),
            struct.pack(">H", len(sps)),
            sps,
            b"\1",
            struct.pack(">H", len(pps)),
            pps,
        )
    )


def _chroma(bits: _Bits) -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for number in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, length: int) -> None:
    last = following = 8
    for _ in range(length):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order_cycle(bits: _Bits) -> None:
    bits.take(1)
    bits.signed()
    bits.signed()
    for _ in range(bits.unsigned()):
        bits.signed()
