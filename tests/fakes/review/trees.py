"""The tree of a vault whose ledger is in memory, made anew from its entries."""

from __future__ import annotations

from jianlu.core.formats.proof import leaf_hash
from jianlu.core.formats.tree import TreeEdge
from jianlu.judge.review.model import Tree
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import ORIGIN


def tree_of(vault: VaultPorts, size: int) -> Tree:
    """The tree of the vault's first `size` entries."""
    edge = TreeEdge()
    for entry in vault.ledger.read(0, size):
        edge.append(leaf_hash(entry))
    return Tree(ORIGIN, size, edge.root().hex())
