"""Proofs from a ledger folder: inclusion as c2sp.org/tlog-proof, consistency as hashes, and the tiles a package carries.

All of them come from tiles that were checked against the checkpoint's root, so a damaged folder gives an error and never a
wrong proof. Checking proofs is in `core.formats.proof`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.proof import TlogProof
from jianlu.core.formats.tile import check_position
from jianlu.core.formats.tree import TileTree, tiles_for_consistency, tiles_for_inclusion
from jianlu.ledger.read import open_tree, read_claims, tile_reader


def prove_inclusion(directory: Path, index: int, *, checkpoint: bytes | None = None) -> str:
    """The tlog-proof that entry `index` is in the ledger under its newest checkpoint, or under an earlier saved `checkpoint`.

    Raises NotFoundError when there is no ledger, UnavailableError when the checkpoint does not cover the entry yet (publish
    first), IntegrityError when tiles are missing or altered or the saved checkpoint is not of this ledger's history.
    """
    note, tree = _tree_under(directory, checkpoint)
    if index >= tree.size:
        raise UnavailableError(f"entry {index} is not covered by a checkpoint of {tree.size} entries: publish first")
    check_position(index, tree.size)
    return TlogProof(index, tuple(tree.inclusion_proof(index)), note).content.decode()


def prove_entries(directory: Path, indices: Iterable[int]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """The newest checkpoint, and for each of `indices` the inclusion hashes under it, leaf's sibling first.

    Raises as `prove_inclusion`.
    """
    note, tree = open_tree(directory)
    wanted = list(indices)
    if wanted and max(wanted) >= tree.size:
        raise UnavailableError(f"entry {max(wanted)} is not covered by a checkpoint of {tree.size} entries: publish first")
    return note, [tuple(tree.inclusion_proof(index)) for index in wanted]


def prove_consistency(directory: Path, old_size: int, new_size: int | None = None) -> list[bytes]:
    """The hashes that prove that the ledger of `old_size` entries is a prefix of that of `new_size` (default: published now).

    Raises NotFoundError, InvalidError when the sizes are not in order, UnavailableError when `new_size` is not published yet,
    IntegrityError for missing or altered tiles.
    """
    _, tree = open_tree(directory)
    if new_size is not None and new_size > tree.size:
        raise UnavailableError(f"the ledger's checkpoint covers {tree.size} entries, not {new_size}: publish first")
    if new_size is not None and new_size < tree.size:
        tree = TileTree(new_size, tree.root_at(new_size), tile_reader(directory, tree.size))
    return tree.consistency_proof(old_size)


def gather_tiles(
    directory: Path, indices: Iterable[int], *, earlier_sizes: Iterable[int] = (), checkpoint: bytes | None = None
) -> dict[str, bytes]:
    """The hash tiles, by path, with which a `TileTree` shows the entries `indices` and the roots at `earlier_sizes`.

    They belong to the newest checkpoint, or to the saved `checkpoint`, and are checked against its root. Raises as `prove_inclusion`.
    """
    wanted = sorted(set(indices))
    _, tree = _tree_under(directory, checkpoint)
    if wanted and wanted[-1] >= tree.size:
        raise UnavailableError(f"entry {wanted[-1]} is not covered by a checkpoint of {tree.size} entries: publish first")
    names = tiles_for_inclusion(wanted, tree.size)
    for size in earlier_sizes:
        names |= tiles_for_consistency(size, tree.size)
    return {name.path: b"".join(tree.tile(name)) for name in sorted(names)}


def _tree_under(directory: Path, checkpoint: bytes | None) -> tuple[bytes, TileTree]:
    note, tree = open_tree(directory)
    if checkpoint is None:
        return note, tree
    claims = read_claims(checkpoint)
    tree.check_extends(claims)
    return checkpoint, TileTree.of(claims, tile_reader(directory, tree.size))
