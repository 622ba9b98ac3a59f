"""The machine's wall clock is moved during a call, forward and back again: told at its second, shown, and nothing of the recording moves.

The service runs with a wall clock of its own (libfaketime, in its processes only), because a test has no business with the machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.pages.visitors import Console, become
from tests.fakes.running_home import RunningHome, approve_scripts, make_live_home, start_home
from tests.fault.live_session.talk import UNINSPECTED, alarms_of, free_port, is_up, talk

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium", "faketime")]

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib64/faketime/libfaketimeMT.so.1")
STEP_S = 300
"""More than any discipline of a clock does, less than what signs people out."""


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says how far the service's wall clock is from the machine's."""
    offset = Path(tmp_path_factory.mktemp("wall")) / "offset"
    offset.write_text("+0\n")
    return offset


def environment(wall: Path) -> dict[str, str]:
    """What gives a process the wall clock of that file."""
    library = next((found for each in LIBRARIES for found in Path("/").glob(each.lstrip("/"))), None)
    if library is None:
        pytest.skip("libfaketime is not where Debian's package has it")
    flags = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(wall), **flags}


def move(wall: Path, by_s: int) -> None:
    fresh = wall.with_suffix(".new")
    fresh.write_text(f"{by_s:+d}\n")
    fresh.replace(wall)


@pytest.fixture(scope="module")
def served(wall: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    """The service alone has it: the browser, started later, and this process keep the machine's.

    Under libfaketime a supervisor cannot sleep while it waits for children to stop (EINVAL): it ends, and they end with it.
    """
    path = Path(tmp_path_factory.mktemp("moved")) / "home"
    make_live_home(path, {**UNINSPECTED, "port = 8443": f"port = {free_port()}"})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(wall).items():
            patch.setenv(name, value)
        home = start_home(path)
    try:
        approve_scripts(home)
        become(lambda: is_up(home), "media process and recorder can be called")
        yield home
    finally:
        home.stop()


@pytest.mark.thorough
def test_a_moved_clock_is_on_the_record_and_moves_nothing(console: Console, wall: Path, tmp_path: Path) -> None:
    with talk(console, "moved-clock") as held:
        held.records_on(1_000)
        held.forgets_warnings()
        moved = []
        for by_s in (STEP_S, 0):
            moved.append(held.now_ms())
            move(wall, by_s)
            held.records_on(4_000)
        held.warns(held.agent, "系统时钟被调整")
        assert held.state() == "live", "a moved clock ends nothing: sessions are timed by the other one"
        package = held.package(tmp_path)
    steps = package.bodies("system:clock:stepped")
    print(f"moved at {moved}, told {steps}, declared {package.gaps}")
    assert [round(step["step_ms"] / 1000) for step in steps] == [STEP_S, -STEP_S]
    told = [step["at_ms"] for step in steps]
    assert moved[0] <= told[0] <= moved[1] <= told[1] <= package.said["duration_ms"], "each at its second"
    assert alarms_of(package, "clock_stepped")
    assert not [gap for gap in package.gaps if gap["side"] == "recorder"], "the recording itself was not disturbed"
    assert "系统时钟被调整" in package.report()
