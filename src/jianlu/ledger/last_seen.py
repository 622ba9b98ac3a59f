"""The checkpoint at the last closing, kept in the home beside the ledger's folder.

A folder put back from an older backup does not extend it, and is refused.
"""

from __future__ import annotations

from pathlib import Path

FILE = "last-checkpoint"


def last_seen(home: Path) -> bytes | None:
    """What `remember` kept; None for a ledger that was never closed."""
    seen = home / FILE
    return seen.read_bytes() if seen.exists() else None


def remember(home: Path, checkpoint: bytes) -> None:
    """Keep the signed checkpoint in place of the one before."""
    fresh = home / f".{FILE}.new"
    fresh.write_bytes(checkpoint)
    fresh.replace(home / FILE)
