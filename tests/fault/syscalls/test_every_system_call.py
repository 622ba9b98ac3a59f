"""SIGKILL, EIO and a full disk at every system call of append, seal, publish, replicate and shred: nothing acknowledged is lost.

After each fault the home is opened again: every acknowledged event is there with its object, no leaf is without its blob, `fsck` finds
the ledger sound, the scrub mends the copies, a begun destruction comes to its end, and nobody acknowledged anything after the journal's
sync had failed. The suite takes a sample that spreads over all calls; `JIANLU_SWEEP_STEP=1` takes every one (`make sweep`). How many ran
is said at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fault.syscalls.operations import OPERATIONS
from tests.unit.ledger.worlds import place_in_memory

ROOT = Path(__file__).resolve().parents[3]
STEP = int(os.environ.get("JIANLU_SWEEP_STEP", "61"))
"""A prime, so that the sample meets every call and every fault of the sorted list."""

LONG_S = 4 * 3600
Record = Callable[[str, object], None]


@pytest.mark.needs_program("strace")
@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_no_fault_at_any_system_call_loses_what_was_acknowledged(operation: str, record_property: Record) -> None:
    first = sorted(OPERATIONS).index(operation) * 7 % STEP
    with place_in_memory() as place:
        command = [sys.executable, "-m", "tests.fault.syscalls.sweep", operation, str(place), str(first), str(STEP)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [outcome for outcome in outcomes if outcome["wrong"]]
    met = [outcome for outcome in outcomes if outcome["met"]]
    record_property("injections", len(met))
    record_property("injections_lost", len(wrong))
    record_property("injections_killed", sum(outcome["ended"] == "killed" for outcome in met))
    assert not wrong, wrong[0]
    assert len(met) >= max(1, len(outcomes) * 3 // 4), "nearly every planned call was reached again"
    assert any(outcome["ended"] == "killed" for outcome in met)
