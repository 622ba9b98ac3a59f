"""A reseal on real files that is killed by SIGKILL before any of its system calls: nothing is lost, and the next run ends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.terms.suites import Suite
from tests.fault.vault.test_crashes_and_disks import run_module

OBJECTS = 4


@pytest.mark.thorough
def test_a_kill_before_any_system_call_of_a_reseal_loses_nothing(tmp_path: Path) -> None:
    done = run_module("tests.fault.vault.reseal_crashes", str(tmp_path), "1", "5")
    assert done.returncode == 0, done.stderr
    outcomes: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(outcome["killed"] for outcome in outcomes) >= 10
    assert {outcome["status"] for outcome in outcomes[:-1]} == {9}
    for outcome in outcomes:
        assert (outcome["opens"], outcome["opens_afterwards"]) == (True, True), outcome
        assert (outcome["suites"], outcome["objects"], outcome["keys"]) == ([Suite.SM.value], OBJECTS, OBJECTS + 1), outcome
        assert (outcome["differences"], outcome["plaintext_on_disk"]) == ([], []), outcome
