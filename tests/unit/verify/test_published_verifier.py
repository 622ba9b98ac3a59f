"""The single-file verifier: the same bytes on every build, the published digest, and nothing but the standard library."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jianlu.core.terms.digests import digest_of
from jianlu.deliver.packages.verifier import main, published_line, verifier_bytes
from tests.conftest import ROOT

FORBIDDEN = ("socket", "ssl", "http", "urllib.request", "sqlite3", "ctypes")


def _isolated(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """A stranger's Python: no site packages, no environment, no current directory on the path."""
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_two_builds_are_the_same_bytes() -> None:
    assert verifier_bytes() == verifier_bytes()


def test_another_process_builds_the_same_bytes(tmp_path: Path) -> None:
    target = tmp_path / "verifier.pyz"
    command = [sys.executable, "-m", "jianlu.deliver.packages.verifier", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"})
    assert target.read_bytes() == verifier_bytes()
    assert done.stdout == published_line(verifier_bytes())


def test_the_published_digest_is_that_of_this_code() -> None:
    published = (ROOT / "specs" / "verifier.sha256").read_text(encoding="ascii")
    assert published == published_line(verifier_bytes()), "the verifier changed: look at the change, then run `make verifier`"


def test_the_program_holds_sources_of_core_and_verify_alone() -> None:
    program = verifier_bytes()
    with zipfile.ZipFile(io.BytesIO(program)) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "jianlu/core/formats/segment.py" not in names
    assert all(
        name in ("__main__.py", "jianlu/__init__.py") or name.startswith(("jianlu/core/", "jianlu/verify/")) for name in names
    )
    assert all(name.endswith(".py") for name in names)


def test_it_runs_isolated_without_site_packages_and_says_what_is_missing(tmp_path: Path) -> None:
    program = tmp_path / "verifier.pyz"
    program.write_bytes(verifier_bytes())
    assert _isolated(program, "--help", folder=tmp_path).returncode == 0
    assert _isolated(program, tmp_path / "none.jlp", folder=tmp_path).returncode == 4
    assert _isolated(program, folder=tmp_path).returncode == 2
    assert _isolated(program, "x.jlp", "--language", "fr", folder=tmp_path).returncode == 2
    (tmp_path / "x.jlp").write_bytes(b"garbage")
    done = _isolated(program, "x.jlp", folder=tmp_path)
    assert (done.returncode, done.stderr) == (90, "")
    assert "不可信" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--language", "en"]], ids=str)
def test_a_machine_that_knows_no_unicode_is_answered_in_utf_8(arguments: list[str], tmp_path: Path) -> None:
    program = tmp_path / "verifier.pyz"
    program.write_bytes(verifier_bytes())
    (tmp_path / "x.jlp").write_bytes(b"garbage")
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-S", str(program), "x.jlp", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (90, b"")
    assert done.stdout.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", [["verify"], ["pyz"]], ids=str)
def test_an_answer_that_cannot_be_written_is_no_answer(command: list[str], tmp_path: Path) -> None:
    program = tmp_path / "verifier.pyz"
    program.write_bytes(verifier_bytes())
    (tmp_path / "x.jlp").write_bytes(b"garbage")
    start = [str(program)] if command == ["pyz"] else ["-m", "jianlu.entry.cli.main", "verify"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, *start, str(tmp_path / "x.jlp")], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 75
    assert b"cannot be written" in done.stderr and b"Traceback" not in done.stderr


def test_the_sources_are_importable_with_the_standard_library_alone_and_open_no_network(tmp_path: Path) -> None:
    program = tmp_path / "verifier.pyz"
    program.write_bytes(verifier_bytes())
    code = (
        f"import sys; sys.path.insert(0, {str(program)!r});"
        "import jianlu.verify.check, jianlu.verify.render, jianlu.verify.trust, jianlu.verify.__main__;"
        f"print([name for name in {FORBIDDEN!r} if name in sys.modules])"
    )
    done = _isolated("-c", code, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "[]"


def test_the_line_to_publish_is_what_sha256sum_reads(tmp_path: Path) -> None:
    main([str(tmp_path / "verifier.pyz")])
    digest, name = published_line((tmp_path / "verifier.pyz").read_bytes()).split()
    assert (digest, name) == (digest_of(verifier_bytes()), "verifier.pyz")
