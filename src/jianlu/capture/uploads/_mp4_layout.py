"""Walks the boxes of an MP4 or MOV from end to end before a media library sees it (ISO/IEC 14496-12).

Finds truncation, tables that claim more than they hold, edit lists that hide part of the recording, and how many samples
each track must yield. Reads headers and small tables only; never the media.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

from jianlu.capture.recording.boxes import IDENTITY_MATRIX
from jianlu.capture.uploads.model import Layout, Listed
from jianlu.core.errors import InvalidError
from jianlu.core.limits import MEDIA_ELEMENTS_MAX, MEDIA_HEADER_BYTES_MAX, MEDIA_SAMPLES_MAX, MEDIA_STREAMS_MAX

_CONTAINERS = {b"trak", b"mdia", b"minf", b"stbl", b"edts", b"traf"}
_TABLE_BYTES = 1 << 20
_HIDDEN_TAIL_MS = 1_000
_DAMAGED = "the file's boxes do not fit into each other: it is damaged; copy it again from the recorder"
_CUT = "the file ends in the middle: it is truncated; copy it again from the recorder"


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int


@dataclass(slots=True)
class _Track:
    number: int = 0
    handler: bytes = b""
    timescale: int = 0
    duration: int = 0
    samples: int = 0
    is_encrypted: bool = False
    transform: bytes = IDENTITY_MATRIX
    edits: list[tuple[int, int, int]] = field(default_factory=list)


def mp4_layout(stream: BinaryIO, file_bytes: int) -> Layout:
    """The layout of the MP4 or MOV in `stream`; raises InvalidError when it is truncated, damaged or beyond a limit."""
    return _Walk(stream, file_bytes).layout()


class _Walk:
    def __init__(self, stream: BinaryIO, file_bytes: int) -> None:
        self._stream, self._file_bytes = stream, file_bytes
        self._elements = 0
        self._tracks: list[_Track] = []
        self._movie_timescale = 0
        self._fragments: dict[int, int] = {}
        self._has_movie = self._has_media = self._is_mov = self._is_fragmented = False

    def layout(self) -> Layout:
        for number, entry in enumerate(self._boxes(0, self._file_bytes)):
            if number == 0:
                self._is_mov = entry.kind != b"ftyp" or self._read(entry.start, 4) == b"qt  "
            self._top_level(entry)
        if not self._has_movie:
            raise InvalidError(
                "the file has no index (moov box): the recorder never finished it; repair it with the recorder's own tool"
            )
        if not self._has_media:
            raise InvalidError("the file has an index and no media: copy it again from the recorder")
        listed = {
            kind: tuple(self._listed(track) for track in self._tracks if track.handler == handler)
            for kind, handler in (("video", b"vide"), ("audio", b"soun"))
        }
        return Layout("mov" if self._is_mov else "mp4", listed)

    def _top_level(self, entry: _Box) -> None:
        if entry.kind == b"moov":
            if self._has_movie or entry.end - entry.start > MEDIA_HEADER_BYTES_MAX:
                raise InvalidError("the file has more than one index, or one beyond any recording: export it again")
            self._has_movie = True
            self._movie(entry)
        elif entry.kind == b"moof":
            self._is_fragmented = True
            self._fragment(entry)
        elif entry.kind == b"mdat" and entry.end > entry.start:
            self._has_media = True

    # -- reading -----------------------------------------------------------------------------------------------------

    def _read(self, at: int, count: int) -> bytes:
        self._stream.seek(at)
        content = self._stream.read(count)
        if len(content) != count:
            raise InvalidError(_CUT)
        return content

    def _boxes(self, start: int, end: int) -> Iterator[_Box]:
        at, is_top = start, end == self._file_bytes and start == 0
        while at < end:
            self._elements += 1
            if self._elements > MEDIA_ELEMENTS_MAX:
                raise InvalidError("the file has more boxes than any recording: export it again")
            if end - at < 8:
                if not is_top and self._read(at, end - at).strip(b"\0") == b"":
                    return  # QuickTime ends some containers with a zero word
                raise InvalidError(_CUT if is_top else _DAMAGED)
            size, kind = struct.unpack(">I4s", self._read(at, 8))
            head = 8
            if size == 1:
                size, head = int.from_bytes(self._read(at + 8, 8)), 16
            elif size == 0:
                size = end - at
            if size < head or not all(32 <= byte < 127 or byte == 0xA9 for byte in kind):
                raise InvalidError(_DAMAGED)
            if at + size > end:
                raise InvalidError(_CUT if is_top else _DAMAGED)
            yield _Box(kind, at + head, at + size)
            at += size

    # -- the index ---------------------------------------------------------------------------------------------------

    def _movie(self, movie: _Box) -> None:
        for entry in self._boxes(movie.start, movie.end):
            if entry.kind == b"mvhd":
                is_long = self._content(entry, 4, 24)[0] == 1
                self._movie_timescale = int.from_bytes(self._read(entry.start + (20 if is_long else 12), 4))
            elif entry.kind == b"trak":
                self._tracks.append(_Track())
                if len(self._tracks) > MEDIA_STREAMS_MAX:
                    raise InvalidError(f"the file has more than {MEDIA_STREAMS_MAX} tracks: export picture and sound alone")
                self._track(entry, self._tracks[-1])
        if sum(track.samples for track in self._tracks) > MEDIA_SAMPLES_MAX:
            raise InvalidError("the file's index claims more frames than a day of recording has: it is damaged or hostile")

    def _content(self, entry: _Box, count: int, least: int) -> bytes:
        if entry.end - entry.start < least:
            raise InvalidError(_DAMAGED)
        return self._read(entry.start, count)

    def _track(self, parent: _Box, track: _Track) -> None:
        for entry in self._boxes(parent.start, parent.end):
            if entry.kind in _CONTAINERS:
                self._track(entry, track)
            elif entry.kind == b"tkhd":
                content = self._content(entry, 84, 84)
                start = 20 if content[0] == 1 else 12
                track.number = int.from_bytes(content[start : start + 4])
                at = entry.start + (52 if content[0] == 1 else 40)
                track.transform = self._read(at, 36)
            elif entry.kind == b"mdhd":
                content = self._content(entry, 24, 24)
                if content[0] == 1:
                    track.timescale, track.duration = struct.unpack(">IQ", self._read(entry.start + 20, 12))
                else:
                    track.timescale, track.duration = struct.unpack_from(">II", content, 12)
            elif entry.kind == b"hdlr" and not track.handler:
                track.handler = self._content(entry, 12, 12)[8:]
            elif entry.kind == b"elst":
                self._edit_list(entry, track)
            elif entry.kind == b"stsd":
                count, _, kind = struct.unpack(">II4s", self._content(entry, 16, 16)[4:])
                if count > 1:
                    raise InvalidError("a track changes its codec setup on the way: export the recording as one piece")
                track.is_encrypted = kind in (b"encv", b"enca")
            elif entry.kind in (b"stsz", b"stz2"):
                track.samples = self._sample_count(entry)
            elif entry.kind in (b"stts", b"ctts"):
                self._times(entry)

    def _edit_list(self, entry: _Box, track: _Track) -> None:
        version, count = struct.unpack(">B3xI", self._content(entry, 8, 8))
        form = struct.Struct(">Qqhh" if version == 1 else ">Iihh")
        if count > 3 or 8 + count * form.size > entry.end - entry.start:
            raise InvalidError("the recording was cut in an editor (edit list of several parts): export it as one piece")
        content = self._read(entry.start + 8, count * form.size)
        for duration, media_time, rate, fraction in form.iter_unpack(content):
            if (rate, fraction) != (1, 0):
                raise InvalidError("the recording's speed was changed in an editor: hand in the original")
            track.edits.append((duration, media_time, rate))

    def _sample_count(self, entry: _Box) -> int:
        size, count = (int.from_bytes(field) for field in struct.unpack(">4x4s4s", self._content(entry, 12, 12)))
        each = 4 if entry.kind == b"stsz" and size == 0 else (size & 255) / 8 if entry.kind == b"stz2" else 0
        if 12 + count * each > entry.end - entry.start + 1 or count > MEDIA_SAMPLES_MAX:
            raise InvalidError("the file's index claims more frames than it lists: it is damaged or hostile")
        if each == 0 and count * size > self._file_bytes:
            raise InvalidError("the file's index claims more media than the file has: it is truncated; copy it again")
        return count

    def _times(self, entry: _Box) -> None:
        """Run-length tables may claim any number of samples: their sum must be that of a recording."""
        count = int.from_bytes(self._content(entry, 8, 8)[4:])
        if 8 + 8 * count > entry.end - entry.start:
            raise InvalidError(_DAMAGED)
        total, at, end = 0, entry.start + 8, entry.start + 8 + 8 * count
        while at < end:
            content = self._read(at, min(_TABLE_BYTES, end - at))
            total += sum(struct.unpack(f">{len(content) // 4}I", content)[::2])
            at += len(content)
        if total > MEDIA_SAMPLES_MAX:
            raise InvalidError("the file's index claims more frames than a day of recording has: it is damaged or hostile")

    # -- fragments ---------------------------------------------------------------------------------------------------

    def _fragment(self, moof: _Box) -> None:
        for traf in self._boxes(moof.start, moof.end):
            if traf.kind != b"traf":
                continue
            number = 0
            for entry in self._boxes(traf.start, traf.end):
                if entry.kind == b"tfhd":
                    number = int.from_bytes(self._content(entry, 8, 8)[4:])
                elif entry.kind == b"trun":
                    count = int.from_bytes(self._content(entry, 8, 8)[4:])
                    self._fragments[number] = self._fragments.get(number, 0) + count
                    if self._fragments[number] > MEDIA_SAMPLES_MAX:
                        raise InvalidError("a fragment claims more frames than a day of recording has: it is damaged or hostile")

    # -- conclusions -------------------------------------------------------------------------------------------------

    def _listed(self, track: _Track) -> Listed:
        if track.is_encrypted:
            raise InvalidError("the recording is encrypted (DRM): hand in the unprotected original")
        samples = track.samples + self._fragments.get(track.number, 0)
        return Listed(samples, self._shown_from_s(track), track.transform)

    def _shown_from_s(self, track: _Track) -> Fraction | None:
        """Where the presentation of a track with an edit list starts; raises InvalidError when the list hides a part of it."""
        edits = list(track.edits)
        delay = 0
        while edits and edits[0][1] == -1:
            delay += edits.pop(0)[0]
        if not edits:
            return None
        if len(edits) > 1 or edits[0][1] < 0 or not self._movie_timescale or not track.timescale:
            raise InvalidError("the recording was cut in an editor (edit list of several parts): export it as one piece")
        duration, media_time, _ = edits[0]
        shown_ms = duration * 1000 // self._movie_timescale
        whole_ms = (track.duration - media_time) * 1000 // track.timescale
        if duration and not self._is_fragmented and whole_ms - shown_ms > _HIDDEN_TAIL_MS:
            raise InvalidError("an edit list hides the end of the recording: export it as one piece")
        return Fraction(delay, self._movie_timescale)
