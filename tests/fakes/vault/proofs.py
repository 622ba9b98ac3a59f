"""Proofs from a ledger in memory, made the long way (RFC 6962, section 2.1.1), under a checkpoint that a test's own key signed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.proof import leaf_hash, node_hash
from jianlu.deliver.oversight.certificates import Proved
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import create_signer_key, load_signer, sign_note
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import ORIGIN


def some_signer() -> Signer:
    """A ledger's signer of this test's own."""
    with TemporaryDirectory() as folder:
        create_signer_key(Path(folder) / "key", ORIGIN)
        return load_signer(Path(folder) / "key")


def proved(vault: VaultPorts, positions: Sequence[int], signer: Signer) -> Proved:
    """A checkpoint over the whole ledger and the path of each position."""
    leaves = [leaf_hash(entry) for entry in vault.ledger.read(0, vault.ledger.size)]
    note = sign_note(Checkpoint(ORIGIN, len(leaves), _root(leaves)).text, signer)
    return Proved(signer.key, note, [tuple(_path(position, leaves)) for position in positions])


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    at = _split(len(leaves))
    return node_hash(_root(leaves[:at]), _root(leaves[at:]))


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    at = _split(len(leaves))
    if index < at:
        return [*_path(index, leaves[:at]), _root(leaves[at:])]
    return [*_path(index - at, leaves[at:]), _root(leaves[:at])]
