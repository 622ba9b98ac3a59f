"""The transparency log as the vault's list of entries: `ports.EventLog` over an open `ledger.Ledger` and its folder.

Entries that are published are read from the folder, bound to its checkpoint; those of the last second from memory.
"""

from __future__ import annotations

import threading
from pathlib import Path

from jianlu.ledger.append import Ledger
from jianlu.ledger.read import read_entries


class LedgerLog:
    """`ports.EventLog` for one process; all appends of the process must go through one of these."""

    def __init__(self, ledger: Ledger, directory: Path) -> None:
        self._ledger = ledger
        self._directory = directory
        self._recent: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def append(self, entry: bytes) -> int:
        """As the port."""
        position = self._ledger.append(entry)
        with self._lock:
            self._recent[position] = entry
            published = self._ledger.published.size
            while (oldest := next(iter(self._recent))) < published:
                del self._recent[oldest]
                if not self._recent:
                    break
        return position

    def read(self, start: int, count: int) -> list[bytes]:
        """As the port; publishes first where an entry is neither published nor remembered."""
        end = min(start + count, self._ledger.size)
        published = min(self._ledger.published.size, end)
        with self._lock:
            recent = [self._recent.get(position) for position in range(max(start, published), end)]
        found = [entry for entry in recent if entry is not None]
        if len(found) < len(recent):
            self._ledger.publish()
            return read_entries(self._directory, start, count)
        return [*(read_entries(self._directory, start, published - start) if start < published else []), *found]

    @property
    def size(self) -> int:
        """As the port."""
        return self._ledger.size
