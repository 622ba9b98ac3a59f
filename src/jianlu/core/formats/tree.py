"""The Merkle tree of a ledger as its tiles tell it: `specs/ledger.md`, RFC 6962 section 2.1.

`TileTree` reads tiles and lets no hash out that the checkpoint's root does not bind, so proofs, leaf hashes and earlier
roots taken from it are verified. `TreeEdge` is the growing right edge of a tree, all that a writer keeps in memory.
No files here: tiles come from a function or mapping.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.proof import EMPTY_ROOT, node_hash
from jianlu.core.formats.tile import TILE_WIDTH, TileName, check_position, decode_tile, levels_of, tile_at
from jianlu.core.limits import LOG_ENTRIES_MAX

ReadTile = Callable[[str], bytes | None]
"""The bytes of the tile at a path, or None where there is none."""

_CACHED_TILES_MAX = 64
"""Tiles kept with their inner hashes: about 3 MB, all that neighbouring proofs share."""

_Subtree = tuple[int, int]
"""Height and number of a complete subtree: entries number * 2^height up to (number + 1) * 2^height."""


class TileTree:
    """The tree of a checkpoint, read from tiles that are not trusted.

    `read` gives a tile's bytes by path (`mapping.get` will do). Partial tiles may be replaced by the full tile at the same
    place. Needed are, for a tree of `size`: to construct it, the partial tile at the right edge of each level
    (`tiles_for_root`); for anything about entry i, in addition the tiles above it (`tiles_for_inclusion`); for an earlier
    root, the tiles that hold that tree's right edge and those above them (`tiles_for_consistency`).
    """

    def __init__(self, size: int, root: bytes, read: ReadTile) -> None:
        """The tree with this `root` (32 bytes); raises IntegrityError when an edge tile is missing or the edge gives another root."""
        if not 0 <= size <= LOG_ENTRIES_MAX:
            raise InvalidError("a ledger's size is out of bounds")
        self.size = size
        self.root = root
        self._read = read
        self._inner: OrderedDict[TileName, list[list[bytes]]] = OrderedDict()
        self._edge = {name: _pyramid(self._load(name)) for name in tiles_for_root(size)}
        if _fold(self._value(subtree) for subtree in _complete_subtrees(0, size)) != root:
            raise IntegrityError("the ledger's tiles at the right edge do not give the checkpoint's root hash")

    @classmethod
    def of(cls, checkpoint: Checkpoint, read: ReadTile) -> TileTree:
        """The tree that `checkpoint` states; raises IntegrityError as the constructor does."""
        return cls(checkpoint.size, checkpoint.root, read)

    def leaf_hash(self, index: int) -> bytes:
        """The leaf hash of entry `index`, bound by the root; raises InvalidError, IntegrityError for a missing or altered tile."""
        check_position(index, self.size)
        return self._value((0, index))

    def leaf_hashes(self, bundle: TileName) -> list[bytes]:
        """The leaf hashes of the entries of `bundle`, bound by the root; raises IntegrityError for a missing or altered tile."""
        name = tile_at(0, bundle.index, self.size)
        if name is None or name.width < bundle.width:
            raise InvalidError(f"the ledger has no {bundle.path}")
        return self._verified(name)[0][: bundle.width]

    def tile(self, name: TileName) -> list[bytes]:
        """The hashes of the hash tile `name` of this tree, bound by the root; raises IntegrityError for a missing or altered one."""
        if tile_at(name.level, name.index, self.size) != name:
            raise InvalidError(f"a ledger of {self.size} entries has no {name.path}")
        return list(self._verified(name)[0])

    def root_at(self, size: int) -> bytes:
        """The root of this tree when it had `size` entries; raises InvalidError when it never had, IntegrityError for bad tiles."""
        if not 0 <= size <= self.size:
            raise InvalidError(f"the ledger has {self.size} entries, fewer than {size}")
        return self._range_hash(0, size)

    def check_extends(self, earlier: Checkpoint) -> None:
        """Raise IntegrityError unless this tree is `earlier`'s tree or an extension of it: the proof against rollback and fork."""
        if earlier.size > self.size:
            raise IntegrityError(f"the ledger was rolled back: {self.size} entries now, {earlier.size} in the saved checkpoint")
        if self.root_at(earlier.size) != earlier.root:
            raise IntegrityError(f"the ledger was forked: its first {earlier.size} entries are not those of the saved checkpoint")

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The hashes that prove entry `index`, its sibling first (RFC 6962 section 2.1.1)."""
        check_position(index, self.size)
        return [self._range_hash(start, end) for start, end in _inclusion_ranges(index, self.size)]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """The hashes that prove that the tree of `old_size` is a prefix of this one (RFC 6962 section 2.1.2)."""
        if not 0 <= old_size <= self.size:
            raise InvalidError(f"the ledger has {self.size} entries, fewer than {old_size}")
        return [self._range_hash(start, end) for start, end in _consistency_ranges(old_size, self.size)]

    def _range_hash(self, start: int, end: int) -> bytes:
        return _fold(self._value(subtree) for subtree in _complete_subtrees(start, end))

    def _value(self, subtree: _Subtree) -> bytes:
        height, number = subtree
        name = _tile_holding(subtree, self.size)
        return self._verified(name)[height % 8][number - (name.index << (8 - height % 8))]

    def _verified(self, name: TileName) -> list[list[bytes]]:
        if name in self._edge:
            return self._edge[name]
        if name in self._inner:
            self._inner.move_to_end(name)
            return self._inner[name]
        pyramid = _pyramid(self._load(name))
        if pyramid[8][0] != self._value((8 * name.level + 8, name.index)):
            raise IntegrityError(f"{name.path} was altered: it does not hash to its place in the tile above")
        self._inner[name] = pyramid
        if len(self._inner) > _CACHED_TILES_MAX:
            self._inner.popitem(last=False)
        return pyramid

    def _load(self, name: TileName) -> list[bytes]:
        content = self._read(name.path)
        if content is None and not name.is_full:
            content = self._read(name.filled.path)
        if content is None:
            raise IntegrityError(f"{name.path} is missing")
        try:
            return decode_tile(content, name.width)
        except InvalidError as error:
            raise IntegrityError(f"{name.path} was altered: {error}") from error


class TreeEdge:
    """The right edge of a growing tree: for each level, the hashes of its last, unfinished tile (at most 255 each)."""

    def __init__(self, size: int = 0, levels: Sequence[Sequence[bytes]] = ()) -> None:
        """An edge of `size` entries whose unfinished tiles are `levels`, level 0 first; raises InvalidError when they do not fit."""
        self.size = size
        self._levels = [list(level) for level in levels]
        while len(self._levels) < len(levels_of(size)):
            self._levels.append([])
        if [len(level) for level in self._levels] != [(size >> 8 * level) % TILE_WIDTH for level in levels_of(size)]:
            raise InvalidError("the tiles at the right edge do not belong to a tree of this size")

    @classmethod
    def of(cls, tree: TileTree) -> TreeEdge:
        """The edge of `tree`, from its verified tiles."""
        held = {name.level: tree.tile(name) for name in tiles_for_root(tree.size)}
        return cls(tree.size, [held.get(level, []) for level in levels_of(tree.size)])

    def append(self, leaf: bytes) -> list[tuple[TileName, bytes]]:
        """Add an entry by its leaf hash; returns the tiles that it completes, lowest level first, with their bytes."""
        completed: list[tuple[TileName, bytes]] = []
        self.size += 1
        level, value = 0, leaf
        while True:
            if level == len(self._levels):
                self._levels.append([])
            hashes = self._levels[level]
            hashes.append(value)
            if len(hashes) < TILE_WIDTH:
                return completed
            completed.append((TileName(level, (self.size >> 8 * (level + 1)) - 1), b"".join(hashes)))
            value = _pyramid(hashes)[8][0]
            hashes.clear()
            level += 1

    def partial_tiles(self) -> list[tuple[TileName, bytes]]:
        """The unfinished tiles with their bytes, lowest level first; what a checkpoint of this size needs besides full tiles."""
        return [
            (TileName(level, self.size >> 8 * (level + 1), len(hashes)), b"".join(hashes))
            for level, hashes in enumerate(self._levels)
            if hashes
        ]

    def root(self) -> bytes:
        """The root hash of the tree."""
        pyramids = [_pyramid(hashes) for hashes in self._levels]
        return _fold(pyramids[height // 8][height % 8][-1] for height, _ in _complete_subtrees(0, self.size))


def tiles_for_root(size: int) -> list[TileName]:
    """The tiles that give the root of a tree of `size`: the unfinished tile of each level that has one."""
    names = (tile_at(level, size >> 8 * (level + 1), size) for level in levels_of(size))
    return [name for name in names if name is not None]


def tiles_for_inclusion(indices: Iterable[int], size: int) -> set[TileName]:
    """The tiles that a `TileTree` of `size` reads for leaf hashes and inclusion proofs of the entries `indices`."""
    needed = set(tiles_for_root(size))
    for index in {index >> 8 for index in indices}:
        check_position(index << 8, size)
        needed |= {name for level in levels_of(size) if (name := tile_at(level, index >> 8 * level, size))}
    return needed


def tiles_for_consistency(old_size: int, size: int) -> set[TileName]:
    """The tiles that a `TileTree` of `size` reads for `root_at`, `check_extends` and `consistency_proof` from `old_size`."""
    if not 0 <= old_size <= size <= LOG_ENTRIES_MAX:
        raise InvalidError("a consistency proof leads from a smaller to a larger ledger")
    needed = set(tiles_for_root(size))
    ranges = [(0, old_size), *_consistency_ranges(old_size, size)]
    for subtree in (subtree for start, end in ranges for subtree in _complete_subtrees(start, end)):
        lowest = _tile_holding(subtree, size)
        above = (tile_at(level, lowest.index >> 8 * (level - lowest.level), size) for level in levels_of(size)[lowest.level :])
        needed |= {name for name in above if name is not None}
    return needed


def _tile_holding(subtree: _Subtree, size: int) -> TileName:
    height, number = subtree
    name = tile_at(height // 8, number >> (8 - height % 8), size)
    if name is None:
        raise InvalidError("a subtree lies outside the tree")
    return name


def _pyramid(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """The hashes of a tile, and of every complete subtree over them: nine rows for a full tile, empty rows where incomplete."""
    rows = [list(hashes)]
    for _ in range(8):
        below = rows[-1]
        rows.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return rows


def _complete_subtrees(start: int, end: int) -> Iterator[_Subtree]:
    """The complete subtrees that make up entries start..end, largest first; `start` is a multiple of a power of two >= end - start."""
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _fold(values: Iterable[bytes]) -> bytes:
    """The root over complete subtrees of falling size; the root of the empty tree for none."""
    stacked = list(values)
    if not stacked:
        return EMPTY_ROOT
    computed = stacked.pop()
    while stacked:
        computed = node_hash(stacked.pop(), computed)
    return computed


def _split(start: int, end: int) -> int:
    """Where RFC 6962 splits entries start..end: after the largest power of two smaller than their number."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    start, end, ranges = 0, size, []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def _consistency_ranges(old_size: int, size: int) -> list[tuple[int, int]]:
    if old_size in (0, size):
        return []
    start, end, ranges = 0, size, []
    while old_size != end:
        middle = _split(start, end)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]
