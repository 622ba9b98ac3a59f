"""The published vectors of `specs/ledger.md` and `specs/checkpoint-and-proof.md`, read by our code."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.ed25519 import verify
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.checkpoint import verify_checkpoint
from jianlu.core.formats.note import parse_verifier_key, verify_note
from jianlu.core.formats.proof import leaf_hash, verify_consistency, verify_inclusion
from jianlu.core.formats.tile import TileName, parse_tile_path
from jianlu.core.formats.tree import TileTree, TreeEdge
from jianlu.ledger._journal import encode_record
from tests.vectors.ledger import write_vectors

ROOT = Path(__file__).resolve().parents[3]


def vectors(name: str) -> Any:
    return json.loads((ROOT / "specs" / "vectors" / "ledger" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tiles_by_size() -> dict[int, tuple[bytes, dict[str, bytes]]]:
    """For each vector's size, our root and our tiles."""
    wanted = [tree["size"] for tree in vectors("trees")["trees"]]
    edge, full, found = TreeEdge(), dict[str, bytes](), dict[int, tuple[bytes, dict[str, bytes]]]()
    for number in range(max(wanted) + 1):
        if number in wanted:
            found[number] = (edge.root(), {**full, **{name.path: content for name, content in edge.partial_tiles()}})
        full |= {name.path: content for name, content in edge.append(leaf_hash(b"entry %d" % number))}
    return found


@pytest.mark.parametrize("tree", vectors("trees")["trees"], ids=lambda tree: str(tree["size"]))
def test_trees_have_the_published_roots_tiles_and_proofs(
    tree: Any, tiles_by_size: dict[int, tuple[bytes, dict[str, bytes]]]
) -> None:
    size = tree["size"]
    root, tiles = tiles_by_size[size]
    assert root.hex() == tree["root"]
    for tile in tree["tiles"]:
        assert hashlib.sha256(tiles[TileName(tile["level"], tile["index"], tile["width"]).path]).hexdigest() == tile["sha256"]
    ours = TileTree(size, root, tiles.get)
    for index, hashes in tree["inclusion"].items():
        assert [value.hex() for value in ours.inclusion_proof(int(index))] == hashes
        verify_inclusion(
            leaf_hash(b"entry " + index.encode()), int(index), size, [bytes.fromhex(value) for value in hashes], root
        )
    for old, hashes in tree["consistency"].items():
        assert [value.hex() for value in ours.consistency_proof(int(old))] == hashes
        verify_consistency(int(old), size, ours.root_at(int(old)), root, [bytes.fromhex(value) for value in hashes])


def test_paths_are_read_and_written_as_published() -> None:
    for row in vectors("paths")["good"]:
        name = TileName(row["level"], row["index"], row["width"])
        assert name.path == row["path"]
        assert parse_tile_path(row["path"]) == name


@pytest.mark.parametrize("path", vectors("paths")["bad"])
def test_other_spellings_are_no_paths_of_tiles(path: str) -> None:
    with pytest.raises(InvalidError):
        parse_tile_path(path)


@pytest.mark.parametrize("row", vectors("notes")["good"], ids=lambda row: str(row["why"]))
def test_good_checkpoints_are_accepted_with_their_key(row: Any) -> None:
    checkpoint = verify_checkpoint(row["note"].encode(), [parse_verifier_key(vectors("notes")["vkey"])], origin="example.com/log")
    assert (checkpoint.origin, checkpoint.size) == ("example.com/log", 0)


@pytest.mark.parametrize("row", vectors("notes")["invalid"], ids=lambda row: str(row["why"]))
def test_malformed_checkpoints_are_invalid(row: Any) -> None:
    with pytest.raises(InvalidError):
        verify_checkpoint(row["note"].encode(), [parse_verifier_key(vectors("notes")["vkey"])])


@pytest.mark.parametrize("row", vectors("notes")["not_intact"], ids=lambda row: str(row["why"]))
def test_altered_checkpoints_are_not_intact(row: Any) -> None:
    with pytest.raises(IntegrityError):
        verify_checkpoint(row["note"].encode(), [parse_verifier_key(vectors("notes")["vkey"])])


def test_the_example_of_the_note_specification_is_accepted() -> None:
    example = vectors("notes")["c2sp_example"]
    key = parse_verifier_key(example["vkey"])
    assert key.text == example["vkey"]
    assert verify_note(example["note"].encode(), [key]).text == "This is an example message.\n"


@pytest.mark.parametrize("text", vectors("notes")["bad_vkeys"])
def test_malformed_verifier_keys_are_invalid(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_verifier_key(text)


@pytest.mark.parametrize("row", vectors("journal"), ids=lambda row: str(row["first"]))
def test_journal_records_are_written_as_published(row: Any) -> None:
    assert encode_record(row["first"], [bytes.fromhex(entry) for entry in row["entries"]]).hex() == row["record"]


@pytest.mark.parametrize("row", vectors("ed25519"), ids=lambda row: str(row["why"]))
def test_signatures_are_judged_as_published(row: Any) -> None:
    assert verify(bytes.fromhex(row["public"]), bytes.fromhex(row["signature"]), bytes.fromhex(row["message"])) is row["valid"]


@pytest.mark.parametrize("name", ["paths", "notes", "journal", "ed25519"])
def test_the_published_vectors_are_what_their_script_writes(name: str) -> None:
    written = {"paths": write_vectors.paths, "notes": write_vectors.notes, "journal": write_vectors.journal}
    made = written.get(name, write_vectors.signatures)()
    assert made == vectors(name)


def test_a_stranger_needs_the_standard_library_alone() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "import jianlu.core.formats.tree, jianlu.core.formats.proof;"
        "sys.exit(any(name.split('.')[0] in ('cryptography', 'numpy', 'pydantic') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program, str(ROOT / "src")], check=False)
    assert done.returncode == 0
