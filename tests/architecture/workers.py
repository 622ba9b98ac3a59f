"""Which worker has which file, in what order, and who goes first on a busy machine.

What runs in real time, or against its own time limits, has one worker: browsers that talk, trees of processes that are killed, pages. Two
of them at once would starve each other, and what they measure would be the machine. Every other file goes to whichever worker is free
and yields to the first, long files first (`long-files.txt`, longest first), so that no single one is the end of the run.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

LONG_FILES = Path(__file__).with_name("long-files.txt")

REAL_TIME = (
    "cli/test_serving.py",
    "e2e/console/test_a_customer_with_firefox.py",
    "e2e/console/test_calls_by_two_pages.py",
    "e2e/console/test_checks_on_the_page.py",
    "e2e/console/test_gate_on_the_page.py",
    "e2e/console/test_two_seats_in_one_browser.py",
    "e2e/encrypted/",
    "e2e/live/",
    "e2e/live_checks/",
    "fault/live_session/",
    "contract/sfu/",
    "interop/recorder/",
    "interop/sfu/",
    "fault/checker/",
    "fault/recorder/",
    "fault/service/",
    "interop/api/",
    "e2e/console/",
)
"""Starts of what one worker has, in the order in which it takes them: files of the first, then of the second.

What gives this machine a network or an address is among them, too: a browser that talks gives up what it loads when those change."""

TREE = "architecture/"
OTHERS_NICENESS = 10


def place_of(nodeid: str) -> str:
    """The file of a test, below `tests/`."""
    return nodeid.partition("::")[0].removeprefix("tests/")


def real_time_turn(place: str) -> int | None:
    """The first of `REAL_TIME` that a file is of; None for every other."""
    return next((turn for turn, start in enumerate(REAL_TIME) if place.startswith(start)), None)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """A worker has whole files, one worker all that is in real time, and one all rules of the tree, which is then parsed once."""

    def _split_scope(self, nodeid: str) -> str:
        place = place_of(nodeid)
        if real_time_turn(place) is not None:
            return "real time"
        return TREE if place.startswith(TREE) else place


def scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Ours in place of `--dist loadfile`; it keeps the order of `put_in_order`."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


def put_in_order(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: what is in real time, then the long files, then the others; each file's tests stay as they are."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn_of(place_of(item.nodeid)))


def yield_to_real_time(item: pytest.Item) -> None:
    """In a worker: take the niceness of the test before anything is started for it; a worker cannot take it back."""
    if hasattr(item.config, "workerinput") and real_time_turn(place_of(item.nodeid)) is None:
        os.nice(max(0, OTHERS_NICENESS - os.getpriority(os.PRIO_PROCESS, 0)))


@cache
def _turn_of(place: str) -> int:
    turn = real_time_turn(place)
    if turn is not None:
        return turn
    known = _long_files()
    return len(REAL_TIME) + (known.index(place) if place in known else len(known))


@cache
def _long_files() -> list[str]:
    return [line for line in LONG_FILES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
