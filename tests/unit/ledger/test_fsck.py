"""Fsck finds each fault and says where; harmless leftovers are remarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.tile import decode_bundle, encode_bundle, parse_tile_path
from jianlu.ledger import fsck
from jianlu.ledger.signer import sign_note
from tests.unit.ledger.worlds import ORIGIN, World, numbered


def published_files(world: World) -> list[str]:
    return sorted(
        path.relative_to(world.directory).as_posix() for path in (world.directory / "tile").rglob("*") if path.is_file()
    )


def test_a_flipped_bit_in_any_tile_or_bundle_is_located(world: World) -> None:
    world.fill(numbered(600))
    for path in published_files(world):
        name = parse_tile_path(path)
        content_bits = 8 * len(world.read(path))
        for bit in (0, content_bits // 2, content_bits - 1):
            world.flip(path, bit)
            report = world.check()
            assert {problem.path for problem in report.problems} == {path}, report
            first, last = name.index << 8 * (max(name.level, 0) + 1), (name.index + 1) << 8 * (max(name.level, 0) + 1)
            assert all(problem.index is not None and first <= problem.index < last for problem in report.problems)
            world.flip(path, bit)
    assert world.check().is_sound


def test_the_entry_that_was_altered_is_named(world: World) -> None:
    world.fill(numbered(600))
    for index, path in ((3, "tile/entries/000"), (300, "tile/entries/001"), (599, "tile/entries/002.p/88")):
        content = world.read(path)
        entries = decode_bundle(content, parse_tile_path(path).width)
        entries[index % 256] = b"another entry"
        (world.directory / path).write_bytes(encode_bundle(entries))
        assert [(problem.path, problem.index) for problem in world.check().problems] == [(path, index)]
        (world.directory / path).write_bytes(content)


def test_the_hash_that_was_altered_is_named(world: World) -> None:
    world.fill(numbered(600))
    for path, index in (("tile/0/001", 256 + 5), ("tile/0/002.p/88", 512 + 5), ("tile/1/000.p/2", 256)):
        bit = 8 * 32 * (index % 256 if path.startswith("tile/0") else index // 256)
        world.flip(path, bit)
        assert [(problem.path, problem.index) for problem in world.check().problems] == [(path, index)]
        world.flip(path, bit)


def test_two_faults_are_both_found(world: World) -> None:
    world.fill(numbered(800))
    world.flip("tile/entries/000", 100)
    world.flip("tile/0/001", 100)
    assert {problem.path for problem in world.check().problems} == {"tile/entries/000", "tile/0/001"}


def test_every_missing_file_is_named(world: World) -> None:
    world.fill(numbered(600))
    for path in published_files(world):
        content = world.read(path)
        (world.directory / path).unlink()
        assert (path, "is missing") in {(problem.path, problem.what) for problem in world.check().problems}
        (world.directory / path).write_bytes(content)
    assert world.check().is_sound


def test_a_file_that_is_cut_or_lengthened_is_named(world: World) -> None:
    world.fill(numbered(600))
    for path in published_files(world):
        content = world.read(path)
        (world.directory / path).write_bytes(content[:-1])
        assert path in {problem.path for problem in world.check().problems}
        (world.directory / path).write_bytes(content)


def test_a_flipped_bit_in_the_checkpoint_is_located(world: World) -> None:
    world.fill(numbered(3))
    for bit in range(0, 8 * len(world.read("checkpoint")), 5):
        world.flip("checkpoint", bit)
        assert "checkpoint" in {problem.path for problem in world.check().problems}
        world.flip("checkpoint", bit)


def test_a_consistent_lie_still_contradicts_the_checkpoint(world: World, tmp_path: Path) -> None:
    world.fill(numbered(300))
    lie = world.copy("lie")
    (lie.directory / "checkpoint").write_bytes(sign_note(Checkpoint(ORIGIN, 300, bytes(32)).text, world.signer))
    assert [problem.path for problem in lie.check().problems] == ["checkpoint"]


def test_the_checkpoint_of_another_key_is_a_problem(world: World, tmp_path: Path) -> None:
    world.fill(numbered(3))
    (tmp_path / "second").mkdir()
    stranger = World(tmp_path / "second", world.signer)
    with pytest.raises(NotFoundError):
        stranger.check()
    with pytest.raises(InvalidError):
        fsck(world.directory, "not a key")
    assert fsck(world.directory, world.signer.key.text).is_sound


def test_leftovers_of_interrupted_writes_are_remarks(world: World) -> None:
    world.fill(numbered(300))
    for path in ("tile/0/.000.unfinished", "tile/0/002", "tile/entries/001.p/200", "tile/note.txt"):
        (world.directory / path).write_bytes(b"left over")
    report = world.check()
    assert report.is_sound
    assert {remark.path for remark in report.remarks} == {
        "tile/0/.000.unfinished",
        "tile/0/002",
        "tile/entries/001.p/200",
        "tile/note.txt",
    }


def test_partial_tiles_of_earlier_checkpoints_must_be_beginnings_of_later_ones(world: World) -> None:
    for start in range(0, 9, 3):
        world.fill(numbered(3, start=start))
    assert world.check().is_sound
    for path in ("tile/0/000.p/3", "tile/entries/000.p/6"):
        world.flip(path, 30)
        assert [problem.path for problem in world.check().problems] == [path]
        world.flip(path, 30)
    (world.directory / "tile/0/000.p/5").write_bytes(world.read("tile/0/000.p/3"))
    assert [problem.path for problem in world.check().problems] == ["tile/0/000.p/5"]


def test_a_replaced_partial_tile_is_a_remark(world: World) -> None:
    world.fill(numbered(200))
    kept = {path: world.read(path) for path in ("tile/0/000.p/200", "tile/entries/000.p/200")}
    world.fill(numbered(100, start=200))
    for path, content in kept.items():
        (world.directory / path).parent.mkdir()
        (world.directory / path).write_bytes(content)
    report = world.check()
    assert report.is_sound
    assert {remark.path for remark in report.remarks} == set(kept)
    world.open().close()
    assert world.check().remarks == ()


def test_a_ruined_ledger_gives_a_report_of_bounded_length(world: World) -> None:
    world.fill(numbered(1500))
    for path in published_files(world):
        if path.startswith("tile/0"):
            (world.directory / path).write_bytes(bytes(len(world.read(path))))
    problems = world.check().problems
    assert len(problems) == 1001
    assert "more" in problems[-1].what


def test_the_report_is_plain_for_json(world: World) -> None:
    world.fill(numbered(3))
    document = world.check().as_document()
    assert document["sound"] is True
    assert document["size"] == 3
    assert document["problems"] == []
