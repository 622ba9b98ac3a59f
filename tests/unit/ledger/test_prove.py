"""Proofs, reading and export: what leaves the folder is verified, and verifies elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.checkpoint import claimed_checkpoint
from jianlu.core.formats.proof import verify_consistency, verify_proof
from jianlu.core.formats.tree import TileTree
from jianlu.ledger import export_ledger, gather_tiles, prove_consistency, prove_inclusion, read_checkpoint, read_entries
from tests.unit.ledger.worlds import World, numbered


def test_a_proof_verifies_with_the_public_key_alone(world: World) -> None:
    world.fill(numbered(300))
    for index in (0, 1, 255, 256, 299):
        proof = prove_inclusion(world.directory, index)
        found, checkpoint = verify_proof(proof.encode(), b"entry %d" % index, [world.signer.key])
        assert (found, checkpoint.size) == (index, 300)
        with pytest.raises(IntegrityError):
            verify_proof(proof.encode(), b"entry %d" % (index + 1), [world.signer.key])


def test_a_proof_can_be_made_for_an_earlier_checkpoint(world: World) -> None:
    saved = [world.fill(numbered(10, start=start)) for start in range(0, 600, 10)]
    for checkpoint in saved:
        proof = prove_inclusion(world.directory, 7, checkpoint=checkpoint)
        assert verify_proof(proof.encode(), b"entry 7", [world.signer.key]) == (7, claimed_checkpoint(checkpoint))


def test_a_proof_for_a_checkpoint_of_another_history_is_refused(world: World) -> None:
    world.fill(numbered(5))
    fork = world.copy("fork")
    saved = fork.fill([b"other"])
    world.fill([b"one", b"two"])
    with pytest.raises(IntegrityError, match="forked"):
        prove_inclusion(world.directory, 1, checkpoint=saved)


def test_an_unpublished_entry_has_no_proof_yet(world: World) -> None:
    with world.open() as ledger:
        index = ledger.append(b"entry")
        with pytest.raises(UnavailableError, match="publish"):
            prove_inclusion(world.directory, index)
        ledger.publish()
        assert prove_inclusion(world.directory, index)
    with pytest.raises(InvalidError):
        prove_inclusion(world.directory, -1)


def test_consistency_is_proved_between_any_two_sizes(world: World) -> None:
    world.fill(numbered(300))
    roots = {}
    for size in (0, 1, 5, 256, 299, 300):
        tiles = gather_tiles(world.directory, [], earlier_sizes=[size])
        roots[size] = TileTree.of(claimed_checkpoint(read_checkpoint(world.directory)), tiles.get).root_at(size)
    for old in roots:
        for new in (size for size in roots if size >= old):
            verify_consistency(old, new, roots[old], roots[new], prove_consistency(world.directory, old, new))
    with pytest.raises(UnavailableError):
        prove_consistency(world.directory, 1, 301)
    with pytest.raises(InvalidError):
        prove_consistency(world.directory, 5, 4)


def test_gathered_tiles_are_all_that_a_stranger_needs(world: World) -> None:
    saved = world.fill(numbered(700))
    world.fill(numbered(600, start=700))
    indices = [0, 300, 699, 1299]
    tiles = gather_tiles(world.directory, indices, earlier_sizes=[700])
    assert sorted(tiles) == ["tile/0/000", "tile/0/001", "tile/0/002", "tile/0/005.p/20", "tile/1/000.p/5"]
    tree = TileTree.of(claimed_checkpoint(read_checkpoint(world.directory)), tiles.get)
    tree.check_extends(claimed_checkpoint(saved))
    for index in indices:
        assert tree.leaf_hash(index)
    with pytest.raises(UnavailableError):
        gather_tiles(world.directory, [1300])


def test_tiles_can_be_gathered_for_an_earlier_checkpoint(world: World) -> None:
    saved = world.fill(numbered(300))
    world.fill(numbered(300))
    tiles = gather_tiles(world.directory, [3, 299], checkpoint=saved)
    assert sorted(tiles) == ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]
    assert TileTree.of(claimed_checkpoint(saved), tiles.get).leaf_hash(299)


def test_any_run_of_entries_can_be_read(world: World) -> None:
    world.fill(numbered(600))
    for start, count in ((0, 0), (0, 1), (255, 2), (256, 256), (500, 1000), (600, 5), (9000, 1)):
        assert read_entries(world.directory, start, count) == numbered(600)[start : start + count]
    with pytest.raises(InvalidError):
        read_entries(world.directory, -1, 1)


def test_an_altered_entry_is_never_handed_out(world: World) -> None:
    world.fill(numbered(600))
    world.flip("tile/entries/001", 20)
    assert len(read_entries(world.directory, 0, 256)) == 256
    with pytest.raises(IntegrityError, match="tile/entries/001 was altered"):
        read_entries(world.directory, 256, 1)


def test_reading_goes_on_while_the_ledger_is_written(world: World) -> None:
    with world.open() as ledger:
        for count in range(1, 520):
            ledger.append(b"entry %d" % (count - 1))
            if count % 37 == 0:
                ledger.publish()
                assert world.entries() == numbered(count)


def test_there_is_nothing_to_read_where_no_ledger_is(tmp_path: Path) -> None:
    for read in (
        lambda: read_entries(tmp_path, 0, 1),
        lambda: prove_inclusion(tmp_path, 0),
        lambda: export_ledger(tmp_path, tmp_path / "x"),
    ):
        with pytest.raises(NotFoundError):
            read()


def test_an_export_is_the_same_ledger_without_journal_and_lock(world: World, tmp_path: Path) -> None:
    world.fill(numbered(700))
    claims = export_ledger(world.directory, tmp_path / "export")
    copy = World(tmp_path / "export", world.signer)
    assert claims.size == 700
    assert copy.check().is_sound
    assert copy.check().remarks == ()
    assert copy.entries() == numbered(700)
    assert {path.name for path in copy.directory.iterdir()} == {"checkpoint", "tile"}
    with pytest.raises(ConflictError, match="exists"):
        export_ledger(world.directory, tmp_path / "export")


@pytest.mark.parametrize("path", ["tile/0/000", "tile/1/000.p/2", "tile/entries/001", "tile/0/002.p/188"])
def test_a_damaged_ledger_is_not_exported_at_all(world: World, tmp_path: Path, path: str) -> None:
    world.fill(numbered(700))
    world.flip(path, 40)
    with pytest.raises(IntegrityError):
        export_ledger(world.directory, tmp_path / "export")
    assert {entry.name for entry in tmp_path.iterdir()} == {"ledger", "ledger.key"}
