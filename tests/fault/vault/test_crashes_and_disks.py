"""Crashes, full and failing disks, and altered files: no event without its object, nothing half-kept, no plaintext on disk."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home
from tests.fakes.vault.sale import SEGMENTS, record_sale, segment

ROOT = Path(__file__).resolve().parents[3]


def run_module(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_before_any_system_call_loses_and_doubles_nothing(tmp_path: Path, step: int) -> None:
    done = run_module("tests.fault.vault.crash_driver", str(tmp_path), "1", str(step))
    assert done.returncode == 0, done.stderr
    outcomes: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(outcome["killed"] for outcome in outcomes) >= 70 // step
    assert {outcome["status"] for outcome in outcomes[:-1]} == {9}
    for outcome in outcomes:
        assert not outcome["lost"], outcome
        assert outcome["recorded"] - outcome["acknowledged"] in (0, 1), outcome
        assert (outcome["whole"], outcome["events"], outcome["orphans"]) == ([True, True], 4, []), outcome
        assert (outcome["differences"], outcome["plaintext_on_disk"]) == ([], []), outcome


def test_object_and_key_are_synced_before_the_event_is_appended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_home(tmp_path)
    calls: list[str] = []
    real_fsync, real_link, real_fdatasync = os.fsync, os.link, os.fdatasync

    def named(descriptor: int) -> str:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        return "unfinished" if path.parent.name == ".incoming" else str(path.relative_to(tmp_path))

    def fsync(descriptor: int) -> None:
        calls.append(f"sync {named(descriptor)}")
        real_fsync(descriptor)

    def fdatasync(descriptor: int) -> None:
        calls.append(f"sync {named(descriptor)}")
        real_fdatasync(descriptor)

    def link(source: Path, target: Path) -> None:
        calls.append(f"link {target.relative_to(tmp_path)}")
        real_link(source, target)

    with open_home(tmp_path) as using:
        log = open_case_log(using, TENANT, CASE)
        log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"first", {"no": 1})
        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "fdatasync", fdatasync)
        monkeypatch.setattr(os, "link", link)
        log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000002", b"second", {"no": 2})
        monkeypatch.undo()
    journal = next(at for at, call in enumerate(calls) if call.startswith("sync ledger/journal"))
    for store, name in (("vault", "seg-000002.v1.sealed"), ("vault-keys", "seg-000002.v1.key")):
        linked = calls.index(f"link {store}/{TENANT}/{CASE}/{name}")
        assert "sync unfinished" in calls[:linked]
        assert linked < calls.index(f"sync {store}/{TENANT}/{CASE}", linked) < journal
    assert calls[:journal].count("sync unfinished") == 2


def test_a_second_try_after_a_failed_sync_keeps_the_object_that_the_journal_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record was written and its sync failed: the ledger stops, and finds the record when it is opened again."""
    create_home(tmp_path)

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "the disk failed")

    with open_home(tmp_path) as using:
        monkeypatch.setattr(os, "fdatasync", failing)
        for attempt in range(2):
            log = open_case_log(using, TENANT, CASE)
            with pytest.raises(UnavailableError):
                log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"try %d" % attempt, {"no": 1})
        monkeypatch.undo()
    with open_home(tmp_path) as using:
        log = open_case_log(using, TENANT, CASE)
        assert log.next_n == 1 and log.open_object("seg-000001") == b"try 0"


@pytest.fixture(scope="module")
def syncs_while_opening(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many syncs the main thread makes before it records: strace counts from the start of a thread."""
    if shutil.which("strace") is None:
        return 0
    folder = tmp_path_factory.mktemp("counted")
    create_home(folder / "home")
    tracer = ("strace", "-qq", "-o", str(folder / "trace"), "-e", "trace=fsync,write")
    assert run_module("tests.fault.vault.failing_writer", str(folder / "home"), before=tracer).returncode == 0
    before, _, _ = (folder / "trace").read_text().partition('"ready')
    return before.count("fsync(")


@pytest.mark.needs_program("strace")
@pytest.mark.parametrize(
    "fault",
    ["fsync:error=EIO:when={0}+1", "fsync:error=EIO:when={0}+4", "link:error=ENOSPC:when=3", "link,linkat:error=EIO:when=1"],
)
def test_a_failing_disk_ends_in_our_error_and_keeps_what_was_durable(
    tmp_path: Path, fault: str, syncs_while_opening: int
) -> None:
    create_home(tmp_path / "home")
    calls, _, rest = fault.partition(":")
    rest, plus, more = rest.partition("{0}+")
    inject = f"{calls}:{rest}{syncs_while_opening + int(more) if plus else ''}"
    tracer = ("strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", f"trace={calls}", "-e", f"inject={inject}")
    done = run_module("tests.fault.vault.failing_writer", str(tmp_path / "home"), before=tracer)
    check_failure(done, tmp_path / "home", message="full" if "ENOSPC" in fault else "EIO")


@pytest.mark.parametrize("file_bytes_max", [100, 20_000, 100_000])
def test_a_full_disk_ends_in_our_error_and_keeps_what_was_durable(tmp_path: Path, file_bytes_max: int) -> None:
    create_home(tmp_path / "home")
    done = run_module("tests.fault.vault.failing_writer", str(tmp_path / "home"), str(file_bytes_max))
    check_failure(done, tmp_path / "home", message="full")


def check_failure(done: subprocess.CompletedProcess[str], home: Path, message: str) -> None:
    """The writer met an UnavailableError; every event that it called durable is there, and the home goes on."""
    lines = done.stdout.splitlines()
    assert lines[0] == "ready", done.stderr
    assert lines[-1].startswith("UnavailableError"), lines
    assert message in lines[-1]
    assert "try again" in lines[-1]
    assert "PLAINTEXT" not in done.stdout + done.stderr
    durable = lines.count("durable")
    with open_home(home) as using:
        log = open_case_log(using, TENANT, CASE)
        assert durable <= log.next_n <= durable + 1
        for number in range(1, log.next_n + 1):
            assert log.open_object(f"seg-{number:06d}") == b"PLAINTEXT" * 2000 * number
        number = log.next_n + 1
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", b"after", {"no": number})
        assert log.open_object(f"seg-{number:06d}") == b"after"
        assert compare_index(using, log.tenant, log.case) == []
    assert [path for path in home.rglob("*") if path.is_file() and b"PLAINTEXT" in path.read_bytes()] == []


def test_no_plaintext_and_no_key_is_anywhere_in_the_home(tmp_path: Path) -> None:
    create_home(tmp_path)
    with open_home(tmp_path) as using:
        log = record_sale(using)
        salt = log.salt("0/commit")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        for known in (b"PLAINTEXT", salt, salt.hex().encode()):
            assert known not in content, path
    assert list((tmp_path / "vault/.incoming").iterdir()) == []


def test_a_flipped_bit_in_any_file_of_the_vault_is_noticed(tmp_path: Path) -> None:
    create_home(tmp_path)
    with open_home(tmp_path) as using:
        log = record_sale(using)
        names = sorted({event.body["object"] for event in log.events if "object" in event.body} | {"init"})
        stored = [path for folder in ("vault", "vault-keys") for path in sorted((tmp_path / folder).rglob("*")) if path.is_file()]
        assert len(stored) == 2 * len(names) + 2
        for path in stored:
            content = path.read_bytes()
            for place in {0, 7, 9, 40, len(content) // 2, len(content) - 1} & set(range(len(content))):
                path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
                assert unopened(tmp_path, using, names), (path, place)
            path.write_bytes(content)
        assert not unopened(tmp_path, using, names)


def unopened(home: Path, using: Any, names: list[str]) -> list[str]:
    """The objects that no longer open, each refused with IntegrityError."""
    refused = []
    for name in names:
        try:
            open_case_log(using, TENANT, CASE).open_object(name)
        except IntegrityError:
            refused.append(name)
    return refused


def test_objects_that_change_places_are_noticed(tmp_path: Path) -> None:
    create_home(tmp_path)
    with open_home(tmp_path) as using:
        log = record_sale(using)
        folder = tmp_path / "vault" / TENANT / CASE
        keys = tmp_path / "vault-keys" / TENANT / CASE
        one, two = "seg-000001.v1", "seg-000002.v1"
        shutil.copy(folder / f"{two}.sealed", folder / f"{one}.sealed")
        with pytest.raises(IntegrityError):
            log.open_object("seg-000001")
        shutil.copy(keys / f"{two}.key", keys / f"{one}.key")
        with pytest.raises(IntegrityError):
            log.open_object("seg-000001")
        assert log.open_object("seg-000003") == segment(SEGMENTS)


def test_a_home_whose_ledger_was_rolled_back_is_not_written_on(tmp_path: Path) -> None:
    create_home(tmp_path / "home")
    shutil.copytree(tmp_path / "home" / "ledger", tmp_path / "old")
    with open_home(tmp_path / "home") as using:
        record_sale(using)
    shutil.rmtree(tmp_path / "home" / "ledger")
    shutil.copytree(tmp_path / "old", tmp_path / "home" / "ledger")
    with open_home(tmp_path / "home") as using:
        with pytest.raises(IntegrityError, match="rolled-back"):
            open_case_log(using, TENANT, CASE)
        assert len(compare_index(using, tenant_id(TENANT), case_ref(CASE))) > 20
