"""Writes the strict container of `core.formats.archive` with the standard library's ZIP writer, digesting as it goes.

What goes in, and in which order, is decided by `write.py`; the format is `specs/package.md` section 2.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from jianlu.core.errors import InvalidError
from jianlu.core.formats.archive import CREATE_SYSTEM_UNIX, FIXED_DATE_TIME, FIXED_EXTERNAL_ATTR, is_entry_name
from jianlu.core.formats.package import ManifestEntry


class Container:
    """A package file being written: entries in order, each digested once. A context manager; leaving it ends the file."""

    def __init__(self, path: Path) -> None:
        """Create `path`, which must not exist (the caller renames it into place when all is well)."""
        self._zip = ZipFile(path, "x", ZIP_STORED)
        self.entries: list[ManifestEntry] = []

    def __enter__(self) -> Container:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()

    def add(self, path: str, content: bytes) -> ManifestEntry:
        """Write the entry `path` with `content`."""
        return self.add_stream(path, len(content), [content])

    def add_stream(self, path: str, size: int, parts: Iterable[bytes]) -> ManifestEntry:
        """Write the entry `path` from `parts`, `size` bytes in all; raises InvalidError when they are not or the name is unsafe."""
        if not is_entry_name(path):
            raise InvalidError(f"{path} cannot be the name of a package entry")
        header = ZipInfo(path, FIXED_DATE_TIME)
        header.create_system = CREATE_SYSTEM_UNIX
        header.external_attr = FIXED_EXTERNAL_ATTR
        header.file_size = size
        digest, crc32, written = hashlib.sha256(), 0, 0
        with self._zip.open(header, "w") as entry:
            for part in parts:
                entry.write(part)
                digest.update(part)
                crc32 = zlib.crc32(part, crc32)
                written += len(part)
        if written != size:
            raise InvalidError(f"{path} has {written} bytes where {size} were announced")
        stated = ManifestEntry(path, size, digest.hexdigest(), crc32)
        self.entries.append(stated)
        return stated
