"""Writing that survives a power cut: whole writes, and names that are on the disk when a call returns.

Errors of the operating system leave here as they are; the callers know whether they stop a writer or only a reader.
"""

from __future__ import annotations

import os
from pathlib import Path

_ERASED_AT_ONCE = 1 << 20


def write_whole(handle: int, content: bytes | bytearray | memoryview) -> None:
    """Write all of `content`; a short write is continued, never taken for a whole one."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, content: bytes) -> None:
    """`content` in place of the file at `path`, readable by its owner alone, whole or not at all; durable on return."""
    fresh = path.with_name(f".{path.name}.replacing")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write_whole(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        fresh.replace(path)
        sync_directory(path.parent)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def sync_file(path: Path) -> None:
    """Make the content of the file at `path` durable."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def erase_file(path: Path) -> None:
    """Overwrite the file at `path` with zeros, as far as the storage lets us, and remove it; nothing happens when it is absent."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rest, zeros = os.fstat(handle).st_size, bytes(_ERASED_AT_ONCE)
        while rest > 0:
            rest -= os.write(handle, zeros[:rest])
        os.fsync(handle)
    finally:
        os.close(handle)
    path.unlink(missing_ok=True)
