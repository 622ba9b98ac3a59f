"""What writing a package needs: the vault, the ledger folder with its key, and who signs.

The ports inside are those of the vault and the ledger, and one of its own: who gives a recording content credentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from jianlu.core.formats.note import VerifierKey
from jianlu.ledger.ports import Signer
from jianlu.vault.ports import VaultPorts


class Credentials(Protocol):
    """Content credentials (C2PA) of recordings that leave the house."""

    def credentials(self, recording: BinaryIO, said: dict[str, Any]) -> bytes:
        """The box to put right behind the recording's `ftyp`, with `said` as an assertion of ours.

        UnavailableError when it cannot be signed, IntegrityError when signing would change the recording.
        """
        ...


@dataclass(frozen=True, slots=True)
class PackagePorts:
    """The ledger folder must be published up to the case's last event (`Ledger.publish`) before a package is written."""

    vault: VaultPorts
    ledger_directory: Path
    ledger_key: VerifierKey
    signer: Signer
    credentials: Credentials | None = None
