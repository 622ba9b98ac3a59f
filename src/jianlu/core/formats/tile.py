"""Tiles and entry bundles: `specs/ledger.md`, after c2sp.org/tlog-tiles.

Names and bytes of the files that a ledger folder consists of: hash tiles of up to 256 hashes, entry bundles of up to 256
entries. What the hashes mean together is in `tree`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.core.limits import LOG_ENTRIES_MAX

TILE_WIDTH = 256
HASH_BYTES = 32
ENTRY_BYTES_MAX = 0xFFFF
"""An entry's length is a uint16."""

ENTRIES_LEVEL = -1
"""The level of an entry bundle, below the leaf hashes."""

_LEVEL_MAX = 63
_PATH = re.compile(
    r"^tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?$", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class TileName:
    """A hash tile (level 0 and up) or entry bundle (`ENTRIES_LEVEL`): the `index`-th of its level, `width` of 256 filled."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The path in the folder, as in `tile/0/x001/234.p/5`."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES_LEVEL else str(self.level)
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{suffix}"

    @property
    def is_full(self) -> bool:
        """Whether all 256 places are filled."""
        return self.width == TILE_WIDTH

    @property
    def filled(self) -> TileName:
        """The full tile at the same place."""
        return TileName(self.level, self.index)


def parse_tile_path(path: str) -> TileName:
    """The tile or bundle at `path`; raises InvalidError unless `path` is the one spelling of its name."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise InvalidError("a path is not that of a tile or entry bundle")
    level = ENTRIES_LEVEL if match["level"] == "entries" else int(match["level"])
    name = TileName(level, int(re.sub("[x/]", "", match["index"])), int(match["width"] or TILE_WIDTH))
    if level > _LEVEL_MAX or name.path != path:
        raise InvalidError("a path is not the one spelling of a tile's name")
    return name


def tile_at(level: int, index: int, size: int) -> TileName | None:
    """The tile `index` of `level` in a tree of `size` entries with the width it has there; None where it is empty."""
    width = min((size >> (8 * max(level, 0))) - index * TILE_WIDTH, TILE_WIDTH)
    return TileName(level, index, width) if width > 0 else None


def tiles_of(size: int, level: int) -> Iterator[TileName]:
    """Every tile (or bundle, for `ENTRIES_LEVEL`) of `level` in a tree of `size` entries, in order."""
    index = 0
    while name := tile_at(level, index, size):
        yield name
        index += 1


def levels_of(size: int) -> range:
    """The hash-tile levels that a tree of `size` entries has; empty for the empty tree."""
    return range((size.bit_length() + 7) // 8)


def decode_tile(content: bytes, width: int) -> list[bytes]:
    """The first `width` hashes of a tile; raises InvalidError when it holds fewer, or half a hash, or more than 256."""
    if len(content) % HASH_BYTES or not width * HASH_BYTES <= len(content) <= TILE_WIDTH * HASH_BYTES:
        raise InvalidError(f"a tile has {len(content)} bytes where {width} hashes of 32 bytes are needed")
    return [content[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bundle of `entries`, each after its length as big-endian uint16; raises InvalidError for an entry over 65,535 bytes."""
    parts = []
    for entry in entries:
        check_entry(entry)
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def decode_bundle(content: bytes, width: int) -> list[bytes]:
    """The first `width` entries of a bundle; raises InvalidError unless it holds at least `width` and at most 256 whole ones."""
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content) or len(entries) == TILE_WIDTH:
            raise InvalidError(f"an entry bundle is cut or overlong after entry {len(entries)}")
        entries.append(content[at + 2 : end])
        at = end
    if len(entries) < width:
        raise InvalidError(f"an entry bundle holds {len(entries)} entries where {width} are needed")
    return entries[:width]


def check_entry(entry: bytes) -> None:
    """Raise InvalidError for an entry that a bundle cannot hold."""
    if len(entry) > ENTRY_BYTES_MAX:
        raise InvalidError(f"a ledger entry has {len(entry)} bytes, more than {ENTRY_BYTES_MAX}")


def check_position(index: int, size: int) -> None:
    """Raise InvalidError unless 0 <= index < size <= LOG_ENTRIES_MAX."""
    if not 0 <= index < size <= LOG_ENTRIES_MAX:
        raise InvalidError(f"there is no entry {index} in a ledger of {size} entries")
