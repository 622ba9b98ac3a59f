"""A reserve: a small file whose place on the disk was taken when there was some, so that it can be written when nothing else can.

Two slots of one size take turns, so a write that is cut short leaves the one before. A slot is number, length, SHA-256 and content.
On file systems that never write in place (copy on write) a full disk may refuse all the same; then the caller is told.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from jianlu.core.errors import InvalidError, UnavailableError
from jianlu.runtime.durable import sync_directory, write_whole

SLOT_BYTES = 128 * 1024
_NUMBER_BYTES, _LENGTH_BYTES, _DIGEST_BYTES = 8, 4, 32
_HEAD_BYTES = _NUMBER_BYTES + _LENGTH_BYTES + _DIGEST_BYTES
_ACCESS = 0o600


class Reserve:
    """Holds one content, the last that was written whole. Safe for threads; one process has a reserve at a time."""

    def __init__(self, path: Path) -> None:
        """Take the place at `path`, or find what an earlier process left there; UnavailableError when the disk has no room for it."""
        self._lock = threading.Lock()
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _ACCESS)
            if os.fstat(self._handle).st_size < 2 * SLOT_BYTES:
                os.lseek(self._handle, 0, os.SEEK_SET)
                write_whole(self._handle, bytes(2 * SLOT_BYTES))  # written, not only promised: a hole would need room later
                os.fsync(self._handle)
                sync_directory(path.parent)
        except OSError as error:
            raise UnavailableError(
                f"{path.name} has no room on the disk ({error.strerror}): make some, then start again"
            ) from error
        self._number, self._content = max(self._slot(0), self._slot(1))

    def read(self) -> bytes:
        """The content; b"" when there is none, or none that is whole."""
        return self._content

    def write(self, content: bytes) -> None:
        """Replace the content, durably; UnavailableError when the disk refuses, InvalidError when it is more than fits."""
        if len(content) > SLOT_BYTES - _HEAD_BYTES:
            raise InvalidError(f"a reserve holds {SLOT_BYTES - _HEAD_BYTES} bytes: leave some out")
        with self._lock:
            number = self._number + 1
            counted = number.to_bytes(_NUMBER_BYTES) + len(content).to_bytes(_LENGTH_BYTES)
            slot = counted + hashlib.sha256(counted + content).digest() + content
            try:
                os.lseek(self._handle, number % 2 * SLOT_BYTES, os.SEEK_SET)
                write_whole(self._handle, slot)
                os.fdatasync(self._handle)
            except OSError as error:
                raise UnavailableError(f"the disk refuses even what was reserved ({error.strerror}): see to the disk") from error
            self._number, self._content = number, content

    def close(self) -> None:
        """Let the file go."""
        os.close(self._handle)

    def _slot(self, place: int) -> tuple[int, bytes]:
        slot = os.pread(self._handle, SLOT_BYTES, place * SLOT_BYTES)
        counted, rest = slot[: _NUMBER_BYTES + _LENGTH_BYTES], slot[_HEAD_BYTES:]
        content = rest[: int.from_bytes(counted[_NUMBER_BYTES:])]
        is_whole = hashlib.sha256(counted + content).digest() == slot[_NUMBER_BYTES + _LENGTH_BYTES : _HEAD_BYTES]
        return (int.from_bytes(counted[:_NUMBER_BYTES]), content) if is_whole else (0, b"")
