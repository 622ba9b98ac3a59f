"""Writing that survives a power cut: whole writes, and names that are on the disk when a call returns.

Errors of the operating system leave here as they are; the callers know whether they stop a writer or only a reader.
"""

from __future__ import annotations

import os
from pathlib import Path


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


def sync_file(path: Path) -> None:
    """Make the content of the file at `path` durable."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
