"""What the init segment says of each track: number, kind, clock, size, and the codec in the words of `MediaSource` (RFC 6381).

Sources of the codec strings: ISO/IEC 14496-15 E.3 (avc), 14496-15 E.3 (hevc), the AV1 and VP bindings to ISO media files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.deliver.playback.boxes import Box, boxes_in, child_of, whole_at

_ENTRY_HEAD = {"video": 78, "audio": 28}
"""Bytes of a sample entry before its own boxes."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One track of a recording; `setup` is the content of its codec's configuration box. Sizes are 0 for sound.

    The first `hidden` ticks are decoded and not shown: presentation is that much earlier than the times of samples say.
    """

    number: int
    kind: str
    timescale: int
    entry: str
    codec: str
    setup: bytes
    hidden: int = 0
    width: int = 0
    height: int = 0
    channels: int = 0


def streams_of(init: bytes) -> tuple[Stream, ...]:
    """The tracks of an init segment, in its order; raises InvalidError for bytes that are none."""
    movie = next((box for box in boxes_in(init) if box.kind == b"moov"), None)
    if movie is None:
        raise InvalidError("the recording's beginning is no init segment")
    return tuple(_stream(init, box) for box in boxes_in(init, movie.start, movie.end) if box.kind == b"trak")


def _stream(init: bytes, trak: Box) -> Stream:
    header, media = child_of(init, trak, b"tkhd"), child_of(init, trak, b"mdia")
    clock, declared = child_of(init, media, b"mdhd"), child_of(init, media, b"hdlr")
    kind = "video" if init[declared.start + 8 : declared.start + 12] == b"vide" else "audio"
    described = child_of(init, media, b"minf", b"stbl", b"stsd")
    entry = next(boxes_in(init, described.start + 8, described.end), None)
    if entry is None:
        raise InvalidError("a track of the recording has no sample entry")
    name = entry.kind.decode("latin-1")
    setup = _setup(init, entry, kind)
    sizes = {"width": whole_at(init, entry.start + 24, 2), "height": whole_at(init, entry.start + 26, 2)}
    return Stream(
        number=whole_at(init, header.start + (20 if whole_at(init, header.start, 1) == 1 else 12)),
        kind=kind,
        timescale=whole_at(init, clock.start + (20 if whole_at(init, clock.start, 1) == 1 else 12)),
        entry=name,
        codec=_codec(name, setup),
        setup=setup,
        hidden=_hidden(init, trak),
        channels=whole_at(init, entry.start + 16, 2) if kind == "audio" else 0,
        **(sizes if kind == "video" else {}),
    )


def _hidden(init: bytes, trak: Box) -> int:
    """The media time at which the track's one edit begins; 0 without one."""
    edits = next((box for box in boxes_in(init, trak.start, trak.end) if box.kind == b"edts"), None)
    if edits is None:
        return 0
    listed = child_of(init, edits, b"elst")
    return whole_at(init, listed.start + 16, 8) if whole_at(init, listed.start, 1) == 1 else whole_at(init, listed.start + 12)


def _setup(init: bytes, entry: Box, kind: str) -> bytes:
    """The content of the entry's first own box: every codec here has its configuration there."""
    found = next(boxes_in(init, entry.start + _ENTRY_HEAD[kind], entry.end), None)
    return init[found.start : found.end] if found is not None else b""


def _codec(name: str, setup: bytes) -> str:
    try:
        return _CODECS[name](name, setup) if name in _CODECS else name
    except IndexError as error:
        raise InvalidError("a track's description of its codec is cut short") from error


def _avc(name: str, setup: bytes) -> str:
    return f"{name}.{setup[1:4].hex()}"


def _hevc(name: str, setup: bytes) -> str:
    space, tier = ("", "A", "B", "C")[setup[1] >> 6], "H" if setup[1] & 32 else "L"
    compatible = int(f"{int.from_bytes(setup[2:6]):032b}"[::-1], 2)
    constraints = setup[6:12].rstrip(b"\0")
    return ".".join([name, f"{space}{setup[1] & 31}", f"{compatible:X}", f"{tier}{setup[12]}", *(f"{c:X}" for c in constraints)])


def _av1(name: str, setup: bytes) -> str:
    depth = (10 if setup[2] & 0x40 else 8) + (2 if setup[2] & 0x60 == 0x60 else 0)
    return f"{name}.{setup[1] >> 5}.{setup[1] & 31:02d}{'H' if setup[2] & 0x80 else 'M'}.{depth:02d}"


def _vp(name: str, setup: bytes) -> str:
    return f"{name}.{setup[4]:02d}.{setup[5]:02d}.{setup[6] >> 4:02d}"


def _aac(name: str, setup: bytes) -> str:
    at = setup.find(b"\x05\x80\x80\x80")
    return f"{name}.40.{setup[at + 5] >> 3 if 0 <= at < len(setup) - 5 else 2}"


def _opus(_name: str, _setup: bytes) -> str:
    return "opus"


_CODECS: Mapping[str, Callable[[str, bytes], str]] = {
    "avc1": _avc,
    "avc3": _avc,
    "hvc1": _hevc,
    "hev1": _hevc,
    "av01": _av1,
    "vp08": _vp,
    "vp09": _vp,
    "mp4a": _aac,
    "Opus": _opus,
}
