"""Blocks: cases laid end to end, their postings in sealed pages by bucket. Made of entries, merged into larger ones, freed of a case.

A new case is a block of its own; sixteen blocks of a level become one of the next, up to some four thousand cases, so that adding a
case costs its own size and a question meets a few dozen blocks. A block never changes: taking a case out makes another one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jianlu.core.errors import IntegrityError
from jianlu.deliver.search.model import Entry
from jianlu.deliver.search.postings import List, Lists, Page, Pair, joined, page_bytes
from jianlu.deliver.search.sealing import BUCKETS, ROSTER, bucket_of, open_piece, seal_piece
from jianlu.deliver.search.terms import file_entries

FAN = 16
"""Blocks of a level that become one of the next."""

LEVEL_MAX = len(BUCKETS) - 1

_COLUMNS = 4
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Roster:
    """Which cases a block holds: where each begins, its ordinal (0: taken out) and the second it began, all ascending by base."""

    bases: NDArray[np.int64]
    lengths: NDArray[np.int64]
    ordinals: NDArray[np.int64]
    seconds: NDArray[np.int64]

    @property
    def length(self) -> int:
        """Positions of the block."""
        return int(self.bases[-1] + self.lengths[-1]) if len(self.bases) else 0

    def to_bytes(self) -> bytes:
        """As kept."""
        return np.stack([self.bases, self.lengths, self.ordinals, self.seconds]).astype("<i8").tobytes()


@dataclass(frozen=True, slots=True)
class Block:
    """A block before it is sealed: its roster and its pages by bucket."""

    level: int
    roster: Roster
    pages: Mapping[int, bytes]

    def numbered_from(self, ordinal: int) -> Block:
        """The block, its cases numbered from `ordinal` on."""
        numbers = np.arange(ordinal, ordinal + len(self.roster.ordinals), dtype=np.int64)
        return replace(self, roster=replace(self.roster, ordinals=numbers))


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block as its rows hold it."""

    number: int
    level: int
    roster: bytes
    pages: Mapping[int, bytes]


def parse_roster(content: bytes) -> Roster:
    """The roster that `to_bytes` wrote."""
    if len(content) % (_COLUMNS * _NUMBER_BYTES):
        raise IntegrityError("a roster of the search index is damaged: run `jianlu vault reindex`")
    return Roster(*np.frombuffer(content, dtype="<i8").reshape(_COLUMNS, -1).astype(np.int64))


def block_of(entries: Sequence[Entry], seconds: Sequence[int], *, level: int, bucket_key: bytes) -> Block:
    """The block of `entries`, at least one, which began at `seconds`; numbered from 1."""
    filed = file_entries(entries)
    bases = np.array(filed.bases, dtype=np.int64)
    lengths = np.diff(bases, append=filed.length)
    roster = Roster(bases, lengths, np.arange(1, len(entries) + 1, dtype=np.int64), np.array(seconds, dtype=np.int64))
    return Block(level, roster, _pages(filed.lists, level, bucket_key))


def merge(blocks: Sequence[tuple[Roster, Mapping[int, bytes]]], level: int, bucket_key: bytes) -> Block:
    """The blocks of `level`, given as rosters and pages, as one of the next level, in their order."""
    shifts = np.concatenate(([0], np.cumsum([roster.length for roster, _ in blocks])[:-1])).tolist()
    pages: dict[int, bytes] = {}
    for bucket in sorted({bucket for _, held in blocks for bucket in held}):
        parts: dict[Pair, list[tuple[List, int]]] = {}
        for (_, held), shift in zip(blocks, shifts, strict=True):
            if bucket in held:
                for pair, each in Page(held[bucket]).lists():
                    parts.setdefault(pair, []).append((each, shift))
        pages |= _pages({pair: joined(each) for pair, each in parts.items()}, level + 1, bucket_key)
    rosters = [roster for roster, _ in blocks]
    return Block(
        level + 1,
        Roster(
            np.concatenate([roster.bases + shift for roster, shift in zip(rosters, shifts, strict=True)]),
            np.concatenate([roster.lengths for roster in rosters]),
            np.concatenate([roster.ordinals for roster in rosters]),
            np.concatenate([roster.seconds for roster in rosters]),
        ),
        pages,
    )


def without(roster: Roster, pages: Mapping[int, bytes], level: int, ordinals: Collection[int]) -> Block:
    """The block without the cases of those ordinals: none of their postings is left, their places stay empty."""
    gone = np.isin(roster.ordinals, list(ordinals)) & (roster.ordinals > 0)

    def leaves(positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = gone[np.searchsorted(roster.bases, positions, side="right") - 1]
        return found

    kept = {bucket: Page(page).without(leaves) for bucket, page in pages.items()}
    numbers, seconds = np.where(gone, 0, roster.ordinals), np.where(gone, 0, roster.seconds)
    return Block(level, Roster(roster.bases, roster.lengths, numbers, seconds), kept)


def seal_block(block: Block, number: int, *, tenant: str, key: bytes) -> SealedBlock:
    """The block's rows under `number` and its key."""
    pages = {bucket: seal_piece(key, tenant, number, bucket, page) for bucket, page in block.pages.items()}
    return SealedBlock(number, block.level, seal_piece(key, tenant, number, ROSTER, block.roster.to_bytes()), pages)


def open_block(sealed: SealedBlock, *, tenant: str, key: bytes) -> tuple[Roster, dict[int, bytes]]:
    """Roster and pages of a block; IntegrityError when a row is not the one that was written."""
    roster = parse_roster(open_piece(key, tenant, sealed.number, ROSTER, sealed.roster))
    return roster, {bucket: open_piece(key, tenant, sealed.number, bucket, page) for bucket, page in sealed.pages.items()}


def _pages(lists: Lists, level: int, bucket_key: bytes) -> dict[int, bytes]:
    buckets: dict[str, int] = {}
    pages: dict[int, Lists] = {}
    for pair, each in lists.items():
        first = pair[0]
        if first not in buckets:
            buckets[first] = bucket_of(bucket_key, first, level)
        pages.setdefault(buckets[first], {})[pair] = each
    return {bucket: page_bytes(held) for bucket, held in pages.items()}
