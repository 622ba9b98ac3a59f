"""Reading a ledger folder, beside its writer or anywhere else: checkpoint, entries, the tree over them.

Every entry handed out is bound to the checkpoint in the folder. Whether that checkpoint is signed by the right key is
for the caller to ask (`core.formats.checkpoint.verify_checkpoint`) or for `fsck`.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint
from jianlu.core.formats.proof import leaf_hash
from jianlu.core.formats.tile import ENTRIES_LEVEL, TILE_WIDTH, TileName, decode_bundle, parse_tile_path, tile_at
from jianlu.core.formats.tree import ReadTile, TileTree
from jianlu.ledger._folder import CHECKPOINT, read_part


def read_checkpoint(directory: Path) -> bytes:
    """The signed checkpoint of the ledger in `directory`, its signature not verified; raises NotFoundError when there is none.

    UnavailableError, here and in every function of this module, when the disk does not give what is there.
    """
    note = _read(directory, CHECKPOINT)
    if note is None:
        raise NotFoundError(f"there is no ledger in {directory}: give the folder that holds the file checkpoint")
    return note


def read_tile(directory: Path, name: TileName) -> bytes | None:
    """The published tile or bundle `name` as it lies there, unverified, None where there is none; whoever gets it checks it."""
    return _read(directory, name.path)


def read_entries(directory: Path, start: int, count: int) -> list[bytes]:
    """The published entries from number `start` on, at most `count` and fewer at the end, each checked against the root.

    Raises NotFoundError when there is no ledger, InvalidError for negative numbers, IntegrityError for missing or altered files.
    """
    if start < 0 or count < 0:
        raise InvalidError("entries are counted from 0")
    _, tree = open_tree(directory)
    end = min(start + count, tree.size)
    entries: list[bytes] = []
    for index in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        name = tile_at(ENTRIES_LEVEL, index, tree.size)
        if name is None:
            break
        offset = index * TILE_WIDTH
        entries += read_bundle(directory, name, tree)[max(start - offset, 0) : end - offset]
    return entries


def open_tree(directory: Path) -> tuple[bytes, TileTree]:
    """The checkpoint in `directory` and its tree, whose right edge gives its root; the signature is not verified.

    Raises NotFoundError when there is no ledger, IntegrityError when checkpoint or tiles are damaged.
    """
    note = read_checkpoint(directory)
    checkpoint = read_claims(note)
    return note, TileTree.of(checkpoint, tile_reader(directory, checkpoint.size))


def read_claims(note: bytes) -> Checkpoint:
    """What a checkpoint read from a folder claims; raises IntegrityError when it is damaged."""
    try:
        return claimed_checkpoint(note)
    except InvalidError as error:
        raise IntegrityError(f"the ledger's checkpoint is damaged: {error}") from error


def tile_reader(directory: Path, size: int) -> ReadTile:
    """How a `TileTree` reads the folder: a partial tile that is not there is cut from the one that a tree of `size` has."""

    def read(path: str) -> bytes | None:
        content = _read(directory, path)
        if content is not None:
            return content
        name = parse_tile_path(path)
        wider = tile_at(name.level, name.index, size)
        return _read(directory, wider.path) if wider is not None else None

    return read


def _read(directory: Path, path: str) -> bytes | None:
    try:
        return read_part(directory, path)
    except OSError as error:
        raise UnavailableError(f"{path} of the ledger cannot be read ({error.strerror}): check the disk and try again") from error


def read_bundle(directory: Path, name: TileName, tree: TileTree) -> list[bytes]:
    """The entries of the bundle `name`, each hashing to its leaf in `tree`; raises IntegrityError, naming path and entry."""
    content = _read(directory, name.path)
    if content is None and not name.is_full:
        content = _read(directory, name.filled.path)
    if content is None:
        raise IntegrityError(f"{name.path} is missing")
    try:
        entries = decode_bundle(content, name.width)
    except InvalidError as error:
        raise IntegrityError(f"{name.path} was altered: {error}") from error
    for offset, (entry, leaf) in enumerate(zip(entries, tree.leaf_hashes(name), strict=True)):
        if leaf_hash(entry) != leaf:
            raise IntegrityError(f"{name.path} was altered: entry {name.index * TILE_WIDTH + offset} does not hash to its leaf")
    return entries
