"""The README's first command, as a user sees it: the demonstration runs to its end and shows the sabotaged copy refused.

The README's other command is the one that runs this test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demonstration_runs_to_its_end(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JIANLU_")}
    done = subprocess.run(
        [sys.executable, "-m", "jianlu.entry.demo", str(tmp_path / "demo")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "$ jianlu verify" in done.stdout
    written = {path.name for path in (tmp_path / "demo" / "report").iterdir()}
    assert {"report.zh.html", "report.en.html", "report.zh.pdf", "report.en.pdf"} <= written
