"""What a ledger's folder has published, as a log that can be read while nobody has the ledger.

Whoever has the ledger writes it; here nothing is checked against a signature: whoever decides by what is read does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.ledger.read import read_checkpoint, read_claims, read_entries


class PublishedLedger:
    """Entries 0, 1, 2, ... as far as the newest checkpoint says; what was acknowledged since is not among them."""

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
