"""How often somebody does something, over all processes of a home and over restarts: one small file that they share.

Each name has one number, the instant at which its bucket is full again (the generic cell rate algorithm, ITU-T I.371 annex A), in a slot of
a fixed table; the file never grows. Names (addresses, keys of programs) are kept as digests under a key of the file. A full row forgets
whoever is nearest to a full bucket, so that a flood of new names forgives the least. Nothing here decides what is limited.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"jianlu pace 1\x00\x00\x00"
_KEY_BYTES = 32
_SLOT = struct.Struct("<16sq")
_ROW_SLOTS = 8
_ROWS = 2_048
"""With eight slots each: 16,384 names, 393 kB."""
_START = len(_MAGIC) + _KEY_BYTES
_ROW_BYTES = _SLOT.size * _ROW_SLOTS
_FILE_BYTES = _START + _ROW_BYTES * _ROWS
_EMPTY = bytes(16)


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether there was one to take, how many whole ones are left, after how many milliseconds there is one, and all of them."""

    is_granted: bool
    left: int
    next_ms: int
    full_ms: int


class Pace:
    """The table of one home. Any number of processes and threads may open the same `path`; it is made where it is missing."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with self._alone():
            head = os.pread(self._file, len(_MAGIC), 0)
            if head != _MAGIC or os.fstat(self._file).st_size != _FILE_BYTES:
                self._make_anew()
        self._table = mmap.mmap(self._file, _FILE_BYTES)
        self._key = self._table[len(_MAGIC) : _START]

    def take(self, name: str, *, per_s: float, burst: float, now_ms: int) -> Taken:
        """Take one of `burst` that fill up again with `per_s`. `now_ms` is the machine's monotonic clock, which all processes share."""
        digest = hashlib.blake2b(name.encode(), digest_size=16, key=self._key).digest()
        each_us, now_us = int(1_000_000 / per_s), now_ms * 1_000
        whole_us = int(burst * each_us)
        with self._alone():
            at, full_us = self._slot_of(digest)
            if not now_us <= full_us <= now_us + whole_us:  # full, forgotten, or of a clock before the machine's last start
                full_us = now_us
            is_granted = full_us + each_us <= now_us + whole_us
            full_us += each_us if is_granted else 0
            _SLOT.pack_into(self._table, at, digest, full_us)
        left_us = now_us + whole_us - full_us
        next_ms = max(0, -(-(each_us - left_us) // 1_000))
        return Taken(is_granted, left_us // each_us, next_ms, -(-(full_us - now_us) // 1_000))

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()
        os.close(self._file)

    def _slot_of(self, digest: bytes) -> tuple[int, int]:
        """Where the name's slot is, and what is in it; of a full row the slot that is full again first."""
        row = _START + int.from_bytes(digest[:4], "little") % _ROWS * _ROW_BYTES
        best, earliest = row, None
        for at in range(row, row + _ROW_BYTES, _SLOT.size):
            owner, full_us = _SLOT.unpack_from(self._table, at)
            if owner == digest:
                return at, full_us
            full_us = -1 if owner == _EMPTY else full_us
            if earliest is None or full_us < earliest:
                best, earliest = at, full_us
        return best, 0

    def _make_anew(self) -> None:
        os.ftruncate(self._file, 0)
        os.ftruncate(self._file, _FILE_BYTES)
        os.pwrite(self._file, _MAGIC + os.urandom(_KEY_BYTES), 0)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread of one process at a time; a process that dies lets go."""
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
