"""Whether others saw a larger or another history of this ledger: what a start and an fsck ask before they believe the folder.

A backup that is put back whole agrees with itself: signature, tiles, journal and the keeper's own notes are all of the same day. Only who
stands outside knows better: the witnesses, and anchors that were not put back with the rest. `specs/witness.md`, section "A stale copy".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError, JianluError
from jianlu.core.formats.checkpoint import Checkpoint, verify_checkpoint
from jianlu.core.formats.note import VerifierKey
from jianlu.core.formats.tree import TileTree
from jianlu.ledger.anchors.cosigning import RefusedError, ask_witness
from jianlu.ledger.anchors.folder import newest_first, published_anchor
from jianlu.ledger.ports import Witness
from jianlu.ledger.read import read_checkpoint, tile_reader

OWN_ANCHORS = "+anchors"
"""Stands in the place of a witness's name where our own anchors say it; no key's name has a plus sign."""

_CONTRADICTS = frozenset({"ahead", "forked"})
_LOOKS = 3
"""A ledger that grows between our look at it and the witness's answer is looked at again, so often at most."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody saw `theirs` entries of a history that this ledger does not extend; `reason`: `ahead` or `forked`."""

    name: str
    reason: str
    theirs: int


@dataclass(frozen=True, slots=True)
class History:
    """What was found: the ledger's size, who contradicts it, and who could not be asked or gave no usable answer."""

    size: int
    contradicted: tuple[Sighting, ...]
    unheard: tuple[tuple[str, JianluError], ...]


def ask_history(directory: Path, key: VerifierKey, witnesses: Sequence[Witness]) -> History:
    """Ask each of `witnesses` once whether the published ledger in `directory`, signed by `key`, extends what it saw, and our own anchors.

    A witness that is away does not count against the ledger, nor one that answers nonsense. Writes nothing here; a witness that saw less
    cosigns, as always. IntegrityError when the checkpoint is not signed by `key` or the tiles do not give its root.
    """
    contradicted: list[Sighting] = []
    unheard: list[tuple[str, JianluError]] = []
    for witness in witnesses:
        try:
            _ask(directory, key, witness)
        except RefusedError as error:
            if error.code in _CONTRADICTS:
                contradicted.append(Sighting(witness.key.name, error.code, error.theirs))
            else:
                unheard.append((witness.key.name, error))
        except JianluError as error:
            unheard.append((witness.key.name, error))
    checkpoint = verify_checkpoint(read_checkpoint(directory), [key], origin=key.name)
    own = _of_anchors(directory, key, checkpoint)
    return History(checkpoint.size, (*contradicted, *([own] if own else ())), tuple(unheard))


def _ask(directory: Path, key: VerifierKey, witness: Witness) -> None:
    anchor = published_anchor(directory, key)
    for look in range(_LOOKS):
        try:
            ask_witness(directory, witness, anchor, 0)
            return
        except RefusedError as error:
            newer = published_anchor(directory, key)
            if error.code != "ahead" or newer.size == anchor.size or look == _LOOKS - 1:
                raise
            anchor = newer


def _of_anchors(directory: Path, key: VerifierKey, checkpoint: Checkpoint) -> Sighting | None:
    """Our newest anchor that the ledger's key signed, if the ledger does not extend it; one that it did not sign proves nothing."""
    for anchor in newest_first(directory):
        try:
            kept = verify_checkpoint(anchor.note, [key], origin=key.name)
        except (IntegrityError, InvalidError):
            continue
        if kept.size > checkpoint.size:
            return Sighting(OWN_ANCHORS, "ahead", kept.size)
        try:
            TileTree.of(checkpoint, tile_reader(directory, checkpoint.size)).check_extends(kept)
        except IntegrityError:
            return Sighting(OWN_ANCHORS, "forked", kept.size)
        return None
    return None
