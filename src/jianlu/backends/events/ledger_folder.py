"""The transparency log of this process as the vault's event log.

Every case of the home appends to this one log. The log itself, its journal and its tiles are in `ledger/`, which knows nothing
of evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jianlu.ledger.append import Ledger
from jianlu.ledger.read import read_entries

NAME = "tlog-tiles"
VERSION = "1"


class LedgerFolder:
    """`vault.ports.EventLog` over an open `Ledger` and its folder."""

    def __init__(self, ledger: Ledger, directory: Path) -> None:
        """Take an open ledger; whoever opened it closes it."""
        self._ledger = ledger
        self._directory = directory

    def append(self, entry: bytes) -> int:
        """As the port; durable by group commit with every other thread that appends."""
        return self._ledger.append(entry)

    def read(self, start: int, count: int) -> Sequence[bytes]:
        """As the port: what is acknowledged and not yet in tiles is published first, so that everything read is checked against a root."""
        if min(start + count, self._ledger.size) > self._ledger.published.size:
            self._ledger.publish()
        return read_entries(self._directory, start, count)

    @property
    def size(self) -> int:
        """As the port."""
        return self._ledger.size

    def require_open(self) -> None:
        """As the port."""
        self._ledger.require_open()
