"""RFC 6962 section 2.1, word for word and slow: what the tile code is compared with. Nothing of ours is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return _node(root(leaves[:k]), root(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def consistency(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), and no hashes from the empty tree."""
    return _subproof(m, leaves, is_whole=True) if m else []


def _subproof(m: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if is_whole else [root(leaves)]
    k = _split(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], is_whole=is_whole), root(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], is_whole=False), root(leaves[:k])]


def tiles(leaves: Sequence[bytes]) -> dict[tuple[int, int], list[bytes]]:
    """The hashes of each tile by level and index, from the definition: entry i of tile n is MTH of 256^level entries."""
    found: dict[tuple[int, int], list[bytes]] = {}
    level = 0
    while (span := 256**level) <= len(leaves):
        for number in range(len(leaves) // span):
            subtree = root(leaves[number * span : (number + 1) * span])
            found.setdefault((level, number // 256), []).append(subtree)
        level += 1
    return found
