"""The single-file verifier: the same bytes on every build, the published digest, and nothing but the standard library."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

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
