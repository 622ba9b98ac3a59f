"""Walks the elements of a Matroska or WebM file from end to end before a media library sees it (RFC 8794, RFC 9559).

The library skips what it cannot read, silently; here a damaged or missing element is found, and the frames of each track
are counted, so that what was read can be compared with what the file holds.
"""

from __future__ import annotations

from typing import BinaryIO

from jianlu.capture.uploads.model import Layout, Listed
from jianlu.core.errors import InvalidError
from jianlu.core.limits import MEDIA_ELEMENTS_MAX, MEDIA_SAMPLES_MAX, MEDIA_STREAMS_MAX

_EBML, _DOCTYPE, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x4282, 0x18538067, 0x1F43B675
_TRACKS, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0x1654AE6B, 0xA3, 0xA0, 0xA1
_TRACK_ENTRY, _TRACK_NUMBER, _TRACK_TYPE = 0xAE, 0xD7, 0x83
_VOID, _CRC = 0xEC, 0xBF
_TOP = {0x114D9B74, 0x1549A966, _TRACKS, 0x1C53BB6B, _CLUSTER, 0x1254C367, 0x1043A770, 0x1941A469, _VOID, _CRC}
_IN_CLUSTER = {0xE7, 0x5854, 0xA7, 0xAB, _SIMPLE_BLOCK, _BLOCK_GROUP, 0xAF, _VOID, _CRC}
_CUT = "the file ends in the middle: it is truncated; copy it again from the recorder"
_DAMAGED = "the file's elements do not fit into each other: it is damaged; copy it again from the recorder"


def matroska_layout(stream: BinaryIO, file_bytes: int) -> Layout:
    """The layout of the Matroska or WebM file in `stream`; raises InvalidError when it is truncated, damaged or beyond a limit."""
    return _Walk(stream, file_bytes).layout()


class _Walk:
    def __init__(self, stream: BinaryIO, file_bytes: int) -> None:
        self._stream, self._file_bytes = stream, file_bytes
        self._at = self._elements = 0
        self._frames: dict[int, int] = {}
        self._tracks: list[tuple[int, int]] = []

    def layout(self) -> Layout:
        kind, end = self._element(self._file_bytes)
        if kind != _EBML or end is None:
            raise InvalidError(_DAMAGED)
        doctype = self._doctype(end)
        self._at = end
        while self._at < self._file_bytes:
            kind, end = self._element(self._file_bytes)
            if kind == _SEGMENT:
                self._segment(self._file_bytes if end is None else end)
            elif kind in (_VOID, _CRC) and end is not None:
                self._at = end
            else:
                raise InvalidError(_DAMAGED)
        if not self._tracks or not self._frames:
            raise InvalidError("the file holds no frames: the recording never began; record it again")
        listed = {
            kind: tuple(Listed(self._frames.get(number, 0)) for number, track_type in self._tracks if track_type == code)
            for kind, code in (("video", 1), ("audio", 2))
        }
        return Layout("webm" if doctype == b"webm" else "matroska", listed)

    def _doctype(self, end: int) -> bytes:
        while self._at < end:
            kind, after = self._element(end)
            if after is None:
                raise InvalidError(_DAMAGED)
            if kind == _DOCTYPE:
                return self._take(min(16, after - self._at)).rstrip(b"\0")
            self._at = after
        return b"matroska"

    def _take(self, count: int) -> bytes:
        self._stream.seek(self._at)
        content = self._stream.read(count)
        if len(content) != count:
            raise InvalidError(_CUT)
        return content

    def _element(self, limit: int) -> tuple[int, int | None]:
        """Id and end (None: unknown) of the element at the present place, and step behind its header."""
        self._elements += 1
        if self._elements > MEDIA_ELEMENTS_MAX:
            raise InvalidError("the file has more elements than any recording: export it again")
        head = self._take(min(12, limit - self._at))
        if not head or head[0] < 0x10:
            raise InvalidError(_DAMAGED)
        id_bytes = 9 - head[0].bit_length()
        if len(head) <= id_bytes or head[id_bytes] == 0:
            raise InvalidError(_CUT if limit == self._file_bytes else _DAMAGED)
        size_bytes = 9 - head[id_bytes].bit_length()
        if len(head) < id_bytes + size_bytes:
            raise InvalidError(_CUT if limit == self._file_bytes else _DAMAGED)
        mask = (1 << 7 * size_bytes) - 1
        size = int.from_bytes(head[id_bytes : id_bytes + size_bytes]) & mask
        self._at += id_bytes + size_bytes
        if size == mask:
            return int.from_bytes(head[:id_bytes]), None
        if self._at + size > limit:
            raise InvalidError(_CUT if self._at + size > self._file_bytes else _DAMAGED)
        return int.from_bytes(head[:id_bytes]), self._at + size

    def _segment(self, end: int) -> None:
        while self._at < end:
            kind, after = self._element(end)
            if kind not in _TOP:
                raise InvalidError(_DAMAGED)
            if kind == _CLUSTER:
                self._cluster(after, end)
            elif after is None:
                raise InvalidError(_DAMAGED)
            else:
                if kind == _TRACKS:
                    self._track_list(after)
                self._at = after

    def _track_list(self, end: int) -> None:
        """Number and type of each track entry, in file order."""
        while self._at < end:
            kind, after = self._element(end)
            if after is None or len(self._tracks) >= MEDIA_STREAMS_MAX:
                raise InvalidError(_DAMAGED)
            if kind == _TRACK_ENTRY:
                fields = {_TRACK_NUMBER: 0, _TRACK_TYPE: 0}
                while self._at < after:
                    name, field_end = self._element(after)
                    if field_end is None:
                        raise InvalidError(_DAMAGED)
                    if name in fields:
                        fields[name] = int.from_bytes(self._take(min(8, field_end - self._at)))
                    self._at = field_end
                self._tracks.append((fields[_TRACK_NUMBER], fields[_TRACK_TYPE]))
            self._at = after

    def _cluster(self, cluster_end: int | None, limit: int) -> None:
        """Count the frames of one cluster; one of unknown size ends where the next top element starts."""
        end = limit if cluster_end is None else cluster_end
        while self._at < end:
            start = self._at
            kind, after = self._element(end)
            if cluster_end is None and kind in _TOP and kind not in _IN_CLUSTER:
                self._at = start
                return
            if kind not in _IN_CLUSTER or after is None:
                raise InvalidError(_DAMAGED)
            if kind == _SIMPLE_BLOCK:
                self._block(after)
            elif kind == _BLOCK_GROUP:
                self._group(after)
            self._at = after

    def _group(self, end: int) -> None:
        while self._at < end:
            kind, after = self._element(end)
            if after is None:
                raise InvalidError(_DAMAGED)
            if kind == _BLOCK:
                self._block(after)
            self._at = after

    def _block(self, end: int) -> None:
        """Count the frames of the block that ends at `end`: several when it is laced (RFC 9559, 10)."""
        head = self._take(min(12, end - self._at))
        track_bytes = 9 - head[0].bit_length() if head and head[0] else 9
        if len(head) < track_bytes + 3:
            raise InvalidError(_DAMAGED)
        track = int.from_bytes(head[:track_bytes]) & ((1 << 7 * track_bytes) - 1)
        is_laced = bool(head[track_bytes + 2] & 0x06)
        if is_laced and len(head) < track_bytes + 4:
            raise InvalidError(_DAMAGED)
        self._frames[track] = self._frames.get(track, 0) + (head[track_bytes + 3] + 1 if is_laced else 1)
        if self._frames[track] > MEDIA_SAMPLES_MAX:
            raise InvalidError("the file holds more frames than a day of recording has: split it into sessions")
