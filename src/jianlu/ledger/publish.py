"""Publishing: entries become bundles and tiles, and a checkpoint is signed over them, last.

The order is the guarantee: whatever moment the power fails, the checkpoint in the folder is one whose tiles and bundles
are all durable. Who publishes when is decided in `append`.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.proof import leaf_hash
from jianlu.core.formats.tile import ENTRIES_LEVEL, TILE_WIDTH, TileName, encode_bundle
from jianlu.core.formats.tree import TileTree, TreeEdge
from jianlu.ledger._folder import CHECKPOINT, put_files, read_part
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import sign_note


class Publisher:
    """The published end of a ledger: its last checkpoint, the tree's edge, the entries of the unfinished bundle.

    Not thread-safe. After any exception the object no longer agrees with the folder and must be thrown away.
    """

    def __init__(self, directory: Path, signer: Signer, note: bytes, checkpoint: Checkpoint, bundle: Sequence[bytes]) -> None:
        """Continue the ledger in `directory` from its verified `checkpoint` (`note` its bytes) and last unfinished `bundle`.

        Raises IntegrityError when the tiles do not give the checkpoint's root.
        """
        self._directory = directory
        self._signer = signer
        self._bundle = list(bundle)
        self._edge = TreeEdge.of(TileTree.of(checkpoint, self._read))
        self.note = note
        self.checkpoint = checkpoint

    def publish(self, entries: Sequence[bytes]) -> bytes:
        """Integrate `entries`, write what changed, sign the new checkpoint, and return it; durable on return.

        Raises IntegrityError, and signs nothing, when somebody else changed the checkpoint or when the tiles as they are on
        the disk do not extend the last one; OSError when they cannot be written.
        """
        if not entries:
            return self.note
        finished = self._integrate(entries)
        size = self._edge.size
        partial = [*self._edge.partial_tiles()]
        if self._bundle:
            partial.append((TileName(ENTRIES_LEVEL, size // TILE_WIDTH, len(self._bundle)), encode_bundle(self._bundle)))
        put_files(self._directory, [(name.path, content) for name, content in [*finished, *partial]])
        checkpoint = Checkpoint(self.checkpoint.origin, size, self._edge.root())
        self._check_before_signing(checkpoint)
        note = sign_note(checkpoint.text, self._signer)
        put_files(self._directory, [(CHECKPOINT, note)])
        self.note, self.checkpoint = note, checkpoint
        for name, _ in finished:
            remove_partials(self._directory, name)
        return note

    def _integrate(self, entries: Sequence[bytes]) -> list[tuple[TileName, bytes]]:
        finished = []
        for entry in entries:
            self._bundle.append(entry)
            tiles = self._edge.append(leaf_hash(entry))
            if tiles:
                finished.append((TileName(ENTRIES_LEVEL, tiles[0][0].index), encode_bundle(self._bundle)))
                finished += tiles
                self._bundle.clear()
        return finished

    def _check_before_signing(self, checkpoint: Checkpoint) -> None:
        if self._read(CHECKPOINT) != self.note:
            raise IntegrityError(
                "the ledger's checkpoint was changed by somebody else while we hold the ledger: nothing was signed"
            )
        TileTree.of(checkpoint, self._read).check_extends(self.checkpoint)

    def _read(self, path: str) -> bytes | None:
        return read_part(self._directory, path)


def remove_partials(directory: Path, full: TileName) -> None:
    """Delete the partial tiles that the full one replaces; one that cannot be deleted does no harm and stays."""
    with contextlib.suppress(OSError):
        shutil.rmtree(directory / f"{full.path}.p")
