"""The part of a package that proves its history: events, positions, checkpoint, proofs and hash tiles.

The ledger's folder is read, never written. The formats are C2SP tlog-tiles, tlog-proof and signed note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint
from jianlu.core.formats.event import Event
from jianlu.core.formats.package import (
    ANCHORS_PREFIX,
    CHECKPOINT,
    EVENTS,
    POSITIONS,
    RESEALED_EVENTS,
    RESEALED_POSITIONS,
    proof_path,
)
from jianlu.core.formats.proof import TlogProof
from jianlu.core.formats.tile import TileName, levels_of, tiles_of
from jianlu.core.formats.tree import tiles_for_consistency, tiles_for_inclusion
from jianlu.ledger.anchors.folder import anchor_files, anchors_for
from jianlu.ledger.read import open_tree
from jianlu.vault.case_log import CaseLog

WHOLE_LEAVES_MAX = 1 << 17
"""Up to this tree size all leaf tiles (4 MiB) go along, so that a checkpoint saved at any moment can be compared; beyond
it those of the case and all higher tiles do, which still covers every checkpoint at a full tile's edge."""


def history_entries(
    log: CaseLog, ledger_directory: Path, resealed: Sequence[tuple[int, Event]] = ()
) -> tuple[Checkpoint, Iterator[tuple[str, bytes]]]:
    """The checkpoint, and the entries under `ledger/` in order; raises UnavailableError when events are not published yet.

    `resealed` are the events of the case's reseal chain with their positions, none where nothing of it was sealed anew.
    """
    note, tree = open_tree(ledger_directory)
    positions = [log.position_of(event.n) for event in log.events]
    places = sorted([*positions, *(position for position, _ in resealed)])
    if places and places[-1] >= tree.size:
        raise UnavailableError("the ledger has not published the case's last events yet: publish, then write the package")
    checkpoint = claimed_checkpoint(note)
    anchors = anchors_for(ledger_directory, positions[-1] if positions else 0, tree.size)
    for anchor in anchors:
        tree.check_extends(anchor.checkpoint)

    def entries() -> Iterator[tuple[str, bytes]]:
        yield EVENTS, _bundle(log.events)
        yield POSITIONS, canonical_bytes(positions)
        if resealed:
            yield RESEALED_EVENTS, _bundle([event for _, event in resealed])
            yield RESEALED_POSITIONS, canonical_bytes([position for position, _ in resealed])
        yield CHECKPOINT, note
        for position in places:
            yield proof_path(position), TlogProof(position, tuple(tree.inclusion_proof(position)), note).content
        for name in _tiles(places, tree.size, [anchor.size for anchor in anchors]):
            yield f"ledger/{name.path}", b"".join(tree.tile(name))
        for file, content in anchor_files(ledger_directory, anchors):
            yield f"{ANCHORS_PREFIX}{file}", content

    return checkpoint, entries()


def _bundle(events: Sequence[Event]) -> bytes:
    return b"".join(len(event.content).to_bytes(2, "big") + event.content for event in events)


def _tiles(positions: Sequence[int], size: int, earlier_sizes: Sequence[int]) -> list[TileName]:
    names = set(tiles_for_inclusion(positions, size))
    for earlier in earlier_sizes:
        names |= tiles_for_consistency(earlier, size)
    for level in levels_of(size):
        if level > 0 or size <= WHOLE_LEAVES_MAX:
            names |= set(tiles_of(size, level))
    return sorted(names)
