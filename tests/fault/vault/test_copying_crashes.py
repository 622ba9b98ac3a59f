"""Copies survive a kill at every step: nothing half made is taken for a copy, what was wrong is in the ledger, and all come to be whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("step", [17, pytest.param(4, marks=pytest.mark.slow)])
def test_a_kill_before_any_system_call_of_mending_hides_and_spoils_nothing(tmp_path: Path, step: int) -> None:
    command = [sys.executable, "-m", "tests.fault.vault.copying_crashes", str(tmp_path), "1", str(step)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    outcomes: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(outcome["killed"] for outcome in outcomes) >= 44 // step
    for outcome in outcomes:
        assert (outcome["whole"], outcome["told"]) == (True, 2), outcome
        assert outcome["wrong"] <= 1, outcome
