"""Checks the history: checkpoint, events, their place in the ledger, the chain of the case, the caller's saved checkpoint.

The formats are C2SP tlog-tiles, tlog-proof and signed note; `specs/package.md` 4.2 and 4.7. Contents of sealed objects are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from jianlu.core.errors import IntegrityError, InvalidError, JianluError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.checkpoint import Checkpoint, verify_checkpoint
from jianlu.core.formats.event import FIRST_PREV, Event, check_chain, parse_event
from jianlu.core.formats.note import VerifierKey
from jianlu.core.formats.package import (
    CHECKPOINT,
    EVENTS,
    POSITIONS,
    PROOFS_PREFIX,
    RESEALED_EVENTS,
    RESEALED_POSITIONS,
    TILE_PREFIX,
    Manifest,
    proof_path,
)
from jianlu.core.formats.proof import PROOF_BYTES_MAX, leaf_hash, parse_proof, verify_inclusion
from jianlu.core.formats.tree import TileTree
from jianlu.core.limits import CASE_EVENTS_MAX, EVENT_BYTES_MAX, NOTE_BYTES_MAX
from jianlu.core.terms.events import EventType
from jianlu.verify._archive import Archive
from jianlu.verify._problem import problem_at
from jianlu.verify.model import Problem, Where
from jianlu.verify.problems import Code
from jianlu.verify.trust import SavedCheckpoint

_LENGTH_BYTES = 2


@dataclass(slots=True)
class History:
    """What could be read of the case's history; `events` are those that parse, in order; `resealed` those of its reseal chain."""

    checkpoint: Checkpoint | None = None
    checkpoint_note: bytes = b""
    tree: TileTree | None = None
    entries: list[bytes] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    resealed: list[Event] = field(default_factory=list)
    resealed_places: list[tuple[bytes, int]] = field(default_factory=list)


def check_history(archive: Archive, manifest: Manifest, key: VerifierKey, found: History) -> Iterator[Problem]:
    """All checks of section 4.2 but the saved checkpoint; fills `found` with what is readable."""
    yield from _read_checkpoint(archive, manifest, key, found)
    yield from _read_events(archive, manifest, found)
    yield from _read_resealed(archive, manifest, found)
    yield from _check_places(archive, found)
    yield from _check_chain(found)


def check_saved(saved: SavedCheckpoint, key: VerifierKey, found: History) -> Iterator[Problem]:
    """The package's checkpoint and tiles against a checkpoint that the caller kept (section 4.7)."""
    if found.checkpoint is None or found.tree is None:
        yield problem_at(Code.CHECKPOINT_UNPROVEN, path=CHECKPOINT)
        return
    try:
        kept = saved.verified(key)
    except JianluError as error:
        yield problem_at(Code.CHECKPOINT_FORKED, path=CHECKPOINT, detail=f"saved checkpoint: {error}")
        return
    try:
        if kept.origin != found.checkpoint.origin:
            raise IntegrityError("the saved checkpoint is of another ledger")
        if kept.size > found.checkpoint.size:
            if not saved.check_extends(found.checkpoint, kept):
                yield problem_at(
                    Code.CHECKPOINT_AHEAD,
                    path=CHECKPOINT,
                    detail=f"ask the ledger's keeper for `jianlu ledger prove` from {found.checkpoint.size} to {kept.size}",
                )
            return
        missing = _roots(found.tree, kept)
    except IntegrityError as error:
        yield problem_at(Code.CHECKPOINT_FORKED, path=CHECKPOINT, detail=str(error))
        return
    if missing:
        yield problem_at(Code.CHECKPOINT_UNPROVEN, path=CHECKPOINT, detail=missing)


def _roots(tree: TileTree, kept: Checkpoint) -> str:
    """Raise IntegrityError when the tree never had the root of `kept`; "" when it had, the reason when tiles are lacking."""
    try:
        root = tree.root_at(kept.size)
    except IntegrityError as error:
        return str(error)
    if root != kept.root:
        raise IntegrityError(f"the first {kept.size} entries are not those of the saved checkpoint")
    return ""


def _read_checkpoint(archive: Archive, manifest: Manifest, key: VerifierKey, found: History) -> Iterator[Problem]:
    try:
        found.checkpoint_note = archive.document(CHECKPOINT, NOTE_BYTES_MAX)
        checkpoint = verify_checkpoint(found.checkpoint_note, [key], origin=manifest.origin)
        found.checkpoint = checkpoint
    except JianluError as error:
        yield problem_at(Code.CHECKPOINT, path=CHECKPOINT, detail=str(error))
        return
    try:
        found.tree = TileTree.of(checkpoint, archive.tile)
    except JianluError as error:
        yield problem_at(Code.CHECKPOINT, path=TILE_PREFIX.rstrip("/"), detail=str(error))


def _read_events(archive: Archive, manifest: Manifest, found: History) -> Iterator[Problem]:
    try:
        found.entries = list(_split(archive.document(EVENTS, CASE_EVENTS_MAX * (EVENT_BYTES_MAX + _LENGTH_BYTES))))
        found.positions = _positions(archive.document(POSITIONS))
        if len(found.positions) != len(found.entries):
            raise InvalidError("there are not as many positions as events")
    except JianluError as error:
        yield problem_at(Code.EVENTS_MALFORMED, path=EVENTS, detail=str(error))
    for number, entry in enumerate(found.entries):
        try:
            event = parse_event(entry)
            if (event.tenant, event.case) != (manifest.tenant, manifest.case):
                raise InvalidError("it belongs to another case")
            found.events.append(event)
        except InvalidError as error:
            yield problem_at(Code.EVENTS_MALFORMED, path=EVENTS, detail=f"event {number}: {error}")


def _read_resealed(archive: Archive, manifest: Manifest, found: History) -> Iterator[Problem]:
    """The reseal chain of the case, where the package has one; what it says is for `resealed.py`."""
    if RESEALED_EVENTS not in archive.entries and RESEALED_POSITIONS not in archive.entries:
        return
    try:
        entries = list(_split(archive.document(RESEALED_EVENTS, CASE_EVENTS_MAX * (EVENT_BYTES_MAX + _LENGTH_BYTES))))
        positions = _positions(archive.document(RESEALED_POSITIONS))
        if len(positions) != len(entries) or not entries or positions != sorted(set(positions)):
            raise InvalidError("there are not as many ascending positions as events")
        found.resealed_places = list(zip(entries, positions, strict=True))
        found.resealed = [parse_event(entry) for entry in entries]
        if any(event.tenant != manifest.tenant for event in found.resealed):
            raise InvalidError("an event belongs to another tenant")
        check_chain(found.resealed)
    except JianluError as error:
        yield problem_at(Code.EVENTS_BROKEN, path=RESEALED_EVENTS, detail=str(error))


def _check_places(archive: Archive, found: History) -> Iterator[Problem]:
    """Each event is at its position, by the tiles and by its tlog-proof."""
    if found.checkpoint is None:
        return
    places = [*zip(found.entries, found.positions, strict=False), *found.resealed_places]
    expected = {proof_path(index) for _, index in places} | {proof_path(index) for index in found.positions}
    for name in archive.entries:
        if name.startswith(PROOFS_PREFIX) and name not in expected:
            yield problem_at(Code.EVENT_NOT_LOGGED, path=name, detail="a proof of no event of the case")
    for entry, index in places:
        path = proof_path(index)
        leaf = leaf_hash(entry)
        try:
            if found.tree is not None and found.tree.leaf_hash(index) != leaf:
                raise IntegrityError(f"the ledger holds another entry at {index}")
            proof = parse_proof(archive.document(path, PROOF_BYTES_MAX))
            if proof.index != index or proof.checkpoint != found.checkpoint_note:
                raise IntegrityError("the proof is for another index or checkpoint")
            verify_inclusion(leaf, index, found.checkpoint.size, proof.hashes, found.checkpoint.root)
        except JianluError as error:
            yield _unlogged(entry, path, str(error))


def _unlogged(entry: bytes, path: str, detail: str) -> Problem:
    try:
        body = parse_event(entry).body
    except InvalidError:
        body = {}
    place = Where(*(body.get(name) if isinstance(body.get(name), int) else None for name in ("no", "from_ms", "to_ms")))
    return problem_at(Code.EVENT_NOT_LOGGED, path=path, place=place, detail=detail)


def _check_chain(found: History) -> Iterator[Problem]:
    prev = FIRST_PREV
    for expected, event in enumerate(found.events):
        if event.n != expected or event.prev != prev:
            yield problem_at(Code.EVENTS_BROKEN, path=EVENTS, detail=f"event {expected} is missing, doubled or altered")
            break
        prev = event.digest
    else:
        if not found.events or found.events[0].type is not EventType.PLAN_FROZEN:
            yield problem_at(Code.EVENTS_BROKEN, path=EVENTS, detail="the first event must freeze the plan")
    if sum(event.type is EventType.PLAN_FROZEN for event in found.events) > 1:
        yield problem_at(Code.EVENTS_BROKEN, path=EVENTS, detail="the plan is frozen twice")
    if found.positions != sorted(set(found.positions)):
        yield problem_at(Code.EVENTS_BROKEN, path=POSITIONS, detail="the positions do not ascend")
    last = found.events[-1] if found.events else None
    if last is None or last.type is not EventType.CASE_CLOSED or last.body.get("events") != len(found.events):
        segments = [event.body.get("to_ms") for event in found.events if event.type is EventType.SEGMENT_SEALED]
        from_ms = segments[-1] if segments and isinstance(segments[-1], int) else None
        yield problem_at(Code.CASE_NOT_CLOSED, path=EVENTS, from_ms=from_ms)


def _split(bundle: bytes) -> Iterator[bytes]:
    at, count = 0, 0
    while at < len(bundle):
        end = at + _LENGTH_BYTES + int.from_bytes(bundle[at : at + _LENGTH_BYTES], "big")
        count += 1
        if end > len(bundle) or count > CASE_EVENTS_MAX:
            raise InvalidError(f"the events are cut short or too many at event {count}")
        yield bundle[at + _LENGTH_BYTES : end]
        at = end


def _positions(content: bytes) -> list[int]:
    positions = parse_canonical(content)
    if not isinstance(positions, list) or not all(isinstance(p, int) and not isinstance(p, bool) and p >= 0 for p in positions):
        raise InvalidError("the positions must be a list of ledger indices")
    return positions
