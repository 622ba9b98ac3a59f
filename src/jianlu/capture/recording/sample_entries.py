"""Sample entries: how the init segment names a track's codec and carries its setup.

ISO/IEC 14496-12 and -15 (avc1, hvc1), the AV1, VP and Opus bindings to ISO media files, 14496-14 (mp4a). The setup record
of each codec goes in unchanged; nothing is decoded here.
"""

from __future__ import annotations

import struct

from jianlu.capture.recording.boxes import box, full_box
from jianlu.capture.recording.model import AudioShape, TrackFormat, VideoShape
from jianlu.core.errors import InvalidError

_RESOLUTION = 0x480000  # 72 dpi, the constant of the standard


def sample_entry(track: TrackFormat) -> bytes:
    """The one sample entry of `track`; raises InvalidError when its setup record is not one of its codec."""
    shape = track.shape
    if isinstance(shape, VideoShape):
        kind, setup = _VIDEO[track.codec](track.setup)
        if track.has_inband_setup:
            kind = _INBAND.get(kind, kind)
        return box(kind, _visual(shape), setup, *_appearance(shape))
    kind, setup = _AUDIO[track.codec](track.setup)
    return box(kind, _audible(shape, track.codec), setup)


def _visual(shape: VideoShape) -> bytes:
    head = struct.pack(">6xH16xHHIIIH32x", 1, shape.width, shape.height, _RESOLUTION, _RESOLUTION, 0, 1)
    return head + struct.pack(">Hh", 24, -1)


def _appearance(shape: VideoShape) -> list[bytes]:
    boxes = []
    if shape.colour is not None:
        c = shape.colour
        boxes.append(box(b"colr", b"nclx", struct.pack(">HHHB", c.primaries, c.transfer, c.matrix, c.is_full_range << 7)))
    if shape.pixel_aspect != (1, 1):
        boxes.append(box(b"pasp", struct.pack(">II", *shape.pixel_aspect)))
    return boxes


def _audible(shape: AudioShape, codec: str) -> bytes:
    # The field has 16 bits of hertz; Opus always says 48000, and a rate beyond the field is left to the codec's setup.
    rate_hz = 48000 if codec == "opus" else shape.rate_hz if shape.rate_hz < 1 << 16 else 0
    return struct.pack(">6xH8xHHHHI", 1, shape.channels, 16, 0, 0, rate_hz << 16)


def _avc(setup: bytes) -> tuple[bytes, bytes]:
    if len(setup) < 7 or setup[0] != 1:
        raise InvalidError("the H.264 track has no decoder configuration: export the recording as MP4 again")
    return b"avc1" if setup[5] & 31 else b"avc3", box(b"avcC", setup)


def _hevc(setup: bytes) -> tuple[bytes, bytes]:
    if len(setup) < 23 or setup[0] != 1:
        raise InvalidError("the H.265 track has no decoder configuration: export the recording as MP4 again")
    return b"hvc1" if {32, 33, 34} <= _hevc_parameter_kinds(setup) else b"hev1", box(b"hvcC", setup)


def _hevc_parameter_kinds(setup: bytes) -> set[int]:
    """NAL unit types of the parameter sets in an hvcC record (14496-15, 8.3.3.1)."""
    kinds, position = set(), 23
    try:
        for _ in range(setup[22]):
            count = int.from_bytes(setup[position + 1 : position + 3])
            if count:
                kinds.add(setup[position] & 63)
            position += 3
            for _ in range(count):
                position += 2 + int.from_bytes(setup[position : position + 2])
    except IndexError as error:
        raise InvalidError("the H.265 track's decoder configuration is cut short: export the recording again") from error
    return kinds


def _av1(setup: bytes) -> tuple[bytes, bytes]:
    if len(setup) < 4 or setup[0] != 0x81:
        raise InvalidError("the AV1 track has no decoder configuration: export the recording as MP4 or MKV again")
    return b"av01", box(b"av1C", setup)


def _vp8(setup: bytes) -> tuple[bytes, bytes]:
    return b"vp08", full_box(b"vpcC", 1, 0, setup)


def _vp9(setup: bytes) -> tuple[bytes, bytes]:
    return b"vp09", full_box(b"vpcC", 1, 0, setup)


def _aac(setup: bytes) -> tuple[bytes, bytes]:
    if len(setup) < 2:
        raise InvalidError("the AAC track has no decoder configuration: export the recording as MP4 again")
    decoder = _descriptor(4, struct.pack(">BB11x", 0x40, 0x15) + _descriptor(5, setup))
    return b"mp4a", full_box(b"esds", 0, 0, _descriptor(3, struct.pack(">HB", 0, 0) + decoder + _descriptor(6, b"\2")))


def _descriptor(tag: int, content: bytes) -> bytes:
    """An MPEG-4 descriptor (14496-1, 8.3.3) with its length in the four-byte form."""
    size = len(content)
    return bytes((tag, 0x80 | size >> 21 & 127, 0x80 | size >> 14 & 127, 0x80 | size >> 7 & 127, size & 127)) + content


def _opus(setup: bytes) -> tuple[bytes, bytes]:
    if len(setup) < 19 or setup[:8] != b"OpusHead":
        raise InvalidError("the Opus track has no identification header: export the recording as WebM again")
    channels, pre_skip, rate_hz, gain, family = struct.unpack_from("<BHIhB", setup, 9)
    mapping = setup[19 : 21 + channels] if family else b""
    return b"Opus", box(b"dOps", struct.pack(">BBHIhB", 0, channels, pre_skip, rate_hz, gain, family), mapping)


_VIDEO = {"h264": _avc, "hevc": _hevc, "vp8": _vp8, "vp9": _vp9, "av1": _av1}
_AUDIO = {"aac": _aac, "opus": _opus}

_INBAND = {b"avc1": b"avc3", b"hvc1": b"hev1"}
"""The names that allow parameter sets among the samples, which may change (14496-15, 5.4.2 and 8.4.1)."""

CODECS = frozenset(_VIDEO) | frozenset(_AUDIO)
"""Every codec that can be captured without re-encoding."""
