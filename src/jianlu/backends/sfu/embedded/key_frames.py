"""The few bytes of a video payload that say whether a picture can be joined here, and how large it is: H.264 (RFC 6184), VP8 (RFC 7741).

With end-to-end encryption the sender leaves the first bytes of each VP8 frame clear (10 of a key frame, 3 of others), so that this
holds there too; frames are still never decoded. Anything that does not read is no key frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import InvalidError

_SPS, _IDR, _STAP_A, _FU_A = 7, 5, 24, 28
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128})
_STAP_UNITS_MAX = 32


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """Where a decoder can begin; 0 x 0 where the size is said elsewhere."""

    width: int
    height: int


def key_frame_at(codec: str, payload: bytes) -> KeyFrame | None:
    """The key frame that begins in this payload, if one does."""
    if not payload:
        return None
    try:
        return _of_h264(payload) if codec == "h264" else _of_vp8(payload)
    except (IndexError, InvalidError):
        return None


def _of_vp8(payload: bytes) -> KeyFrame | None:
    at = 1
    if not payload[0] & 0x10 or payload[0] & 0x07:  # not the start of the first partition
        return None
    if payload[0] & 0x80:
        extension = payload[1]
        at = 2
        if extension & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(extension & 0x40) + bool(extension & 0x30)
    if payload[at] & 1 or payload[at + 3 : at + 6] != b"\x9d\x01\x2a":
        return None
    width, height = payload[at + 6] | payload[at + 7] << 8, payload[at + 8] | payload[at + 9] << 8
    return KeyFrame(width & 0x3FFF, height & 0x3FFF)


def _of_h264(payload: bytes) -> KeyFrame | None:
    kind = payload[0] & 31
    if kind == _SPS:
        return KeyFrame(*sps_size(payload))
    if kind == _STAP_A:
        at = 1
        for _ in range(_STAP_UNITS_MAX):
            if at + 3 > len(payload):
                return None
            size = payload[at] << 8 | payload[at + 1]
            unit = payload[at + 2 : at + 2 + size]
            if unit[0] & 31 == _SPS:
                return KeyFrame(*sps_size(unit))
            if unit[0] & 31 == _IDR:
                return KeyFrame(0, 0)
            at += 2 + size
        return None
    if kind == _IDR or (kind == _FU_A and payload[1] & 0x80 and payload[1] & 31 == _IDR):
        return KeyFrame(0, 0)
    return None


def sps_size(unit: bytes) -> tuple[int, int]:
    """Width and height that a sequence parameter set states (ITU-T H.264, 7.3.2.1.1); InvalidError for one that does not read."""
    bits = _Bits(unit[1:64].replace(b"\0\0\3", b"\0\0"))
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = _chroma_of_high(bits) if profile in _HIGH_PROFILES else 1
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.take(1)
    width, height = 16 * (bits.golomb() + 1), bits.golomb() + 1
    is_progressive = bits.take(1)
    height *= 16 if is_progressive else 32
    if not is_progressive:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        unit_x = 1 if chroma in (0, 3) else 2
        unit_y = (2 if chroma == 1 else 1) * (1 if is_progressive else 2)
        width -= unit_x * (bits.golomb() + bits.golomb())
        height -= unit_y * (bits.golomb() + bits.golomb())
    return max(width, 0), max(height, 0)


def _chroma_of_high(bits: _Bits) -> int:
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):
        raise InvalidError("a parameter set with scaling matrices is not read")
    return chroma


class _Bits:
    """A reader of bits and Exp-Golomb numbers."""

    def __init__(self, content: bytes) -> None:
        self._number = int.from_bytes(content, "big")
        self._left = 8 * len(content)

    def take(self, count: int) -> int:
        if count > self._left:
            raise InvalidError("the parameter set ends early")
        self._left -= count
        return self._number >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise InvalidError("the parameter set holds no Exp-Golomb number")
        return (1 << zeros) - 1 + self.take(zeros)
