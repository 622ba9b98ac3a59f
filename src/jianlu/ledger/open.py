"""Opening a ledger for writing: lock it, check what is published, recover what was acknowledged.

Nothing is signed before the folder has proved that it is ours and whole: the checkpoint carries our signature, the tiles
give its root, the journal continues it without a hole.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint, verify_checkpoint
from jianlu.core.formats.proof import leaf_hash
from jianlu.core.formats.tile import ENTRIES_LEVEL, TILE_WIDTH, TileName, levels_of, tile_at
from jianlu.core.formats.tree import TileTree
from jianlu.ledger._folder import CHECKPOINT, JOURNAL, LOCK, put_files, read_part
from jianlu.ledger._journal import Journal, JournalContent, read_journal
from jianlu.ledger.append import Ledger
from jianlu.ledger.model import PUBLISH_EVERY_MS
from jianlu.ledger.ports import Signer
from jianlu.ledger.publish import Publisher, remove_partials
from jianlu.ledger.read import read_bundle, read_checkpoint


def open_ledger(
    directory: Path, *, signer: Signer, publish_every_ms: int | None = PUBLISH_EVERY_MS, saved_checkpoint: bytes | None = None
) -> Ledger:
    """The ledger in `directory`, open for appending; every entry that was ever acknowledged is in it, published.

    With `saved_checkpoint` (kept elsewhere) the ledger must extend it. Raises NotFoundError when there is no ledger,
    ConflictError when somebody has it open, IntegrityError when it is not ours, altered, rolled back, or a copy without
    journal, UnavailableError when the disk fails.
    """
    try:
        read_checkpoint(directory)
        lock_handle = _lock(directory)
    except OSError as error:
        raise UnavailableError(f"the ledger in {directory} cannot be opened ({error.strerror})") from error
    try:
        return _recover(directory, signer, lock_handle, publish_every_ms, saved_checkpoint)
    except BaseException as error:
        os.close(lock_handle)
        if isinstance(error, OSError):
            raise UnavailableError(f"the ledger in {directory} cannot be opened ({error.strerror})") from error
        raise


def _lock(directory: Path) -> int:
    handle = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise ConflictError("the ledger is open in another process: one writer at a time") from error
    return handle


def _recover(directory: Path, signer: Signer, lock_handle: int, publish_every_ms: int | None, saved: bytes | None) -> Ledger:
    note = read_checkpoint(directory)
    checkpoint = _own_checkpoint(note, signer)
    tree = TileTree.of(checkpoint, lambda path: read_part(directory, path))
    if saved is not None:
        tree.check_extends(_own_checkpoint(saved, signer))
    edge = tile_at(ENTRIES_LEVEL, checkpoint.size // TILE_WIDTH, checkpoint.size)
    bundle = read_bundle(directory, edge, tree) if edge else []
    recovered = _unpublished(read_journal(directory / JOURNAL), tree)
    publisher = Publisher(directory, signer, note, checkpoint, bundle)
    put_files(directory, [(CHECKPOINT, note)])  # its last sync may have failed, and the journal before it goes now
    journal = Journal(directory / JOURNAL, checkpoint.size, recovered)
    publisher.publish(recovered)
    _remove_replaced_partials(directory, publisher.checkpoint.size)
    return Ledger(journal=journal, publisher=publisher, lock_handle=lock_handle, publish_every_ms=publish_every_ms)


def _own_checkpoint(note: bytes, signer: Signer) -> Checkpoint:
    try:
        return verify_checkpoint(note, [signer.key], origin=signer.key.name)
    except InvalidError as error:
        raise IntegrityError(f"the ledger's checkpoint is damaged: {error}") from error


def _unpublished(journal: JournalContent, tree: TileTree) -> list[bytes]:
    """The journal's entries after the tree's last; raises IntegrityError when the journal ends before it or contradicts it."""
    if journal.end < tree.size:
        raise IntegrityError(
            f"the journal ends at entry {journal.end}, the checkpoint covers {tree.size}: the journal was rolled back"
        )
    for index, entry in journal.entries.items():
        if index < tree.size and tree.leaf_hash(index) != leaf_hash(entry):
            raise IntegrityError(
                f"the journal and the tiles hold different entries {index}: one of them was rolled back or altered"
            )
    try:
        return [journal.entries[index] for index in range(tree.size, journal.end)]
    except KeyError as error:
        raise IntegrityError(f"the journal lacks the acknowledged entry {error.args[0]}") from error


def _remove_replaced_partials(directory: Path, size: int) -> None:
    """Clear what a crash left beside the last full tiles; older ones lie in other directories and were cleared before."""
    for level in (ENTRIES_LEVEL, *levels_of(size)):
        unfinished = size >> 8 * (max(level, 0) + 1)
        for index in range(unfinished - unfinished % 1000, unfinished):
            if (directory / f"{TileName(level, index).path}.p").exists():
                remove_partials(directory, TileName(level, index))
