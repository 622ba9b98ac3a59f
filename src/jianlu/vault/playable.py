"""The recording of a case as one seekable file: init segment and media segments, opened from the vault as they are read.

Nothing is written anywhere; a few opened segments stay in memory. The bytes are those of `media/session.mp4` in a package,
less the content credentials that a package may add.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from jianlu.core.errors import NotFoundError
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog

_OPENED_MAX = 4
"""Segments kept open by one reader: a demuxer jumps back and forth between neighbours."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A sealed object of the recording at [start, start + plain_bytes) of the playable file; `from_ms` and `to_ms` are None for init."""

    object: str
    version: int
    start: int
    plain_bytes: int
    from_ms: int | None
    to_ms: int | None


def recording_pieces(log: CaseLog) -> tuple[Piece, ...]:
    """The pieces of the case's recording in order; NotFoundError when nothing was recorded."""
    pieces: list[Piece] = []
    at = 0
    for event in log.events:
        if event.type is EventType.RECORDING_STARTED:
            fields = event.body["init"]
        elif event.type is EventType.SEGMENT_SEALED:
            fields = event.body
        else:
            continue
        pieces.append(
            Piece(fields["object"], fields["version"], at, fields["plain_bytes"], fields.get("from_ms"), fields.get("to_ms"))
        )
        at += fields["plain_bytes"]
    if not pieces:
        raise NotFoundError("the case has no recording yet")
    return tuple(pieces)


def open_recording(log: CaseLog) -> BinaryIO:
    """A new seekable reader of the whole recording; every byte it yields has opened its commitment.

    A read may return fewer bytes than asked for before the end, as a raw file does. Reading raises IntegrityError when a stored object
    is not the one in the ledger. Use each reader from one thread.
    """
    return cast(BinaryIO, _Recording(log, recording_pieces(log)))


def open_stretch(log: CaseLog, from_ms: int, to_ms: int) -> BinaryIO:
    """As `open_recording`, of the segments alone that have something of [from_ms, to_ms); times in them stay those of the session.

    NotFoundError when none is sealed.
    """
    whole = recording_pieces(log)
    pieces = [p for p in whole if p.from_ms is None or p.to_ms is None or (p.from_ms < to_ms and p.to_ms > from_ms)]
    if all(piece.to_ms is None for piece in pieces):
        raise NotFoundError("nothing of that stretch is sealed yet")
    at, laid = 0, []
    for piece in pieces:
        laid.append(replace(piece, start=at))
        at += piece.plain_bytes
    return cast(BinaryIO, _Recording(log, laid))


class _Recording(io.RawIOBase):
    """Reads straight out of opened segments: a demuxer asks in small pieces and from many places."""

    def __init__(self, log: CaseLog, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._log = log
        self._pieces = pieces
        self._starts = [piece.start for piece in self._pieces]
        self._size = self._pieces[-1].start + self._pieces[-1].plain_bytes
        self._position = 0
        self._opened: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        if self._position >= self._size:
            return b""
        number = bisect_right(self._starts, self._position) - 1
        offset = self._position - self._starts[number]
        part = self._content(number)[offset : offset + size]
        self._position += len(part)
        return part

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        part = self.read(len(view))
        view[: len(part)] = part
        return len(part)

    def _content(self, number: int) -> bytes:
        if number in self._opened:
            self._opened.move_to_end(number)
            return self._opened[number]
        piece = self._pieces[number]
        content = self._log.open_object(piece.object, piece.version)
        self._opened[number] = content
        if len(self._opened) > _OPENED_MAX:
            self._opened.popitem(last=False)
        return content
