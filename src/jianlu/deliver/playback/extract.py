"""One role's view of a recording: init and media segments that hold only some of the tracks. Pure: bytes in, bytes out.

Nothing is decoded or re-timed. Boxes of other tracks go, sample bytes of the kept ones stay as they were coded, and the offsets
that point to them are written anew.
"""

from __future__ import annotations

from collections.abc import Collection

from jianlu.deliver.playback.boxes import Box, box_bytes, boxes_in, child_of, whole_at
from jianlu.deliver.playback.fragments import Fragment, TrackPart, fragments_of

_MDAT_HEADER_BYTES = 8


def extract_init(init: bytes, numbers: Collection[int]) -> bytes:
    """The init segment with the tracks `numbers` alone; raises InvalidError for bytes that are no init segment."""
    kept = []
    for box in boxes_in(init):
        kept.append(_movie(init, box, numbers) if box.kind == b"moov" else init[box.at : box.end])
    return b"".join(kept)


def extract_segment(segment: bytes, numbers: Collection[int]) -> bytes:
    """The media segment with the tracks `numbers` alone; empty when it has no samples of theirs.

    Raises InvalidError for another form than the recorder's.
    """
    return b"".join(_fragment(segment, fragment, numbers) for fragment in fragments_of(segment))


def _movie(init: bytes, movie: Box, numbers: Collection[int]) -> bytes:
    kept = []
    for box in boxes_in(init, movie.start, movie.end):
        if box.kind == b"trak":
            header = child_of(init, box, b"tkhd")
            number = whole_at(init, header.start + (20 if init[header.start] == 1 else 12))
            kept += [init[box.at : box.end]] if number in numbers else []
        elif box.kind == b"mvex":
            inner = list(boxes_in(init, box.start, box.end))
            trexes = [
                init[each.at : each.end] for each in inner if each.kind != b"trex" or whole_at(init, each.start + 4) in numbers
            ]
            kept.append(box_bytes(b"mvex", *trexes))
        else:
            kept.append(init[box.at : box.end])
    return box_bytes(b"moov", *kept)


def _fragment(segment: bytes, fragment: Fragment, numbers: Collection[int]) -> bytes:
    parts = [part for part in fragment.parts if part.number in numbers and part.runs]
    if not parts:
        return b""
    header = segment[fragment.header.at : fragment.header.end]
    moof_bytes = 8 + len(header) + sum(part.box.end - part.box.at for part in parts)
    position = moof_bytes + _MDAT_HEADER_BYTES
    trafs, payloads = [], []
    for part in parts:
        traf, spans = _track(segment, part, position)
        trafs.append(traf)
        payloads += spans
        position += sum(map(len, spans))
    return box_bytes(b"moof", header, *trafs) + box_bytes(b"mdat", *payloads)


def _track(segment: bytes, part: TrackPart, position: int) -> tuple[bytes, list[bytes]]:
    """The `traf` with its samples said to begin at `position`, and their bytes."""
    traf = bytearray(segment[part.box.at : part.box.end])
    payloads = []
    for run in part.runs:
        start, end = run.span
        at = run.offset_at - part.box.at
        traf[at : at + 4] = position.to_bytes(4)
        payloads.append(segment[start:end])
        position += end - start
    return bytes(traf), payloads
