"""The init segment: `ftyp` and a `moov` without samples (ISO/IEC 14496-12, 8.2 and 8.8).

The only edit list is the offset form of one entry: it hides an audio coder's priming at the very start. All other
offsets between tracks are in the decode times of the first fragment, which no player ignores.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from jianlu.capture.recording.boxes import IDENTITY_MATRIX, box, full_box
from jianlu.capture.recording.model import TrackFormat, VideoShape
from jianlu.capture.recording.sample_entries import sample_entry

_ENABLED_IN_MOVIE = 3
_LANGUAGE_UND = 0x55C4


def init_segment(tracks: Sequence[TrackFormat], hidden_ticks: Sequence[int]) -> bytes:
    """The init segment of `tracks` (numbered from 1); the first `hidden_ticks` of each are decoded and not shown."""
    numbered = list(enumerate(zip(tracks, hidden_ticks, strict=True), 1))
    header = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100),
        IDENTITY_MATRIX,
        struct.pack(">24xI", len(tracks) + 1),
    )
    traks = [_trak(number, track, hidden) for number, (track, hidden) in numbered]
    extends = [full_box(b"trex", 0, 0, struct.pack(">IIIII", number, 1, 0, 0, 0)) for number, _ in numbered]
    brands = (b"iso6", b"isom", b"mp41") + ((b"av01",) if any(t.codec == "av1" for t in tracks) else ())
    return box(b"ftyp", b"iso6", struct.pack(">I", 0), *brands) + box(b"moov", header, *traks, box(b"mvex", *extends))


def _trak(number: int, track: TrackFormat, hidden: int) -> bytes:
    edits = box(b"edts", full_box(b"elst", 1, 0, struct.pack(">IQqhh", 1, 0, hidden, 1, 0))) if hidden else b""
    return box(b"trak", _tkhd(number, track), edits, _mdia(track))


def _tkhd(number: int, track: TrackFormat) -> bytes:
    volume, width, height, transform = 0x100, 0, 0, IDENTITY_MATRIX
    if isinstance(track.shape, VideoShape):
        across, down = track.shape.pixel_aspect
        volume, transform = 0, track.shape.transform
        width, height = (track.shape.width << 16) * across // down, track.shape.height << 16
    return full_box(
        b"tkhd",
        0,
        _ENABLED_IN_MOVIE,
        struct.pack(">IIIII8xHHHH", 0, 0, number, 0, 0, 0, 0, volume, 0),
        transform,
        struct.pack(">II", min(width, 0xFFFFFFFF), height),
    )


def _mdia(track: TrackFormat) -> bytes:
    is_video = track.kind == "video"
    header = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, track.timescale, 0, _LANGUAGE_UND, 0))
    handler = full_box(
        b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide" if is_video else b"soun"), track.track.encode("ascii") + b"\0"
    )
    medium = full_box(b"vmhd", 0, 1, bytes(8)) if is_video else full_box(b"smhd", 0, 0, bytes(4))
    here = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    return box(b"mdia", header, handler, box(b"minf", medium, here, _stbl(track)))


def _stbl(track: TrackFormat) -> bytes:
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), sample_entry(track)),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
