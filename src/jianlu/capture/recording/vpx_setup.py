"""The configuration record of VP8 and VP9 (`vpcC`), made from the first coded frame, since their containers carry none.

"VP Codec ISO Media File Format Binding" 1.0; the frame header is that of the VP9 bitstream specification 0.7, 7.2.
"""

from __future__ import annotations

from jianlu.capture.recording.model import Colour
from jianlu.core.errors import InvalidError

_UNSPECIFIED = 2
_RGB = 7
# VP9 bitstream specification, annex A: level x 10, luma samples per second, luma samples per picture.
_LEVELS = (
    (10, 829_440, 36_864),
    (11, 2_764_800, 73_728),
    (20, 4_608_000, 122_880),
    (21, 9_216_000, 245_760),
    (30, 20_736_000, 552_960),
    (31, 36_864_000, 983_040),
    (40, 83_558_400, 2_228_224),
    (41, 160_432_128, 2_228_224),
    (50, 311_951_360, 8_912_896),
    (51, 588_251_136, 8_912_896),
    (52, 1_176_502_272, 8_912_896),
    (60, 1_176_502_272, 35_651_584),
    (61, 2_353_004_544, 35_651_584),
)
_LEVEL_MAX = 62


class _Bits:
    """Reads bits from the most significant down; raises InvalidError past the end."""

    def __init__(self, content: bytes) -> None:
        self._value, self._left = int.from_bytes(content), 8 * len(content)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise InvalidError("the first VP9 frame is cut short: export the recording again")
        return self._value >> self._left & ((1 << count) - 1)


def vp8_setup(colour: Colour | None) -> bytes:
    """The vpcC content of any VP8 track: 8 bits, 4:2:0."""
    return _record(0, 10, 8, 1, colour, is_full_range=False)


def vp9_setup(first_frame: bytes, *, width: int, height: int, frames_per_s: float, colour: Colour | None) -> bytes:
    """The vpcC content of the VP9 track that begins with `first_frame`; raises InvalidError unless that is a key frame."""
    bits = _Bits(first_frame[:16])
    marker, low, high = bits.take(2), bits.take(1), bits.take(1)
    profile = high << 1 | low
    if profile == 3:
        bits.take(1)
    is_repeat, is_inter = bits.take(1), bits.take(1)
    bits.take(2)
    if marker != 2 or is_repeat or is_inter or bits.take(24) != 0x498342:
        raise InvalidError("the VP9 track does not begin with a key frame: export the recording from its beginning")
    depth = (10 + 2 * bits.take(1)) if profile >= 2 else 8
    if bits.take(3) == _RGB:
        chroma, is_full_range = 3, True
    else:
        is_full_range = bool(bits.take(1))
        chroma = _CHROMA[bits.take(2)] if profile & 1 else 1
    level = _level(width * height, width * height * frames_per_s)
    return _record(profile, level, depth, chroma, colour, is_full_range=is_full_range)


_CHROMA = {0: 3, 1: 2, 2: 2, 3: 1}  # (subsampling_x, subsampling_y) -> 4:4:4, (4:4:0), 4:2:2, 4:2:0


def _level(luma: int, luma_per_s: float) -> int:
    return next((level for level, rate, size in _LEVELS if luma <= size and luma_per_s <= rate), _LEVEL_MAX)


def _record(profile: int, level: int, depth: int, chroma: int, colour: Colour | None, *, is_full_range: bool) -> bytes:
    points = (colour.primaries, colour.transfer, colour.matrix) if colour else (_UNSPECIFIED,) * 3
    return bytes((profile, level, depth << 4 | chroma << 1 | is_full_range, *points, 0, 0))
