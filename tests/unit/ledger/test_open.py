"""Creating and opening: what is refused before anything is signed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.proof import EMPTY_ROOT
from jianlu.ledger import create_ledger, create_signer_key, export_ledger, load_signer
from jianlu.ledger.signer import sign_note
from jianlu.runtime.durable import write_whole
from tests.unit.ledger.worlds import ORIGIN, World, numbered


def test_a_new_ledger_is_empty_and_signed(world: World) -> None:
    report = world.check()
    assert (report.origin, report.size, report.root) == (ORIGIN, 0, EMPTY_ROOT.hex())
    assert report.is_sound
    assert world.entries() == []


def test_a_ledger_is_never_made_over_something(world: World) -> None:
    with pytest.raises(ConflictError, match="not empty"):
        create_ledger(world.directory, origin=ORIGIN, signer=world.signer)


def test_the_key_must_carry_the_name_of_the_ledger(world: World, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="origin"):
        create_ledger(tmp_path / "second", origin="example.com/second", signer=world.signer)


def test_a_second_writer_is_refused_until_the_first_is_done(world: World) -> None:
    first = world.open()
    with pytest.raises(ConflictError, match="open in another process"):
        world.open()
    first.close()
    world.open().close()


def test_the_ledger_of_another_key_is_refused(world: World, tmp_path: Path) -> None:
    create_signer_key(tmp_path / "other.key", ORIGIN)
    with pytest.raises(IntegrityError, match="trusted key"):
        World(world.directory, load_signer(tmp_path / "other.key")).open()


def test_a_copy_without_journal_is_not_written_to(world: World, tmp_path: Path) -> None:
    world.fill(numbered(3))
    export_ledger(world.directory, tmp_path / "copy")
    with pytest.raises(IntegrityError, match="copy"):
        World(tmp_path / "copy", world.signer).open()


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_a_damaged_end_is_not_continued(world: World, path: str) -> None:
    world.fill(numbered(300))
    world.flip(path, 77)
    with pytest.raises(IntegrityError):
        world.open()
    (world.directory / path).unlink()
    with pytest.raises((IntegrityError, NotFoundError)):
        world.open()


def test_a_journal_that_was_set_back_is_refused(world: World) -> None:
    world.fill(numbered(5))
    before = world.copy("before")
    world.fill(numbered(5))
    shutil.rmtree(world.directory / "journal")
    shutil.copytree(before.directory / "journal", world.directory / "journal")
    with pytest.raises(IntegrityError, match="rolled back"):
        world.open()


def test_an_older_checkpoint_with_a_whole_journal_leads_to_the_same_tree(world: World) -> None:
    ledger = world.open()
    for entry in numbered(5):
        ledger.append(entry)
    older = ledger.publish()
    for entry in numbered(300, start=5):
        ledger.append(entry)
    newer = ledger.publish()
    crashed = world.copy("crashed")
    ledger.close()
    (crashed.directory / "checkpoint").write_bytes(older)
    crashed.open().close()
    assert crashed.read("checkpoint") == newer
    assert crashed.check().is_sound


def test_a_saved_checkpoint_shows_that_the_whole_folder_was_set_back(world: World) -> None:
    world.fill(numbered(4))
    backup = world.copy("backup")
    saved = world.fill([b"one more"])
    with pytest.raises(IntegrityError, match="rolled back"):
        backup.open(saved_checkpoint=saved)
    world.open(saved_checkpoint=saved).close()


def test_a_saved_checkpoint_shows_a_fork_by_the_same_key(world: World) -> None:
    world.fill(numbered(4))
    fork = world.copy("fork")
    saved = world.fill([b"what happened", b"and then"])
    fork.fill([b"what did not happen", b"and then", b"more"])
    assert fork.check().is_sound
    with pytest.raises(IntegrityError, match="forked"):
        fork.open(saved_checkpoint=saved)
    assert [problem.path for problem in fork.check(saved_checkpoint=saved).problems] == ["checkpoint"]


def test_a_checkpoint_that_somebody_else_put_there_stops_the_writer(world: World) -> None:
    ledger = world.open()
    ledger.append(b"entry")
    (world.directory / "checkpoint").write_bytes(sign_note(Checkpoint(ORIGIN, 9, bytes(32)).text, world.signer))
    with pytest.raises(IntegrityError, match="somebody else"):
        ledger.publish()
    with pytest.raises(IntegrityError, match="somebody else"):
        ledger.append(b"next")
    ledger.close()


def test_a_tile_that_reads_back_differently_is_noticed_before_signing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = world.fill(numbered(10))
    ledger = world.open()
    for entry in numbered(290):
        ledger.append(entry)

    for bad_bytes in (256 * 32, 44 * 32):

        def write_wrongly(handle: int, content: bytes, length: int = bad_bytes) -> None:
            write_whole(handle, bytes([content[0] ^ 1]) + content[1:] if len(content) == length else content)

        monkeypatch.setattr("jianlu.ledger._folder.write_whole", write_wrongly)
        crashed = world.copy("crashed")
        with pytest.raises(IntegrityError, match=r"altered|edge"):
            crashed.open()
        assert crashed.read("checkpoint") == signed
    monkeypatch.undo()
    ledger.close()
    assert world.check().is_sound


def test_a_disk_that_cannot_be_written_stops_the_ledger(world: World) -> None:
    ledger = world.open()
    (world.directory / "tile").write_text("a file in the way")
    ledger.append(b"entry")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="disk failed"):
            ledger.publish()
    with pytest.raises(UnavailableError, match="disk failed"):
        ledger.append(b"next")
    ledger.close()
    (world.directory / "tile").unlink()
    world.open().close()
    assert world.entries() == [b"entry"]


def test_a_signing_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = create_signer_key(path, ORIGIN)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path).key == key
    with pytest.raises(ConflictError, match="exists"):
        create_signer_key(path, ORIGIN)
    path.chmod(0o640)
    with pytest.raises(DeniedError, match="chmod 600"):
        load_signer(path)
    with pytest.raises(NotFoundError):
        load_signer(tmp_path / "none")


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"PRIVATE+KEY+a+b", b"PRIVATE+KEY+a+00000000+AQ==", b"PRIVATE+KEY+a+00000000+" + b"A" * 44]
)
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(InvalidError):
        load_signer(path)


def test_a_key_file_whose_key_does_not_fit_its_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    create_signer_key(path, ORIGIN)
    line = path.read_text()
    path.write_text(line.replace("example.com", "example.org"))
    with pytest.raises(InvalidError, match="damaged"):
        load_signer(path)
