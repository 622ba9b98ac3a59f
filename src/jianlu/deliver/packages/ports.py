"""What writing a package needs: the vault, the ledger folder with its key, and who signs.

One dataclass and no Protocol: the ports inside are those of the vault and the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jianlu.core.formats.note import VerifierKey
from jianlu.ledger.ports import Signer
from jianlu.vault.ports import VaultPorts


@dataclass(frozen=True, slots=True)
class PackagePorts:
    """The ledger folder must be published up to the case's last event (`Ledger.publish`) before a package is written."""

    vault: VaultPorts
    ledger_directory: Path
    ledger_key: VerifierKey
    signer: Signer
