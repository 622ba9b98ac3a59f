"""A large transfer is recorded twice: one recorder is killed during the call, the other's segments stay, and the package says who has what.

Through the running service with real media. Survived: SIGKILL of recorder b, and in another call of recorder a; the service starts it
again. On a machine so slow that it is not back within the scene's grace the session is halted by the rule; what is asserted holds then too.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.core.verdicts.ranges import outside, union_of
from tests.e2e.live.packages import Delivered, opened
from tests.fakes.serving.calls import a_call, calling_home
from tests.fakes.serving.outsider import Call
from tests.fakes.serving.running import Served, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with calling_home(tmp_path_factory.mktemp("twice") / "home") as served:
        yield served


def kill(running: Served, name: str) -> None:
    """SIGKILL of a recorder, and wait until the service has noticed and started another."""
    started = running.logged("child_started", role=f"recorder-{name}")
    os.kill(int(started[-1]["pid"]), signal.SIGKILL)
    wait_for(lambda: len(running.logged("child_started", role=f"recorder-{name}")) > len(started))


def record(call: Call, segments: int) -> int:
    """Wait until so many more segments are sealed, or the rule has ended the talk; how many there are."""
    before = call.view()["recording"]["segments"]
    view = call.until(lambda v: v["recording"]["segments"] >= before + segments or v["state"] != "live", "segments are sealed")
    return int(view["recording"]["segments"])


def packaged(running: Served, call: Call, folder: Path) -> Delivered:
    """End the call, if the rule has not, and open its package as a stranger would."""
    if call.view()["state"] in ("live", "paused"):
        call.agent.call("abandon", case=call.case)
    path = folder / "case.jlp"
    path.write_bytes(call.await_package())
    return opened(path, running.home / "trust.json")


def covered(found: Delivered, kind: str) -> list[tuple[int, int]]:
    return [(body["from_ms"], body["to_ms"]) for body in found.bodies(kind) if body["no"] > 0]


@pytest.mark.thorough
def test_a_killed_second_recorder_leaves_the_first_whole_and_is_missed_by_name(running: Served, tmp_path: Path) -> None:
    with a_call(running, "mirror-killed") as call:
        call.start()
        record(call, 2)
        kill(running, "b")
        record(call, 4)
        found = packaged(running, call, tmp_path)
    assert found.said["intact"], found.said
    assert "second_recorder_away" in [body["code"] for body in found.bodies("session:health:alarmed")]
    assert not [gap for gap in found.gaps if gap["side"] == "recorder"], "the recording itself lost nothing"
    (counts,) = found.bodies("session:recorders:reconciled")
    first, second = covered(found, "session:segment:sealed"), covered(found, "session:segment:mirrored")
    assert first and second
    alone = [each for each in first if outside(union_of(second), each)]
    assert any(low < first[-1][0] for low, _ in alone), "not only the last one, at which the two stop one after the other"
    assert (counts["alone"], counts["compared"]) == (len(alone), len(first) - len(alone)) and counts["compared"] >= 1
    assert f"仅一路有 {counts['alone']}" in found.report("zh") and f"{counts['alone']} recorded once" in found.report("en")


def test_a_killed_first_recorder_leaves_a_declared_gap_that_the_second_fills(running: Served, tmp_path: Path) -> None:
    with a_call(running, "main-killed") as call:
        call.start()
        record(call, 2)
        kill(running, "a")
        record(call, 3)
        found = packaged(running, call, tmp_path)
    assert found.said["intact"], found.said
    assert "recorder_away" in [body["code"] for body in found.bodies("session:health:alarmed")]
    (gap,) = [each for each in found.bodies("session:gap:declared") if each["side"] == "recorder"]
    assert gap["reason"] == "recorder_restarted" and gap["to_ms"] > gap["from_ms"]
    second = covered(found, "session:segment:mirrored")
    assert any(low < gap["to_ms"] and high > gap["from_ms"] for low, high in second), "the mirror has what the first has not"
    (counts,) = found.bodies("session:recorders:reconciled")
    assert counts["filled"] >= 1 and counts["compared"] >= 1, counts
