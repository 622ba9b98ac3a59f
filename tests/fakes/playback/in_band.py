"""H.264 as browsers send it in a call: constrained baseline, parameter sets in the stream, a new picture size when the line changes.

The sample entry is `avc3`: its setup record names the profile and holds no parameter sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from jianlu.capture.recording.model import Sample, TrackFormat, VideoShape

SETUP = bytes((1, 0x42, 0xE0, 0x1F, 0xFF, 0xE0, 0))
"""avcC of constrained baseline 3.1 without parameter sets (14496-15, 5.3.3)."""

CLOCK_HZ = 90_000

Paint = Callable[[tuple[int, int], int], npt.NDArray[np.uint8]]


def in_band_track(track: str) -> TrackFormat:
    """The format of such a track."""
    return TrackFormat(track, "h264", SETUP, CLOCK_HZ, VideoShape(320, 180))


def in_band_samples(parts: Sequence[tuple[tuple[int, int], Sequence[int]]], paint: Paint) -> Iterator[Sample]:
    """Coded frames: for each part its picture size and the times (ms) of its frames, painted by `paint`."""
    for size, times in parts:
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height = size
        encoder.pix_fmt, encoder.bit_rate, encoder.time_base = "yuv420p", 300_000, Fraction(1, 1000)
        encoder.framerate = Fraction(25)
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "x264-params": "annexb=1:repeat-headers=1",
        }
        for at_ms in times:
            frame = av.VideoFrame.from_ndarray(paint(size, at_ms), format="bgr24")
            frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
            yield from map(_sample, encoder.encode(frame))
        yield from map(_sample, encoder.encode(None))


def _sample(packet: Any) -> Sample:
    return Sample(packet.pts * CLOCK_HZ // 1000, 0, bool(packet.is_keyframe), _length_prefixed(bytes(packet)))


def _length_prefixed(coded: bytes) -> bytes:
    """NAL units behind start codes as NAL units behind four-byte lengths."""
    units = coded.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    return b"".join(len(unit).to_bytes(4) + unit for unit in units)
