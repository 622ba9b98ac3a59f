"""In-memory stand-ins for the vault's ports; each passes the same contract suite as the real one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from jianlu.backends.keys.file import FileKeys
from jianlu.core.errors import ConflictError, NotFoundError
from jianlu.vault.blob_names import check_blob_name, folder_of_prefix
from jianlu.vault.ports import Buffer


class MemoryBlobs:
    """`Blobs` in a dictionary: durable as long as the process."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        check_blob_name(name)
        content = b"".join(bytes(part) for part in parts)
        with self._lock:
            if self.contents.setdefault(name, content) != content:
                raise ConflictError("a blob of that name with other content is there")

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        content = self._found(name)
        return content[start:] if length is None else content[start : start + length]

    def size(self, name: str) -> int:
        return len(self._found(name))

    def exists(self, name: str) -> bool:
        return check_blob_name(name) in self.contents

    def names(self, prefix: str = "") -> Iterator[str]:
        folder_of_prefix(prefix)
        yield from sorted(name for name in list(self.contents) if name.startswith(prefix))

    def delete(self, name: str) -> None:
        self.contents.pop(check_blob_name(name), None)

    def _found(self, name: str) -> bytes:
        if check_blob_name(name) not in self.contents:
            raise NotFoundError("there is no such blob")
        return self.contents[name]


class MemoryLog:
    """`EventLog` in a list."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self._lock = threading.Lock()

    def append(self, entry: bytes) -> int:
        with self._lock:
            self.entries.append(entry)
            return len(self.entries) - 1

    def read(self, start: int, count: int) -> list[bytes]:
        return self.entries[start : start + count]

    @property
    def size(self) -> int:
        return len(self.entries)

    def require_open(self) -> None:
        """It never stops."""


class SteppingClock:
    """A clock that a test sets; each reading of `now` moves it on by one millisecond."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def monotonic_ms(self) -> int:
        return int(self.moment.timestamp() * 1000)


def memory_keys() -> FileKeys:
    """A keeper whose root key was never on a disk."""
    return FileKeys(bytes(range(32)))
