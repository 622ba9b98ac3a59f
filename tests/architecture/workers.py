"""Which worker has which file, in what order, and who goes first on a busy machine.

There are more workers than cores, because what runs in real time mostly waits: browsers that talk have one worker, pages another, what
is killed in real time a third, and every other file goes to whichever is free. Two lots of talking browsers at once would starve each
other, and what they measure would be the machine; so no lane goes before one above it. What starts and stops whole trees of processes
against their own time limits is in the first lane too, since beside a talk it would have next to nothing for minutes. Long files begin
first (`long-files.txt`, longest first), so that no single one is the end of the run.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

LONG_FILES = Path(__file__).with_name("long-files.txt")

TALKS = "talks"
PAGES = "pages"
KILLED = "killed"
LANES: dict[str, tuple[str, ...]] = {
    TALKS: (
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
        "interop/recorder/",
        "interop/sfu/",
    ),
    PAGES: ("e2e/console/",),
    KILLED: (
        "fault/checker/",
        "fault/recorder/",
        "fault/service/",
        "interop/api/",
    ),
}
NICENESS = {TALKS: 0, PAGES: 3, KILLED: 3}
"""How far a lane yields; files of no lane yield furthest. A worker goes through them in this order, since it cannot take it back."""

OTHERS_NICENESS = 6


def place_of(nodeid: str) -> str:
    """The file of a test, below `tests/`."""
    return nodeid.partition("::")[0].removeprefix("tests/")


def lane_of(place: str) -> str | None:
    """The lane of a file; the first that names it."""
    return next((lane for lane, starts in LANES.items() if place.startswith(starts)), None)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """A worker has whole files, and one worker has all of a lane."""

    def _split_scope(self, nodeid: str) -> str:
        place = place_of(nodeid)
        return lane_of(place) or place


def scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Ours in place of `--dist loadfile`; it keeps the order of `put_in_order`."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


def put_in_order(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: the lanes, then the long files, then the others; each file's tests stay as they are."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn_of(place_of(item.nodeid)))


def yield_to_real_time(item: pytest.Item) -> None:
    """In a worker: take the niceness of the test's lane before anything is started for it."""
    if hasattr(item.config, "workerinput"):
        wanted = NICENESS.get(lane_of(place_of(item.nodeid)) or "", OTHERS_NICENESS)
        os.nice(max(0, wanted - os.getpriority(os.PRIO_PROCESS, 0)))


@cache
def _turn_of(place: str) -> int:
    lane = lane_of(place)
    if lane is not None:
        return list(LANES).index(lane)
    known = _long_files()
    return len(LANES) + (known.index(place) if place in known else len(known))


@cache
def _long_files() -> list[str]:
    return [line for line in LONG_FILES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
