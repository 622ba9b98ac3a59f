"""`jianlu seal` and `jianlu vault reindex`: refusals, repetition, an edited database, broken media and full disks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import derive_case_ref, tenant_id
from jianlu.vault.case_log import open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.wiring import open_home
from tests.cli.disks import files_of_at_most
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.quiet_home import TENANT, Answer, Sealed, jianlu, make_quiet_home, write_case

Copy = Callable[[], Sealed]


def _seal(world: Sealed, **changes: Path) -> Answer:
    named = {"media": world.media, "case": world.case, "output": world.package, "home": world.home, **changes}
    options = ("--case", named["case"], "-o", named["output"], "--home", named["home"], "--json")
    return jianlu("seal", named["media"], *options)


def _events(home: Path, number: str) -> list[EventType]:
    with open_home(home) as opened:
        tenant = tenant_id(TENANT)
        log = open_case_log(opened.vault, tenant, derive_case_ref(tenant_secret(opened.vault, tenant), number))
        return [event.type for event in log.events]


@pytest.fixture(scope="module")
def torn_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that reads well to its last frames, whose index then claims a frame larger than the file."""
    path = make_media(tmp_path_factory.mktemp("torn") / "torn.mp4", Clip(seconds=20))
    content = bytearray(path.read_bytes())
    at = content.index(b"stsz") + 16 + 4 * (20 * 25 - 3)
    content[at : at + 4] = (5_000_000).to_bytes(4)
    path.write_bytes(content)
    return path


def test_the_receipt_says_what_was_sealed(sealed: Sealed, tmp_path: Path) -> None:
    answer = _seal(sealed, output=tmp_path / "again.jlp")
    assert answer.code == 0 and answer.err == ""
    document = answer.document
    assert {"package", "bytes", "manifest", "tenant", "case", "complete", "met", "not_met", "not_evidenced"} == set(document)
    assert document["bytes"] == (tmp_path / "again.jlp").stat().st_size
    assert document["complete"] is False and document["not_evidenced"] > 0
    assert "quiet-0001" not in document["case"]


def test_sealing_again_adds_no_event_and_the_package_verifies(copied: Copy) -> None:
    world = copied()
    before = _events(world.home, "quiet-0001")
    assert _seal(world).code == 0
    assert _events(world.home, "quiet-0001") == before
    assert before[-1] is EventType.CASE_CLOSED
    assert jianlu("verify", world.package, "--trust", world.home / "trust.json").code == 10


def test_files_that_are_not_there_are_not_found_and_nothing_is_made(sealed: Sealed, tmp_path: Path) -> None:
    assert _seal(sealed, media=tmp_path / "none.mp4", output=tmp_path / "x.jlp").code == 4
    assert _seal(sealed, case=tmp_path / "none.toml", output=tmp_path / "x.jlp").code == 4
    assert _seal(sealed, output=tmp_path / "no-folder" / "x.jlp").code == 4
    assert _seal(sealed, home=tmp_path / "no-home", output=tmp_path / "x.jlp").code == 4
    assert not list(tmp_path.iterdir())


def test_a_wrong_case_file_is_a_wrong_call(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text("[case]\nid = 5\n")
    assert _seal(sealed, case=tmp_path / "case.toml").code == 2


def test_the_evidence_of_another_tenant_is_denied(sealed: Sealed, tmp_path: Path) -> None:
    case = write_case(tmp_path / "case.toml", **{TENANT: "other-bank"})
    answer = _seal(sealed, case=case, output=tmp_path / "x.jlp")
    assert answer.code == 3
    assert not (tmp_path / "x.jlp").exists()


def test_another_recording_or_other_facts_for_a_sealed_case_are_a_conflict(copied: Copy, tmp_path: Path) -> None:
    world = copied()
    before = _events(world.home, "quiet-0001")
    other = make_media(tmp_path / "other.mp4", Clip(seconds=2))
    answer = _seal(world, media=other)
    assert answer.code == 5, answer.err
    case = write_case(tmp_path / "older.toml", **{"age = 62": "age = 66"})
    changed = _seal(world, case=case)
    assert changed.code == 5
    assert "new case id" in changed.err
    assert _events(world.home, "quiet-0001") == before


def test_a_home_that_another_process_writes_is_a_conflict(copied: Copy) -> None:
    world = copied()
    with open_home(world.home):
        answer = _seal(world)
    assert answer.code == 5


def test_an_edited_database_row_is_named_and_stops_the_package_until_the_index_is_rebuilt(copied: Copy) -> None:
    world = copied()
    world.package.unlink()
    with closing(sqlite3.connect(world.home / "index.sqlite")) as database, database:
        assert database.execute("UPDATE cases SET met = 24, not_evidenced = 0").rowcount == 1
    answer = _seal(world)
    assert answer.code == 90
    assert "cases" in answer.err and "met" in answer.err and "reindex" in answer.err
    assert not world.package.exists()
    rebuilt = jianlu("vault", "reindex", "--home", world.home, "--json")
    assert rebuilt.code == 0
    assert rebuilt.document["cases"] == 1 and rebuilt.document["objects_gone"] == 0
    assert _seal(world).code == 0
    assert jianlu("verify", world.package).code == 10


def test_a_lost_database_is_rebuilt_from_vault_and_ledger(copied: Copy) -> None:
    world = copied()
    before = _rows(world.home)
    for path in world.home.glob("index.sqlite*"):
        path.unlink()
    answer = _seal(world)
    assert answer.code in (5, 75, 90) and "reindex" in answer.err, answer.err
    assert jianlu("vault", "reindex", "--home", world.home).code == 0
    assert _rows(world.home) == before


def _rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(home / "index.sqlite")) as database:
        tables = ("events", "objects", "cases", "retentions")
        return {table: sorted(database.execute(f"SELECT * FROM {table}").fetchall()) for table in tables}  # noqa: S608


def test_a_sealed_object_that_was_altered_stops_the_package(copied: Copy) -> None:
    world = copied()
    world.package.unlink()
    target = next((world.home / "vault").rglob("seg-000001*"))
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.chmod(0o600)
    target.write_bytes(content)
    answer = _seal(world)
    assert answer.code == 90, answer.err
    assert not world.package.exists()


@pytest.mark.parametrize("content", [b"", b"not a film", bytes(5000), b"\x00\x00\x00\x18ftypmp42" + bytes(16)])
def test_a_file_that_is_no_recording_is_refused_before_anything_is_recorded(content: bytes, copied: Copy, tmp_path: Path) -> None:
    world = copied()
    (tmp_path / "broken.mp4").write_bytes(content)
    case = write_case(tmp_path / "broken.toml", "broken-1")
    answer = _seal(world, media=tmp_path / "broken.mp4", case=case, output=tmp_path / "broken.jlp")
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "broken.jlp").exists()
    assert EventType.RECORDING_STARTED not in _events(world.home, "broken-1")
    assert _seal(world, case=case, output=tmp_path / "whole.jlp").code == 0, "a refused file does not burn the case"


def test_a_recording_that_breaks_half_way_is_abandoned_and_nothing_of_it_is_kept(
    copied: Copy, torn_media: Path, tmp_path: Path
) -> None:
    world = copied()
    case = write_case(tmp_path / "torn.toml", "torn-1")
    kept = {path for path in (world.home / "vault").rglob("*") if path.is_file()}
    answer = _seal(world, media=torn_media, case=case, output=tmp_path / "torn.jlp")
    assert answer.code == 2, answer.err
    assert not (tmp_path / "torn.jlp").exists()
    assert {path for path in (world.home / "vault").rglob("*") if path.is_file()} == kept
    events = _events(world.home, "torn-1")
    assert EventType.RECORDING_ABANDONED in events and EventType.RECORDING_ENDED not in events
    again = _seal(world, case=case, output=tmp_path / "torn.jlp")
    assert again.code == 5
    assert "new case id" in again.err
    assert jianlu("ledger", "fsck", world.home / "ledger").code == 0


def test_a_disk_that_fills_up_is_unavailable_and_the_same_command_goes_on_later(sealed: Sealed, tmp_path: Path) -> None:
    home = make_quiet_home(tmp_path / "home")
    for size_bytes in (3_000, 40_000, 120_000):
        with files_of_at_most(size_bytes):
            answer = _seal(sealed, home=home, output=tmp_path / "x.jlp")
        assert answer.code == 75, (size_bytes, answer.err)
        assert not list(tmp_path.glob("*.jlp")) and not list(tmp_path.glob(".*.partial"))
    finished = _seal(sealed, home=home, output=tmp_path / "x.jlp")
    assert finished.code == 0, finished.err
    assert jianlu("verify", tmp_path / "x.jlp", "--trust", home / "trust.json").code == 10
    assert jianlu("ledger", "fsck", home / "ledger").code == 0


def test_a_package_that_cannot_be_put_in_its_place_is_unavailable(copied: Copy, tmp_path: Path) -> None:
    world = copied()
    (tmp_path / "taken").mkdir()
    answer = _seal(world, output=tmp_path / "taken")
    assert answer.code == 75
    assert "check" in answer.err
    assert not list(tmp_path.glob(".*.partial"))
