"""fsck: everything recomputed from the entries, every disagreement named by file and entry.

Bundles give leaf hashes, leaf hashes give tiles, tiles give the root, the root is in the signed checkpoint. Where two files
disagree, the one that the hash above confirms is right and the other is reported. Reads only, and may run beside a writer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.anchor import STAMP_SUFFIX, stamped
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint, verify_checkpoint
from jianlu.core.formats.note import VerifierKey, parse_verifier_key
from jianlu.core.formats.proof import leaf_hash
from jianlu.core.formats.tile import (
    ENTRIES_LEVEL,
    HASH_BYTES,
    TILE_WIDTH,
    TileName,
    decode_bundle,
    decode_tile,
    encode_bundle,
    levels_of,
    parse_tile_path,
    tile_at,
    tiles_of,
)
from jianlu.core.formats.tree import TileTree, TreeEdge
from jianlu.ledger._folder import CHECKPOINT, JOURNAL, LOCK, UNFINISHED, read_part
from jianlu.ledger.anchors.folder import ANCHORS, newest_first
from jianlu.ledger.model import PROBLEMS_LISTED_MAX, FsckReport, Problem
from jianlu.ledger.read import read_checkpoint, tile_reader

_Hashes = Sequence[bytes]


def fsck(directory: Path, key: VerifierKey | str, *, saved_checkpoint: bytes | None = None) -> FsckReport:
    """Check the ledger in `directory` against its public `key` (or vkey text), and against `saved_checkpoint` when given.

    Returns a report of every problem; damage never raises. Raises NotFoundError when there is no checkpoint to start from,
    InvalidError for a malformed vkey.
    """
    key = parse_verifier_key(key) if isinstance(key, str) else key
    check = _Check(directory)
    checkpoint = check.checkpoint(read_checkpoint(directory), key)
    if checkpoint is None:
        return FsckReport("", 0, "", tuple(check.problems), ())
    check.contents(checkpoint)
    check.other_files(checkpoint.size)
    if saved_checkpoint is not None and not check.problems:
        check.history(checkpoint, saved_checkpoint, key)
    if not check.problems:
        check.anchors(checkpoint, key)
    return FsckReport(checkpoint.origin, checkpoint.size, checkpoint.root.hex(), tuple(check.problems), tuple(check.remarks))


class _Check:
    """One run over one folder; collects problems and remarks."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []

    def checkpoint(self, note: bytes, key: VerifierKey) -> Checkpoint | None:
        """What the checkpoint claims, reported when it is not signed; None when it cannot even be read."""
        try:
            return verify_checkpoint(note, [key], origin=key.name)
        except (IntegrityError, InvalidError) as error:
            self._problem(CHECKPOINT, None, str(error))
        try:
            return claimed_checkpoint(note)
        except InvalidError:
            return None

    def contents(self, checkpoint: Checkpoint) -> None:
        """Bundles against tiles, tiles against each other, and all against the root."""
        edge = TreeEdge()
        at_edge: tuple[_Hashes, _Hashes] | None = None
        for name in tiles_of(checkpoint.size, ENTRIES_LEVEL):
            from_bundle, from_tile = self._bundle_leaves(name), self._tile(TileName(0, name.index, name.width))
            leaves: _Hashes | None = from_bundle or from_tile
            if from_bundle and from_tile and from_bundle != from_tile:
                if name.is_full:
                    leaves = self._judge_leaves(name, from_bundle, from_tile, checkpoint.size)
                else:
                    at_edge = (from_bundle, from_tile)
            if leaves is None:
                self._problem(CHECKPOINT, None, f"the root hash cannot be recomputed without {name.path}")
                return
            if at_edge is None:
                for tile, content in (made for leaf in leaves for made in edge.append(leaf)):
                    self._compare_upper(tile, content)
        if at_edge is not None:
            self._judge_edge(edge, at_edge, checkpoint)
        for tile, content in edge.partial_tiles():
            self._compare_upper(tile, content)
        if edge.root() != checkpoint.root:
            self._problem(
                CHECKPOINT, None, "the root hash does not follow from the entries: entries or checkpoint were exchanged"
            )

    def other_files(self, size: int) -> None:
        """Files that a tree of `size` does not need: superseded or unpublished tiles, leftovers, strangers."""
        for place, directories, files in os.walk(self.directory):
            directories.sort()
            for file in sorted(files):
                relative = (Path(place) / file).relative_to(self.directory).as_posix()
                if relative.split("/")[0] not in (CHECKPOINT, JOURNAL, LOCK, ANCHORS):
                    self._other_file(relative, size)

    def history(self, checkpoint: Checkpoint, saved: bytes, key: VerifierKey) -> None:
        """The saved checkpoint against a sound ledger: rollback and fork."""
        try:
            earlier = verify_checkpoint(saved, [key], origin=key.name)
            TileTree.of(checkpoint, tile_reader(self.directory, checkpoint.size)).check_extends(earlier)
        except (IntegrityError, InvalidError) as error:
            self._problem(CHECKPOINT, None, f"against the saved checkpoint: {error}")

    def anchors(self, checkpoint: Checkpoint, key: VerifierKey) -> None:
        """Every anchor against a sound ledger: signed by it, of its history, its tokens of its bytes; not asked: whose they are."""
        tree = TileTree.of(checkpoint, tile_reader(self.directory, checkpoint.size))
        for anchor in newest_first(self.directory):
            path = f"{ANCHORS}/{anchor.size}"
            try:
                kept = verify_checkpoint(anchor.note, [key], origin=key.name)
                if kept.size != anchor.size or kept.size > checkpoint.size:
                    raise IntegrityError("is of another size, or of entries that the ledger has no more: it was set back")
                tree.check_extends(kept)
            except (IntegrityError, InvalidError) as error:
                self._problem(f"{path}/{CHECKPOINT}", None, str(error))
                continue
            for name, token in anchor.stamps.items():
                try:
                    stamped(name, token, anchor.note, None)
                except (IntegrityError, InvalidError) as error:
                    self._problem(f"{path}/{name}{STAMP_SUFFIX}", None, str(error))

    def _other_file(self, relative: str, size: int) -> None:
        if relative.endswith(UNFINISHED):
            self._remark(relative, "left over from an interrupted write; may be deleted while nobody writes")
            return
        try:
            name = parse_tile_path(relative)
        except InvalidError:
            self._remark(relative, "is not part of a ledger")
            return
        needed = tile_at(name.level, name.index, size)
        if needed is None or name.width > needed.width:
            self._remark(relative, "lies beyond the checkpoint: published later, or left over from an interrupted write")
        elif name != needed:
            self._check_earlier(name, needed)

    def _bundle_leaves(self, name: TileName) -> list[bytes] | None:
        try:
            content = self._read(name)
            return None if content is None else [leaf_hash(entry) for entry in decode_bundle(content, name.width)]
        except (IntegrityError, InvalidError) as error:
            self._problem(name.path, name.index * TILE_WIDTH, str(error))
            return None

    def _tile(self, name: TileName, *, is_reported: bool = True) -> list[bytes] | None:
        try:
            content = self._read(name, is_reported=is_reported)
            return None if content is None else decode_tile(content, name.width)
        except (IntegrityError, InvalidError) as error:
            if is_reported:
                self._problem(name.path, _first_entry(name), str(error))
            return None

    def _read(self, name: TileName, *, is_reported: bool = True) -> bytes | None:
        content = read_part(self.directory, name.path)
        if content is None and not name.is_full:
            content = read_part(self.directory, name.filled.path)
        if content is None and is_reported:
            self._problem(name.path, _first_entry(name), "is missing")
        return content

    def _judge_leaves(self, name: TileName, from_bundle: _Hashes, from_tile: _Hashes, size: int) -> _Hashes:
        """Which of a full bundle and its leaf tile is right: the one whose hash stands in the tile above."""
        above = tile_at(1, name.index // TILE_WIDTH, size)
        hashes = self._tile(above, is_reported=False) if above else None
        expected = hashes[name.index % TILE_WIDTH] if hashes else None
        if _tile_root(from_tile) == expected:
            self._report_difference(name, from_tile, from_bundle, "does not hash to its leaf")
            return from_tile
        self._report_difference(
            TileName(0, name.index), from_bundle, from_tile, "is not the leaf hash of the entry in the bundle"
        )
        if _tile_root(from_bundle) != expected:
            self._report_difference(
                name, from_tile, from_bundle, "does not hash to its leaf, and the tile above confirms neither"
            )
        return from_bundle

    def _judge_edge(self, edge: TreeEdge, at_edge: tuple[_Hashes, _Hashes], checkpoint: Checkpoint) -> None:
        """The same for the unfinished bundle, which only the root can confirm; leaves `edge` at the better one."""
        from_bundle, from_tile = at_edge
        index, width = checkpoint.size // TILE_WIDTH, len(from_bundle)
        upper = edge.partial_tiles()
        trial = TreeEdge(edge.size, _levels(edge.size, upper))
        for leaf in from_tile:
            trial.append(leaf)
        is_tile_right = trial.root() == checkpoint.root
        for leaf in from_tile if is_tile_right else from_bundle:
            edge.append(leaf)
        if is_tile_right:
            self._report_difference(TileName(ENTRIES_LEVEL, index, width), from_tile, from_bundle, "does not hash to its leaf")

    def _compare_upper(self, name: TileName, content: bytes) -> None:
        """A tile file against what was recomputed from below."""
        hashes = self._tile(name, is_reported=name.level > 0)
        if hashes is not None and b"".join(hashes) != content and not self._is_reported(name.path):
            expected = decode_tile(content, name.width)
            self._report_difference(name, expected, hashes, "is not the hash of what lies below it")

    def _check_earlier(self, name: TileName, needed: TileName) -> None:
        """A partial tile of an earlier checkpoint must be the beginning of the present one."""
        content, whole = read_part(self.directory, name.path), read_part(self.directory, needed.path)
        if content is None or whole is None:
            return
        if not whole.startswith(content) or not _has_width(name, content):
            self._problem(name.path, _first_entry(name), "is not the beginning of the tile that followed it")
        elif needed.is_full:
            self._remark(name.path, "is replaced by the full tile; may be deleted")

    def _report_difference(self, name: TileName, expected: _Hashes, found: _Hashes, what: str) -> None:
        span = TILE_WIDTH ** max(name.level, 0)
        for offset, (want, have) in enumerate(zip(expected, found, strict=True)):
            if want != have:
                index = (name.index * TILE_WIDTH + offset) * span
                self._problem(name.path, index, f"hash {offset} {what}" if name.level >= 0 else f"entry {index} {what}")

    def _is_reported(self, path: str) -> bool:
        return any(problem.path == path for problem in self.problems)

    def _problem(self, path: str, index: int | None, what: str) -> None:
        self._list(self.problems, Problem(path, index, what))

    def _remark(self, path: str, what: str) -> None:
        self._list(self.remarks, Problem(path, None, what))

    def _list(self, found: list[Problem], problem: Problem) -> None:
        if len(found) < PROBLEMS_LISTED_MAX:
            found.append(problem)
        elif len(found) == PROBLEMS_LISTED_MAX:
            found.append(Problem(problem.path, problem.index, "and more from here on, which are not listed"))


def _first_entry(name: TileName) -> int:
    return name.index << 8 * (max(name.level, 0) + 1)


def _has_width(name: TileName, content: bytes) -> bool:
    if name.level != ENTRIES_LEVEL:
        return len(content) == name.width * HASH_BYTES
    try:
        return encode_bundle(decode_bundle(content, name.width)) == content
    except InvalidError:
        return False


def _tile_root(hashes: _Hashes) -> bytes:
    edge = TreeEdge()
    for value in hashes:
        edge.append(value)
    return edge.root()


def _levels(size: int, partial: Sequence[tuple[TileName, bytes]]) -> list[list[bytes]]:
    held = {name.level: decode_tile(content, name.width) for name, content in partial}
    return [held.get(level, []) for level in levels_of(size)]
