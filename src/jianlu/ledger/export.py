"""Export: a plain tlog-tiles folder for somebody else, checked while it is copied.

It has no journal and no lock, so nobody can go on writing it by mistake.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.tile import ENTRIES_LEVEL, encode_bundle, levels_of, tiles_of
from jianlu.core.formats.tree import TileTree
from jianlu.ledger._folder import CHECKPOINT, UNFINISHED, make_directories, put_files
from jianlu.ledger.anchors.folder import ANCHORS
from jianlu.ledger.read import open_tree, read_bundle, read_claims
from jianlu.runtime.durable import sync_directory

_FILES_AT_ONCE = 64


def export_ledger(directory: Path, destination: Path) -> Checkpoint:
    """Copy the published ledger in `directory` to the new folder `destination`; returns what its checkpoint claims.

    Every entry and hash is checked against the checkpoint's root on the way (its signature is for `fsck` to check), and
    `destination` appears only when it is whole. Raises NotFoundError when there is no ledger, ConflictError when
    `destination` exists, IntegrityError for missing or altered files, UnavailableError when the disk fails.
    """
    if destination.exists():
        raise ConflictError(f"{destination} exists already: give a new folder")
    note, tree = open_tree(directory)
    unfinished = destination.with_name(f".{destination.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        make_directories(unfinished / "tile")
        _copy(directory, unfinished, tree)
        if (directory / ANCHORS).is_dir():  # vouched for by others, so checked by whoever trusts those; see fsck
            shutil.copytree(directory / ANCHORS, unfinished / ANCHORS, ignore=shutil.ignore_patterns(f".*{UNFINISHED}"))
        put_files(unfinished, [(CHECKPOINT, note)])
        unfinished.rename(destination)
        sync_directory(destination.parent)
    except OSError as error:
        raise UnavailableError(f"the ledger cannot be copied to {destination} ({error.strerror})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return read_claims(note)


def _copy(directory: Path, destination: Path, tree: TileTree) -> None:
    files: list[tuple[str, bytes]] = []
    for level in (ENTRIES_LEVEL, *levels_of(tree.size)):
        for name in tiles_of(tree.size, level):
            content = encode_bundle(read_bundle(directory, name, tree)) if level == ENTRIES_LEVEL else b"".join(tree.tile(name))
            files.append((name.path, content))
            if len(files) == _FILES_AT_ONCE:
                put_files(destination, files)
                files.clear()
    put_files(destination, files)
