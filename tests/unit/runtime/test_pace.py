"""The table of who does something how often: exact, over processes and restarts, and never larger than it was made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.runtime.pace import Pace

PACE = {"per_s": 0.5, "burst": 30.0}
TAKING = """
import sys
from pathlib import Path
from jianlu.runtime.pace import Pace
pace = Pace(Path(sys.argv[1]))
print(sum(pace.take("one", per_s=0.5, burst=500, now_ms=1_000).is_granted for _ in range(400)))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "pace"


@pytest.fixture
def pace(path: Path) -> Iterator[Pace]:
    pace = Pace(path)
    yield pace
    pace.close()


def test_a_burst_is_granted_and_then_one_as_often_as_said(pace: Pace) -> None:
    taken = [pace.take("one", **PACE, now_ms=5_000) for _ in range(31)]
    assert [each.is_granted for each in taken] == [True] * 30 + [False]
    assert [each.left for each in taken] == [*range(29, -1, -1), 0]
    assert taken[-1].next_ms == 2_000 and taken[-1].full_ms == 60_000
    assert not pace.take("one", **PACE, now_ms=6_999).is_granted
    assert pace.take("one", **PACE, now_ms=7_000).is_granted
    assert not pace.take("one", **PACE, now_ms=7_000).is_granted
    assert pace.take("another", **PACE, now_ms=7_000).left == 29


def test_processes_at_once_get_no_more_than_one_would(path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", TAKING, str(path)], stdout=subprocess.PIPE) for _ in range(3)]
    granted = [int(each.communicate(timeout=120)[0]) for each in running]
    assert sum(granted) == 500, granted


def test_a_restart_forgives_nothing(pace: Pace, path: Path) -> None:
    while pace.take("one", **PACE, now_ms=1_000).is_granted:
        pass
    again = Pace(path)
    assert not again.take("one", **PACE, now_ms=1_001).is_granted
    again.close()


def test_what_a_clock_before_the_last_start_of_the_machine_left_locks_nobody_out(pace: Pace) -> None:
    while pace.take("one", **PACE, now_ms=9_000_000_000).is_granted:
        pass
    assert pace.take("one", **PACE, now_ms=10).left == 29


def test_a_flood_of_names_makes_no_larger_file_and_forgives_nobody_who_ran_out(pace: Pace, path: Path) -> None:
    size = path.stat().st_size
    while pace.take("guesser", **PACE, now_ms=1_000).is_granted:
        pass
    for number in range(40_000):
        pace.take(f"name {number}", **PACE, now_ms=1_000)
    assert path.stat().st_size == size
    assert not pace.take("guesser", **PACE, now_ms=1_000).is_granted


def test_the_file_holds_no_name_and_is_its_owners_alone(pace: Pace, path: Path) -> None:
    pace.take("192.0.2.77", **PACE, now_ms=1_000)
    assert b"192.0.2.77" not in path.read_bytes() and path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_none_of_ours_is_made_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"torn")
    pace = Pace(path)
    assert pace.take("one", **PACE, now_ms=1_000).left == 29
    pace.close()
