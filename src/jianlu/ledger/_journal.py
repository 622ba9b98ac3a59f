"""The writer's journal: entries are durable here before they are acknowledged, until the tiles hold them.

A folder of segments, each named by its first entry's number; a segment is a sequence of records, one per batch: header
(magic, first entry number, count, payload length, CRC-32), payload (entries as in a bundle), SHA-256 of both. A batch is
written only after the one before was synced, so only the very last record may be torn. `specs/ledger.md`, section Journal.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.tile import encode_bundle
from jianlu.ledger._folder import UNFINISHED
from jianlu.ledger.model import JOURNAL_SEGMENT_BYTES
from jianlu.runtime.durable import sync_directory, write_whole

_MAGIC = b"JLJ1"
_HEADER = struct.Struct(">4sQIII")
_DIGEST_BYTES = 32
_SECTOR_BYTES = 512
_SUFFIX = ".journal"


def encode_record(first: int, entries: Sequence[bytes]) -> bytes:
    """The record of the batch `entries`, the first of which has number `first`."""
    payload = encode_bundle(entries)
    head = _HEADER.pack(_MAGIC, first, len(entries), len(payload), 0)[:-4]
    record = head + zlib.crc32(head).to_bytes(4, "big") + payload
    return record + hashlib.sha256(record).digest()


class Journal:
    """The open end of the journal. One thread appends at a time; `trim` may run beside it."""

    def __init__(self, directory: Path, first: int, entries: Sequence[bytes]) -> None:
        """Begin anew with a segment that holds `entries` from number `first`, durable, and delete all older segments.

        The entries are written again even when an old segment has them: after a failed sync the old pages may be clean in
        memory and yet not on the disk.
        """
        self._directory = directory
        self._lock = threading.Lock()
        self._segments: list[int] = []
        self._handle = -1
        self._written_bytes = 0
        older = [path for path in directory.iterdir() if path.suffix in (_SUFFIX, UNFINISHED)]
        begun = self._begin(first, encode_record(first, entries) if entries else b"")
        for path in older:
            if path != begun:
                path.unlink(missing_ok=True)

    def append(self, first: int, entries: Sequence[bytes]) -> None:
        """Make `entries`, numbered from `first`, durable. After an OSError the journal must not be used again."""
        if self._written_bytes > JOURNAL_SEGMENT_BYTES:
            self._begin(first, b"")
        record = encode_record(first, entries)
        write_whole(self._handle, record)
        os.fdatasync(self._handle)
        self._written_bytes += len(record)

    def trim(self, published: int) -> None:
        """Delete the segments whose entries are all below `published`; the last one stays."""
        with self._lock:
            while len(self._segments) > 1 and self._segments[1] <= published:
                (self._directory / _segment_name(self._segments.pop(0))).unlink()

    def close(self) -> None:
        """Give the file back; further calls fail."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _begin(self, first: int, content: bytes) -> Path:
        path = self._directory / _segment_name(first)
        unfinished = path.with_suffix(UNFINISHED)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            write_whole(handle, content)
            os.fsync(handle)
            unfinished.rename(path)
            sync_directory(self._directory)
        except BaseException:
            os.close(handle)
            raise
        self.close()
        self._handle, self._written_bytes = handle, len(content)
        with self._lock:
            self._segments.append(first)
        return path


@dataclass(slots=True)
class JournalContent:
    """The entries that the journal holds, by number, and the number after the last."""

    end: int = 0
    entries: dict[int, bytes] = field(default_factory=dict)


def read_journal(directory: Path) -> JournalContent:
    """All whole records of the journal in `directory`; a torn last record was never acknowledged and is left out.

    Raises IntegrityError when a record was altered or is missing that may have been acknowledged.
    """
    paths = sorted(directory.glob(f"*{_SUFFIX}"))
    if not paths:
        raise IntegrityError("the ledger's journal is missing: this folder is a copy, or the journal was deleted")
    content = JournalContent()
    for path, following in zip(paths, [*paths[1:], None], strict=True):
        end, is_torn = _read_segment(path, content)
        if is_torn and following is not None and _segment_first(following) > end:
            raise IntegrityError(f"journal/{path.name} ends in a damaged record of acknowledged entries from {end} on")
        content.end = max(content.end, end)
    return content


def _read_segment(path: Path, content: JournalContent) -> tuple[int, bool]:
    """Add the segment's entries; return the number after its last, and whether a torn record follows."""
    segment, at, expected = path.read_bytes(), 0, _segment_first(path)
    while at < len(segment):
        end = _record_end(segment, at, path.name)
        if end is None:
            return expected, True
        magic, first, count, _, _ = _HEADER.unpack_from(segment, at)
        entries = _split_entries(segment[at + _HEADER.size : end - _DIGEST_BYTES])
        if magic != _MAGIC or first != expected or count != len(entries):
            raise IntegrityError(f"journal/{path.name} has a record out of place at byte {at}")
        for number, entry in enumerate(entries, first):
            if content.entries.setdefault(number, entry) != entry:
                raise IntegrityError(f"the journal holds two different entries {number}")
        at, expected = end, first + count
    return expected, False


def _record_end(segment: bytes, at: int, name: str) -> int | None:
    """Where the record at `at` ends; None when it is torn, which only the last record of a journal may be.

    Torn means: the file ends inside the record, or a whole disk sector of it was never written (reads as zeros). Anything
    else that does not fit its checksums was altered after it was durable.
    """
    head_end = at + _HEADER.size
    if head_end > len(segment):
        return None
    payload_bytes: int
    _, _, _, payload_bytes, checksum = _HEADER.unpack_from(segment, at)
    end = head_end + payload_bytes + _DIGEST_BYTES
    if zlib.crc32(segment[at : head_end - 4]) != checksum:
        end = len(segment)
    elif end > len(segment):
        return None
    elif hashlib.sha256(segment[at : end - _DIGEST_BYTES]).digest() == segment[end - _DIGEST_BYTES : end]:
        return end
    if end == len(segment) and _has_unwritten_sector(segment, at, end):
        return None
    raise IntegrityError(f"journal/{name} was altered: the record at byte {at} does not fit its checksum")


def _has_unwritten_sector(segment: bytes, start: int, end: int) -> bool:
    cuts = [start, *range(start - start % _SECTOR_BYTES + _SECTOR_BYTES, end, _SECTOR_BYTES), end]
    return any(not any(segment[low:high]) for low, high in pairwise(cuts))


def _split_entries(payload: bytes) -> list[bytes]:
    entries, at = [], 0
    while at < len(payload):
        end = at + 2 + int.from_bytes(payload[at : at + 2], "big")
        entries.append(payload[at + 2 : end])
        at = end
    return entries


def _segment_name(first: int) -> str:
    return f"{first:020d}{_SUFFIX}"


def _segment_first(path: Path) -> int:
    try:
        return int(path.name.removesuffix(_SUFFIX))
    except ValueError as error:
        raise IntegrityError(f"journal/{path.name} is not a journal segment") from error
