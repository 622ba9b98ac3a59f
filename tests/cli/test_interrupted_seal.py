"""A seal that is killed anywhere is finished by the same command, and what comes out is one whole, sound case."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fakes.quiet_home import Sealed, jianlu, make_quiet_home

pytestmark = pytest.mark.slow

POINTS = 5


def _command(world: Sealed, home: Path, package: Path) -> list[str]:
    return ["seal", str(world.media), "--case", str(world.case), "-o", str(package), "--home", str(home)]


def _run(count: int, command: list[str]) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tests.cli.killed_seal", str(count), *command]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_seal_killed_at_any_point_is_finished_by_the_same_command(sealed: Sealed, tmp_path: Path) -> None:
    untouched = _run(0, _command(sealed, make_quiet_home(tmp_path / "untouched"), tmp_path / "untouched.jlp"))
    assert untouched.returncode == 0, untouched.stderr
    calls = int(untouched.stderr.split()[-1])
    expected = jianlu("verify", tmp_path / "untouched.jlp", "--json").document
    assert calls > 10 * POINTS
    for point in range(1, POINTS + 1):
        home, package = make_quiet_home(tmp_path / f"home-{point}"), tmp_path / f"{point}.jlp"
        command = _command(sealed, home, package)
        killed = _run(calls * point // (POINTS + 1) + point, command)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
        assert not package.exists()
        again = jianlu(*command)
        assert again.code == 0, (point, again.err)
        verified = jianlu("verify", package, "--trust", home / "trust.json", "--json")
        assert verified.code == 10, (point, verified.out)
        assert [(c["clause"], c["verdict"]) for c in verified.document["clauses"]] == [
            (c["clause"], c["verdict"]) for c in expected["clauses"]
        ]
        assert verified.document["duration_ms"] == expected["duration_ms"]
        assert jianlu("ledger", "fsck", home / "ledger").code == 0


def test_a_seal_killed_while_the_package_is_written_leaves_none_and_no_litter(sealed: Sealed, tmp_path: Path) -> None:
    home, package = make_quiet_home(tmp_path / "home"), tmp_path / "x.jlp"
    command = _command(sealed, home, package)
    assert jianlu(*command).code == 0
    package.unlink()
    calls = int(_run(0, command).stderr.split()[-1])
    for back in range(3, 8):  # the last calls: sync the package, rename it, sync its folder, then what closing the home needs
        package.unlink(missing_ok=True)
        killed = _run(calls - back, command)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        if not package.exists():
            break
    assert list(tmp_path.glob(".*.partial")), "it died between writing and renaming"
    assert jianlu(*command).code == 0
    assert jianlu("verify", package, "--trust", home / "trust.json").code == 10
    assert not list(tmp_path.glob(".*.partial"))
