"""Tiles, roots and proofs of any tree are those of RFC 6962, and nothing that is not bound by the root comes out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.proof import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from jianlu.core.formats.tile import TileName, parse_tile_path
from jianlu.core.formats.tree import TileTree, TreeEdge, tiles_for_consistency, tiles_for_inclusion, tiles_for_root
from tests.property.ledger import naive_tree

NO_TILES: dict[str, bytes] = {}
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(1400)]
SIZES = st.one_of(st.integers(0, 40), st.sampled_from([255, 256, 257, 511, 512, 513, 768, 1024, 1025]), st.integers(0, 1400))


def grow(size: int) -> tuple[TreeEdge, dict[str, bytes]]:
    """The edge of the tree over the first `size` leaves, and all its tiles by path."""
    edge, tiles = TreeEdge(), {}
    for leaf in LEAVES[:size]:
        tiles.update({name.path: content for name, content in edge.append(leaf)})
    tiles.update({name.path: content for name, content in edge.partial_tiles()})
    return edge, tiles


def tree_of(size: int) -> TileTree:
    edge, tiles = grow(size)
    return TileTree(size, edge.root(), tiles.get)


@given(SIZES)
def test_tiles_and_root_are_those_of_the_definition(size: int) -> None:
    edge, tiles = grow(size)
    assert edge.root() == naive_tree.root(LEAVES[:size])
    expected = {
        TileName(level, index, len(hashes)).path: b"".join(hashes)
        for (level, index), hashes in naive_tree.tiles(LEAVES[:size]).items()
    }
    assert tiles == expected


@given(SIZES.filter(bool), st.data())
def test_an_inclusion_proof_is_the_audit_path_and_verifies(size: int, choice: st.DataObject) -> None:
    index = choice.draw(st.integers(0, size - 1))
    tree = tree_of(size)
    proof = tree.inclusion_proof(index)
    assert proof == naive_tree.path(index, LEAVES[:size])
    assert tree.leaf_hash(index) == LEAVES[index]
    verify_inclusion(LEAVES[index], index, size, proof, tree.root)


@given(SIZES, st.data())
def test_a_consistency_proof_is_the_one_of_the_standard_and_verifies(size: int, choice: st.DataObject) -> None:
    old = choice.draw(st.integers(0, size))
    tree = tree_of(size)
    proof = tree.consistency_proof(old)
    old_root = naive_tree.root(LEAVES[:old])
    assert proof == naive_tree.consistency(old, LEAVES[:size])
    assert tree.root_at(old) == old_root
    verify_consistency(old, size, old_root, tree.root, proof)
    tree.check_extends(Checkpoint("example.com/log", old, old_root))


@given(SIZES.filter(bool), st.data())
def test_a_changed_inclusion_proof_is_refused(size: int, choice: st.DataObject) -> None:
    index = choice.draw(st.integers(0, size - 1))
    tree = tree_of(size)
    good = tree.inclusion_proof(index)
    wrong = _damage(good, random.Random(choice.draw(st.integers())))
    with pytest.raises((IntegrityError, InvalidError)):
        verify_inclusion(LEAVES[index], index, size, wrong, tree.root)
    with pytest.raises(IntegrityError):
        verify_inclusion(leaf_hash(b"another entry"), index, size, good, tree.root)
    other = choice.draw(st.integers(0, size - 1))
    if other != index:
        with pytest.raises(IntegrityError):
            verify_inclusion(LEAVES[index], other, size, good, tree.root)


@given(SIZES.filter(lambda size: size > 1), st.data())
def test_a_changed_consistency_proof_is_refused(size: int, choice: st.DataObject) -> None:
    old = choice.draw(st.integers(1, size))
    tree = tree_of(size)
    good = tree.consistency_proof(old)
    with pytest.raises((IntegrityError, InvalidError)):
        verify_consistency(old, size, tree.root_at(old), tree.root, _damage(good, random.Random(choice.draw(st.integers()))))
    with pytest.raises(IntegrityError):
        verify_consistency(old, size, leaf_hash(b"another root"), tree.root, good)


@given(SIZES, st.data())
def test_the_stated_tiles_suffice_and_each_is_needed(size: int, choice: st.DataObject) -> None:
    edge, tiles = grow(size)
    old = choice.draw(st.integers(0, size))
    indices = choice.draw(st.lists(st.integers(0, size - 1), max_size=3)) if size else []
    names = tiles_for_inclusion(indices, size) | tiles_for_consistency(old, size)
    assert set(tiles_for_root(size)) <= names
    given_tiles = {name.path: tiles[name.path] for name in names}

    def ask(some: dict[str, bytes]) -> None:
        tree = TileTree(size, edge.root(), some.get)
        tree.check_extends(Checkpoint("example.com/log", old, naive_tree.root(LEAVES[:old])))
        tree.consistency_proof(old)
        for index in indices:
            assert tree.leaf_hash(index) == LEAVES[index]
            tree.inclusion_proof(index)

    ask(given_tiles)
    for path in given_tiles:
        with pytest.raises(IntegrityError, match="missing"):
            ask({name: content for name, content in given_tiles.items() if name != path})


@given(SIZES.filter(bool), st.data())
def test_a_flipped_bit_in_a_tile_never_changes_an_answer(size: int, choice: st.DataObject) -> None:
    edge, tiles = grow(size)
    path = choice.draw(st.sampled_from(sorted(tiles)))
    bit = choice.draw(st.integers(0, 8 * len(tiles[path]) - 1))
    altered = bytearray(tiles[path])
    altered[bit // 8] ^= 1 << bit % 8
    tiles[path] = bytes(altered)
    name = parse_tile_path(path)
    index = (name.index * 256 + bit // 256) << 8 * name.level
    with pytest.raises(IntegrityError):
        TileTree(size, edge.root(), tiles.get).tile(name)
    if name.level == 0:
        with pytest.raises(IntegrityError):
            TileTree(size, edge.root(), tiles.get).leaf_hash(index)


@given(SIZES.filter(bool), st.data())
def test_a_full_tile_serves_where_a_partial_one_is_named(size: int, choice: st.DataObject) -> None:
    old = choice.draw(st.integers(1, size))
    _, tiles = grow(size)
    for name in tiles_for_root(old):
        whole = tiles.get(name.filled.path)
        if whole is None:
            tiles[name.path] = grow(old)[1][name.path]
    tree = TileTree(old, naive_tree.root(LEAVES[:old]), tiles.get)
    assert tree.leaf_hash(old - 1) == LEAVES[old - 1]


def test_the_tree_of_a_fork_does_not_extend_the_saved_checkpoint() -> None:
    edge, tiles = grow(700)
    tree = TileTree(700, edge.root(), tiles.get)
    with pytest.raises(IntegrityError, match="forked"):
        tree.check_extends(Checkpoint("example.com/log", 300, leaf_hash(b"root of another history")))
    with pytest.raises(IntegrityError, match="rolled back"):
        tree.check_extends(Checkpoint("example.com/log", 701, edge.root()))


def test_a_large_tree_has_the_tiles_that_the_standard_names() -> None:
    edge, tiles = TreeEdge(), set[str]()
    for number in range(70_000):
        tiles |= {name.path for name, _ in edge.append(number.to_bytes(32, "big"))}
    partial = {name.path for name, _ in edge.partial_tiles()}
    assert len(tiles) == 273 + 1
    assert partial == {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert TreeEdge().root() == EMPTY_ROOT
    assert TileTree(0, EMPTY_ROOT, NO_TILES.get).root_at(0) == EMPTY_ROOT
    with pytest.raises(IntegrityError):
        TileTree(0, LEAVES[0], NO_TILES.get)


def _damage(proof: list[bytes], chance: random.Random) -> list[bytes]:
    """The proof with a hash changed, dropped, added, doubled or swapped."""
    wrong = list(proof)
    while wrong == proof:
        kind = chance.choice(["flip", "drop", "add", "double", "swap", "cut"])
        if kind == "add" or not wrong:
            wrong.insert(chance.randrange(len(wrong) + 1), chance.randbytes(32))
            continue
        at = chance.randrange(len(wrong))
        if kind == "flip":
            wrong[at] = bytes([wrong[at][0] ^ 1]) + wrong[at][1:]
        elif kind == "drop":
            del wrong[at]
        elif kind == "double":
            wrong.insert(at, wrong[at])
        elif kind == "swap":
            other = chance.randrange(len(wrong))
            wrong[at], wrong[other] = wrong[other], wrong[at]
        else:
            wrong[at] = wrong[at][:31]
    return wrong
