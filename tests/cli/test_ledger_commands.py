"""`jianlu ledger fsck|prove|export` on a home's ledger, on an exported copy and on damaged ones."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jianlu.core.formats.checkpoint import claimed_checkpoint
from jianlu.core.formats.proof import parse_proof, verify_consistency
from tests.fakes.quiet_home import Sealed, jianlu

Copy = Callable[[], Sealed]


def _ledger(world: Sealed) -> Path:
    return world.home / "ledger"


def test_a_sound_ledger_is_sound_by_key_and_by_trust_file(sealed: Sealed) -> None:
    trust = sealed.home / "trust.json"
    by_trust = jianlu("ledger", "fsck", _ledger(sealed), "--trust", trust, "--json")
    assert by_trust.code == 0
    assert by_trust.document["problems"] == []
    assert jianlu("ledger", "fsck", _ledger(sealed)).code == 0
    by_checkpoint = jianlu("ledger", "fsck", _ledger(sealed), "--trust", trust, "--checkpoint", _ledger(sealed) / "checkpoint")
    assert by_checkpoint.code == 0


@pytest.mark.parametrize("damaged", ["tile/0/000*", "tile/entries/000*", "checkpoint"])
def test_a_damaged_ledger_is_not_sound_and_the_file_is_named(damaged: str, copied: Copy) -> None:
    world = copied()
    path = next(path for found in _ledger(world).glob(damaged) for path in ([found] if found.is_file() else found.iterdir()))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    answer = jianlu("ledger", "fsck", _ledger(world), "--trust", world.home / "trust.json", "--json")
    assert answer.code == 90
    assert answer.document["problems"]
    text = jianlu("ledger", "fsck", _ledger(world), "--trust", world.home / "trust.json")
    assert text.code == 90 and "NOT SOUND" in text.out


def test_a_folder_that_is_no_ledger_is_not_found(tmp_path: Path, sealed: Sealed) -> None:
    trust = sealed.home / "trust.json"
    assert jianlu("ledger", "fsck", tmp_path, "--trust", trust).code == 4
    assert jianlu("ledger", "prove", tmp_path, "0").code == 4
    assert jianlu("ledger", "export", tmp_path, tmp_path / "copy").code == 4


def test_a_ledger_without_a_known_key_asks_for_one(sealed: Sealed, tmp_path: Path) -> None:
    copy = shutil.copytree(_ledger(sealed), tmp_path / "alone" / "ledger")
    answer = jianlu("ledger", "fsck", copy)
    assert answer.code == 2
    assert "--key" in answer.err
    assert jianlu("ledger", "fsck", copy, "--key", "nonsense").code == 2


def test_a_trust_file_of_another_ledger_is_not_found(sealed: Sealed, tmp_path: Path) -> None:
    jianlu("init", tmp_path / "other", "--origin", "other.example/log")
    assert jianlu("ledger", "fsck", _ledger(sealed), "--trust", tmp_path / "other" / "trust.json").code == 4


def test_an_entry_is_proved_by_a_tlog_proof(sealed: Sealed) -> None:
    answer = jianlu("ledger", "prove", _ledger(sealed), "0", "--json")
    assert answer.code == 0
    proof = parse_proof(answer.document["proof"].encode())
    assert proof.index == 0
    assert jianlu("ledger", "prove", _ledger(sealed), "0").out == answer.document["proof"]


def test_consistency_is_proved_between_two_sizes(sealed: Sealed) -> None:
    now = claimed_checkpoint((_ledger(sealed) / "checkpoint").read_bytes())
    answer = jianlu("ledger", "prove", _ledger(sealed), "--from", "3", "--json")
    assert answer.code == 0
    assert (answer.document["from"], answer.document["to"]) == (3, now.size)
    text = jianlu("ledger", "prove", _ledger(sealed), "--from", "3", "--to", str(now.size))
    assert text.out.splitlines() == [f"consistency 3 {now.size}", *answer.document["hashes"]]
    hashes = tuple(base64.b64decode(value) for value in answer.document["hashes"])
    verify_consistency(now.size, now.size, now.root, now.root, ())
    assert hashes


@pytest.mark.parametrize(
    "arguments", [[], ["0", "--from", "1"], ["99999"], ["--from", "99999"], ["--from", "5", "--to", "3"], ["x"]], ids=" ".join
)
def test_what_cannot_be_proved_is_refused_with_a_next_step(arguments: list[str], sealed: Sealed) -> None:
    answer = jianlu("ledger", "prove", _ledger(sealed), *arguments)
    assert answer.code == (75 if arguments == ["99999"] else 2), "what is not published yet may be later"
    assert answer.out == "" and answer.err


def test_an_export_is_sound_without_a_home_and_is_made_once(sealed: Sealed, tmp_path: Path) -> None:
    answer = jianlu("ledger", "export", _ledger(sealed), tmp_path / "copy", "--json")
    assert answer.code == 0
    assert answer.document["size"] == claimed_checkpoint((tmp_path / "copy" / "checkpoint").read_bytes()).size
    assert jianlu("ledger", "fsck", tmp_path / "copy", "--trust", sealed.home / "trust.json").code == 0
    assert jianlu("ledger", "export", _ledger(sealed), tmp_path / "copy").code == 5


def test_an_export_that_cannot_be_written_is_unavailable_and_leaves_nothing(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    answer = jianlu("ledger", "export", _ledger(sealed), tmp_path / "file" / "copy")
    assert answer.code == 75
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
