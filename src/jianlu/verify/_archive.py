"""An opened package: its entries, their real digests, and bounded reads. All file access of the verifier is here.

What the entries mean is checked by the modules beside it. Every read is bounded by `core/limits.py`.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.archive import ArchiveEntry, read_directory
from jianlu.core.limits import DOCUMENT_BYTES_MAX

_READ_BYTES = 1 << 20
_THREADS = min(4, os.cpu_count() or 1)
_BATCH_ENTRIES = 64
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Measured:
    """Digest and CRC-32 of content as it really is."""

    sha256: str
    crc32: int


class Archive:
    """A package file whose container is in the strict form; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open `path` and read its directory; raises NotFoundError without a file, InvalidError for a malformed container."""
        self._path = path
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise NotFoundError(f"cannot open {path.name}: check the name and that you may read it") from error
        try:
            self.file_bytes = os.fstat(self._file.fileno()).st_size
            self.entries = {entry.name: entry for entry in read_directory(self._read_at, self.file_bytes)}
        except OSError as error:
            self._file.close()
            raise NotFoundError(f"cannot read {path.name}: is it a file?") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *ignored: object) -> None:
        self._file.close()

    def document(self, name: str, bytes_max: int = DOCUMENT_BYTES_MAX) -> bytes:
        """The whole entry `name`; raises InvalidError when it is absent or larger than `bytes_max`."""
        entry = self.entries.get(name)
        if entry is None:
            raise InvalidError(f"the package has no {name}")
        if entry.size > bytes_max:
            raise InvalidError(f"{name} has {entry.size} bytes, more than {bytes_max}")
        return self._read_at(entry.offset, entry.size)

    def tile(self, path: str) -> bytes | None:
        """The ledger tile at `path` (`tile/…`), or None."""
        name = f"ledger/{path}"
        return self.document(name, 1 << 16) if name in self.entries else None

    def measure(self, names: Sequence[str]) -> dict[str, Measured]:
        """Digest and CRC of each entry, in parallel; memory is bounded by a few read buffers."""
        entries = [self.entries[name] for name in names]
        batches = [entries[at : at + _BATCH_ENTRIES] for at in range(0, len(entries), _BATCH_ENTRIES)]
        found: dict[str, Measured] = {}
        for measured in _side_by_side(self._measure_batch, batches):
            found.update(measured)
        return found

    def piece(self, name: str, at: int, length: int) -> bytes:
        """Up to `length` bytes of entry `name` from `at` on, as many as it has."""
        entry = self.entries[name]
        return self._read_at(entry.offset + at, max(0, min(length, entry.size - at)))

    def digest_ranges(self, name: str, lengths: Sequence[int], start: int = 0) -> Iterator[str]:
        """SHA-256 of consecutive ranges of `lengths` bytes of entry `name` from `start` on; the caller made sure that they fit."""
        entry = self.entries[name]
        offsets, at = [], entry.offset + start
        for length in lengths:
            offsets.append((at, length))
            at += length
        batches = [offsets[start : start + _BATCH_ENTRIES] for start in range(0, len(offsets), _BATCH_ENTRIES)]
        for digests in _side_by_side(self._digest_batch, batches):
            yield from digests

    def _read_at(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)

    def _measure_batch(self, entries: Sequence[ArchiveEntry]) -> dict[str, Measured]:
        found = {}
        buffer = memoryview(bytearray(_READ_BYTES))
        with self._path.open("rb", buffering=0) as source:
            for entry in entries:
                digest, crc32 = hashlib.sha256(), 0
                for part in _parts(source, entry.offset, entry.size, buffer):
                    digest.update(part)
                    crc32 = zlib.crc32(part, crc32)
                found[entry.name] = Measured(digest.hexdigest(), crc32)
        return found

    def _digest_batch(self, ranges: Sequence[tuple[int, int]]) -> list[str]:
        found = []
        buffer = memoryview(bytearray(_READ_BYTES))
        with self._path.open("rb", buffering=0) as source:
            for offset, length in ranges:
                digest = hashlib.sha256()
                for part in _parts(source, offset, length, buffer):
                    digest.update(part)
                found.append(digest.hexdigest())
        return found


def _side_by_side(work: Callable[[_Given], _Made], given: Sequence[_Given]) -> Iterator[_Made]:
    """`work` of each, in order, on as many threads as there are cores; with one core, as in a browser, without any."""
    if _THREADS == 1:
        yield from map(work, given)
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(work, given)


def _parts(source: BinaryIO, offset: int, length: int, buffer: memoryview) -> Iterator[memoryview]:
    """The bytes [offset, offset + length) of `source` through `buffer`; fewer when the file ends early."""
    source.seek(offset)
    while length > 0:
        count = source.readinto(buffer[: min(length, len(buffer))])  # type: ignore[attr-defined]
        if not count:
            return
        yield buffer[:count]
        length -= count
