"""SIGKILL for the processes of a call: its recorder at random instants (twenty times in `make proofs`), the media process, the web process.

Each is started anew by the supervisor and the call goes on by itself in the same recording; its template pauses what is not recorded.
What a kill cost is declared at its second, with its reason. A worker that is killed at each of its steps is in `tests/fault/jobs`.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from jianlu.core.limits import LIVE_LAG_MS_MAX, SEGMENT_MS
from tests.fakes.pages.calls import OPENING
from tests.fakes.pages.visitors import Console, become
from tests.fault.live_session.talk import Talk, talk

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

SEED = 20_26
LIVES_S_MAX = 3.0
IN_PROGRESS_MS = 2 * SEGMENT_MS + LIVE_LAG_MS_MAX
"""A segment being cut, for as long as late packets may be waited for, and the one before it on its way to the desk."""

KILLS = 20
NEAR_MS = 3_000
"""A gap of the media begins with the last packet before a loss, and is looked for around it."""


@pytest.mark.thorough
def test_a_recorder_killed_again_and_again_in_a_call_loses_what_was_in_progress_and_declares_it(
    console: Console, tmp_path: Path
) -> None:
    with talk(console, "killed-recorder", OPENING) as held:
        held.forgets_warnings()
        kills = kill_often(held, random.Random(SEED), KILLS)
        held.becomes("live")
        held.records_on()
        held.comes_back()
        assert "录制程序没有响应" in held.warned(held.agent), "the agent's page never said it"
        assert "录制出现问题" in held.warned(held.customer) or "会话已暂停" in held.warned(held.customer)
        package = held.package(tmp_path)
    gaps = [gap for gap in package.gaps if gap["side"] == "recorder"]
    told = f"seed {SEED}: killed at {[kill.at_ms for kill in kills]}, declared {gaps}"
    print(told)
    assert {gap["reason"] for gap in gaps} == {"recorder_restarted"}, told
    for kill in kills:
        hit = next((gap for gap in gaps if gap["from_ms"] <= kill.at_ms <= gap["to_ms"]), None)
        assert hit is not None, f"nothing is declared at {kill}; {told}"
        assert hit["from_ms"] >= kill.sealed_ms, f"what was sealed is lost: {kill}; {told}"
        lost_ms = kill.at_ms - max(hit["from_ms"], kill.seen_ms)
        assert lost_ms <= IN_PROGRESS_MS, f"more than was in progress is lost: {kill}; {told}"


@dataclass(frozen=True)
class Kill:
    """When; since when this life of the recorder had been seen to record; and what had been acknowledged by then."""

    at_ms: int
    seen_ms: int
    sealed_ms: int


def kill_often(held: Talk, chance: random.Random, often: int) -> list[Kill]:
    """Kill the recorder at random instants of its lives."""
    kills: list[Kill] = []
    pause = threading.Event()
    while len(kills) < often:
        become(held.is_recording, "it records")
        seen_ms = held.now_ms()
        pause.wait(chance.uniform(0, LIVES_S_MAX))
        sealed_ms = held.sealed_ms()
        held.kill("recorder-a")
        kills.append(Kill(held.now_ms(), seen_ms, sealed_ms))
        become(lambda: not held.is_recording(), "the loss is noticed")
    return kills


@pytest.mark.thorough
def test_a_killed_media_process_is_a_declared_gap_and_the_pages_come_back(console: Console, tmp_path: Path) -> None:
    with talk(console, "killed-media", OPENING) as held:
        held.records_on()
        held.forgets_warnings()
        held.kill("media")
        at_ms = held.now_ms()
        for page in held.pages:
            held.warns(page, "正在重新连接", "音视频服务没有响应")
        held.comes_back()
        held.becomes("live")
        held.records_on()
        package = held.package(tmp_path)
    hit = [gap for gap in package.gaps if gap["from_ms"] - NEAR_MS <= at_ms <= gap["to_ms"]]
    print(f"killed at {at_ms}, declared {package.gaps}")
    assert {"agent", "customer"} <= {gap["side"] for gap in hit} or "source" in {gap["side"] for gap in hit}, package.gaps
    assert all(gap["reason"] in ("connection_lost", "source_absent", "paused") for gap in hit), package.gaps


def test_a_killed_web_process_costs_no_second_that_is_not_declared(console: Console, tmp_path: Path) -> None:
    with talk(console, "killed-web", OPENING) as held:
        held.records_on()
        sealed_ms, at_ms = held.sealed_ms(), held.now_ms()
        before = held.home.children()
        held.forgets_warnings()
        held.kill("web")
        for page in held.pages:
            held.warns(page, "正在重新连接")
        held.becomes("live")
        held.records_on()
        held.comes_back()
        after = held.home.children()
        assert {role for role in before if before[role] != after.get(role)} == {"web"}, "nobody else was started anew"
        package = held.package(tmp_path)
    print(f"killed at {at_ms}, declared {package.gaps}")
    segments = [(body["from_ms"], body["to_ms"]) for body in package.bodies("session:segment:sealed")]
    assert any(begin <= at_ms < end for begin, end in segments) or any(
        gap["from_ms"] <= at_ms < gap["to_ms"] for gap in package.gaps if gap["side"] in ("recorder", "source")
    ), "the second of the kill is neither sealed nor declared missing"
    assert max(end for _, end in segments) > at_ms > sealed_ms
