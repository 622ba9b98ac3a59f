"""Other people's verifier reads our ledger: Go's `sumdb/tlog` and `note` accept it, and refuse it once it is forged."""

from __future__ import annotations

import pytest

from jianlu.core.formats.note import parse_note
from jianlu.core.formats.tile import decode_bundle, encode_bundle
from jianlu.core.formats.tree import TreeEdge
from jianlu.ledger import export_ledger, load_signer, prove_inclusion
from jianlu.ledger.signer import create_signer_key
from jianlu.ledger.sm2_signer import TwoSigners, create_sm2_key, load_sm2_signer
from tests.interop.ledger.conftest import Verify
from tests.property.ledger import naive_tree
from tests.unit.ledger.worlds import ORIGIN, World, numbered

pytestmark = pytest.mark.slow


def test_go_accepts_ledgers_of_many_sizes_each_extending_the_last(world: World, verify: Verify) -> None:
    assert verify(world) == "good: 0 entries"
    saved = world.fill(numbered(1))
    for size in (1, 2, 255, 256, 257, 600, 1025):
        checkpoint = world.fill(numbered(1025)[len(world.entries()) : size])
        assert verify(world, saved) == f"good: {size} entries"
        saved = checkpoint


def test_go_accepts_a_ledger_that_is_signed_with_sm2_besides(world: World, verify: Verify) -> None:
    path = world.directory.with_name("sm2.pem")
    create_sm2_key(path, ORIGIN)
    two = World(world.directory, TwoSigners(world.signer, load_sm2_signer(path, ORIGIN)))
    assert verify(world, two.fill(numbered(300))) == "good: 300 entries"
    assert len(parse_note(two.read("checkpoint")).signatures) == 2


def test_go_accepts_our_export_and_our_proofs(world: World, verify: Verify) -> None:
    saved = world.fill(numbered(300))
    world.fill(numbered(400, start=300))
    copy = World(world.directory.with_name("copy"), world.signer)
    export_ledger(world.directory, copy.directory)
    for index in (0, 299, 300, 699):
        assert verify(copy, saved, prove_inclusion(world.directory, index), f"entry {index}") == "good: 700 entries"
        assert verify(copy, saved, prove_inclusion(world.directory, index), "another").startswith("refused:")


@pytest.mark.parametrize(
    ("path", "bit"),
    [
        ("tile/0/000", 77),
        ("tile/0/002.p/88", 0),
        ("tile/1/000.p/2", 300),
        ("tile/entries/001", 40),
        ("tile/entries/002.p/88", 100),
        ("checkpoint", 8 * 22),
        ("checkpoint", 8 * 120),
    ],
)
def test_go_and_fsck_refuse_the_same_flipped_bits(world: World, verify: Verify, path: str, bit: int) -> None:
    world.fill(numbered(600))
    assert verify(world) == "good: 600 entries"
    world.flip(path, bit)
    assert verify(world).startswith("refused:")
    assert path in {problem.path for problem in world.check().problems}


def test_go_refuses_an_entry_exchanged_together_with_its_hashes(world: World, verify: Verify) -> None:
    world.fill(numbered(100))
    entries = decode_bundle(world.read("tile/entries/000.p/100"), 100)
    entries[50] = b"what did not happen"
    edge = TreeEdge()
    for entry in entries:
        edge.append(naive_tree.leaf(entry))
    (world.directory / "tile/entries/000.p/100").write_bytes(encode_bundle(entries))
    for name, content in edge.partial_tiles():
        (world.directory / name.path).write_bytes(content)
    assert verify(world).startswith("refused:")
    assert not world.check().is_sound


def test_go_refuses_a_ledger_signed_by_another_key_of_the_same_name(world: World, verify: Verify) -> None:
    path = world.directory.with_name("other.key")
    create_signer_key(path, ORIGIN)
    assert verify(World(world.directory, load_signer(path))).startswith("refused:")


def test_go_refuses_a_rollback_and_a_fork_when_it_knows_the_saved_checkpoint(world: World, verify: Verify) -> None:
    world.fill(numbered(10))
    backup, fork = world.copy("backup"), world.copy("fork")
    saved = world.fill([b"what happened"])
    fork.fill([b"what did not happen", b"more"])
    assert verify(world, saved) == "good: 11 entries"
    assert verify(backup, saved).startswith("refused:")
    assert verify(fork) == "good: 12 entries"
    assert verify(fork, saved).startswith("refused:")
