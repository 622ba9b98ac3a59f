"""Blobs in memory that outlive their process, for benchmarks whose build takes hours and may be stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jianlu.vault.blob_names import folder_of_prefix
from jianlu.vault.ports import Buffer
from tests.fakes.vault.memory import MemoryBlobs


class KeptBlobs(MemoryBlobs):
    """Blobs in memory that are there again when the same file is opened, so that a build goes on."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute("CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, content BLOB NOT NULL)")
        self.contents.update(self._base.execute("SELECT name, content FROM blobs"))

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        super().put(name, parts)
        self.put_all({name: self.contents[name]})

    def put_all(self, blobs: Mapping[str, bytes]) -> None:
        """Keep what another process made, at once."""
        self.contents.update(blobs)
        self._base.execute("BEGIN")
        self._base.executemany("INSERT OR REPLACE INTO blobs (name, content) VALUES (?, ?)", blobs.items())
        self._base.execute("COMMIT")

    def names(self, prefix: str = "") -> Iterator[str]:
        """Out of an index, as a folder lists its own names without the others: there are a hundred thousand."""
        folder_of_prefix(prefix)
        query = "SELECT name FROM blobs WHERE name >= ? AND name < ? ORDER BY name"
        yield from [name for (name,) in self._base.execute(query, (prefix, f"{prefix}\U0010ffff"))]

    def delete(self, name: str) -> None:
        super().delete(name)
        self._base.execute("DELETE FROM blobs WHERE name = ?", (name,))
