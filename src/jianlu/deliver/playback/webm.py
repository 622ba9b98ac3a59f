"""WebM for what browsers do not play in MP4: VP8 with Opus, one header and one cluster per segment (RFC 9559, WebM container guidelines).

The coded frames are those of the sealed segments, byte for byte; only the container around them is new. Times are session
milliseconds, the container's own unit.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.deliver.playback.fragments import samples_of
from jianlu.deliver.playback.streams import Stream

_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_MS_NS = 1_000_000
_RELATIVE_MS_MAX = 0x7FFF
_KINDS = {"video": 1, "audio": 2}
_CODECS = {"vp08": b"V_VP8", "Opus": b"A_OPUS"}
_OPUS_HZ = 48_000
_OPUS_PREROLL_NS = 80_000_000
_KEY_FRAME = 0x80


@dataclass(frozen=True, slots=True)
class _Block:
    at_ms: int
    number: int
    is_sync: bool
    payload: bytes


def holds(streams: Sequence[Stream]) -> bool:
    """Whether all of `streams` can stand in WebM."""
    return all(stream.entry in _CODECS for stream in streams)


def webm_init(streams: Sequence[Stream]) -> bytes:
    """The header for `streams`, numbered from 1 in their order: everything before the first cluster."""
    head = _element(
        0x1A45DFA3,
        _whole(0x4286, 1),
        _whole(0x42F7, 1),
        _whole(0x42F2, 4),
        _whole(0x42F3, 8),
        _element(0x4282, b"webm"),
        _whole(0x4287, 4),
        _whole(0x4285, 2),
    )
    known = _element(0x1549A966, _whole(0x2AD7B1, _MS_NS), _element(0x4D80, b"jianlu"), _element(0x5741, b"jianlu"))
    tracks = _element(0x1654AE6B, *(_entry(number, stream) for number, stream in enumerate(streams, 1)))
    return head + _identifier(0x18538067) + _UNKNOWN_SIZE + known + tracks


def webm_segment(segment: bytes, streams: Sequence[Stream]) -> bytes:
    """The samples of `streams` in a media segment as clusters; empty when there are none."""
    blocks = [
        _Block(_at_ms(stream, sample.pts), number, sample.is_sync, segment[sample.at : sample.at + sample.size])
        for number, stream in enumerate(streams, 1)
        for sample in samples_of(segment, stream.number)
    ]
    blocks.sort(key=lambda block: (block.at_ms, block.number))
    clusters: list[list[_Block]] = []
    for block in blocks:
        if not clusters or block.at_ms - clusters[-1][0].at_ms > _RELATIVE_MS_MAX:
            clusters.append([])
        clusters[-1].append(block)
    return b"".join(_cluster(cluster) for cluster in clusters)


def _at_ms(stream: Stream, pts: int) -> int:
    """The block's time: presentation, and the decoder's delay, which players take off again."""
    delay_ms = _delay_samples(stream) * 1000 / _OPUS_HZ
    return max(0, round((pts - stream.hidden) * 1000 / stream.timescale + delay_ms))


def _delay_samples(stream: Stream) -> int:
    """How many samples an Opus decoder gives before the first that is heard (pre-skip of `dOps`)."""
    return int.from_bytes(stream.setup[2:4]) if stream.entry == "Opus" else 0


def _cluster(blocks: Sequence[_Block]) -> bytes:
    start = blocks[0].at_ms
    return _element(0x1F43B675, _whole(0xE7, start), *(_block(block, start) for block in blocks))


def _block(block: _Block, start: int) -> bytes:
    head = struct.pack(">BhB", 0x80 | block.number, block.at_ms - start, _KEY_FRAME if block.is_sync else 0)
    return _element(0xA3, head, block.payload)


def _entry(number: int, stream: Stream) -> bytes:
    codec = _CODECS.get(stream.entry)
    if codec is None:
        raise InvalidError(f"a track coded as {stream.entry} does not stand in WebM")
    common = [
        _whole(0xD7, number),
        _whole(0x73C5, number),
        _whole(0x83, _KINDS[stream.kind]),
        _whole(0x9C, 0),
        _element(0x86, codec),
    ]
    if stream.kind == "video":
        return _element(0xAE, *common, _element(0xE0, _whole(0xB0, stream.width), _whole(0xBA, stream.height)))
    sound = _element(0xE1, _element(0xB5, struct.pack(">d", 48000.0)), _whole(0x9F, stream.channels))
    header = b"OpusHead" + struct.pack("<BBHIhB", 1, stream.channels, _delay_samples(stream), 48000, 0, 0)
    delay = _whole(0x56AA, _delay_samples(stream) * 1_000_000_000 // _OPUS_HZ)
    preroll = _whole(0x56BB, _OPUS_PREROLL_NS)
    return _element(0xAE, *common, _element(0x63A2, header), delay, preroll, sound)


def _identifier(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _element(number: int, *content: bytes) -> bytes:
    size = sum(map(len, content))
    return b"".join((_identifier(number), (1 << 56 | size).to_bytes(8), *content))


def _whole(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))
