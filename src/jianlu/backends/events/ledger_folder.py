"""The transparency log of this process as the vault's event log.

Every case of the home appends to this one log. The log itself, its journal and its tiles are in `ledger/`, which knows nothing
of evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.ledger.append import Ledger
from jianlu.ledger.read import read_checkpoint, read_claims, read_entries

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


class PublishedLedger:
    """`EventLog` over what a ledger's folder has published, for reading while nobody has the ledger; what is not published is not in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def append(self, entry: bytes) -> int:
        """UnavailableError: whoever only reads the folder has no ledger."""
        raise UnavailableError(f"an entry of {len(entry)} bytes is for whoever has the ledger, which this process only reads")

    def read(self, start: int, count: int) -> Sequence[bytes]:
        """As the port; IntegrityError when a tile is damaged."""
        return read_entries(self._directory, start, min(count, max(0, self.size - start)))

    @property
    def size(self) -> int:
        """Entries that the newest checkpoint claims; its signature is not checked here."""
        return read_claims(read_checkpoint(self._directory)).size

    def require_open(self) -> None:
        """UnavailableError, always."""
        raise UnavailableError("this process reads the ledger's folder alone: ask whoever has the ledger")
