"""A recorder that is killed at any moment: what was acknowledged is there, what is missing is declared, and the rest plays."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from jianlu.capture.sessions.recorders import RecordedTrack
from jianlu.core.limits import GAP_AUDIO_MS, GAP_LIVE_PICTURE_MS
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.clauses import judge
from jianlu.vault.playable import open_recording
from tests.fakes.conversation import obligation, plan_of
from tests.fakes.eventually import eventually
from tests.fakes.live.publisher import Camera, Publisher
from tests.fakes.live.recorder_home import RecorderHome, recorder_home
from tests.fakes.live.stage import decoded
from tests.fakes.vault.home import CASE

TRACKS = [RecordedTrack("agent", "agent", "audio"), RecordedTrack("agent-picture", "agent", "video")]
TRACK_OF = {"audio0": "agent", "video1": "agent-picture"}
UNDECLARED_MS = {"audio0": GAP_AUDIO_MS + 40, "video1": GAP_LIVE_PICTURE_MS + 200}
"""What may be missing at a gap's edges without a word: less than a gap, and the frame before it."""

HOUR_MS = 3_600_000


def publishers() -> list[Publisher]:
    return [Publisher("agent", camera=Camera(width=96, height=64, fps=10, key_every=10))]


def begin(home: RecorderHome) -> None:
    home.wait_ready()
    eventually(lambda: home.client.preflight(CASE, TRACKS).is_ready, "media can be recorded")
    home.client.start(CASE, TRACKS)


def wait_recorded(home: RecorderHome, until_ms: int) -> None:
    eventually(lambda: home.sealed_until_ms() >= until_ms, f"{until_ms} ms are sealed")


def wait_time(home: RecorderHome, now_ms: int) -> None:
    def has_passed() -> bool:
        status = home.status()
        return status is not None and status.now_ms >= now_ms

    eventually(has_passed, f"the recorder records at {now_ms} ms")


def now_ms(home: RecorderHome) -> int:
    status = home.status()
    assert status is not None
    return status.now_ms


def gaps_of(home: RecorderHome) -> list[dict[str, object]]:
    return [dict(event.body) for event in home.log().events if event.type is EventType.GAP_DECLARED]


def expect_whole(home: RecorderHome) -> None:
    """Segments and gaps leave nothing out, and what is there plays, with no more missing than was declared."""
    events = home.log().events
    demanded = obligation("continuity", "require_continuity", {"gap_ms_max": HOUR_MS})
    found = judge(plan_of([demanded]), events, ())[0].obligations[0]
    assert found.verdict is Verdict.MET, found.reasons
    gaps = [event.body for event in events if event.type is EventType.GAP_DECLARED]
    with open_recording(home.log()) as playable:
        times = decoded(playable.read())
    for stream, seconds in times.items():
        sides = ("recorder", "source", TRACK_OF[stream])
        declared_ms = sum(gap["to_ms"] - gap["from_ms"] for gap in gaps if gap["side"] in sides)
        lost_ms = [1000 * (after - before) for before, after in pairwise(seconds) if after - before > 0.25]
        assert sum(lost_ms) <= declared_ms + UNDECLARED_MS[stream] * len(lost_ms), stream


def test_a_killed_recorder_resumes_and_declares_what_is_missing(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        process = home.spawn()
        begin(home)
        wait_recorded(home, 4_000)
        home.kill(process)
        sealed_ms = home.sealed_until_ms()
        home.spawn()
        wait_recorded(home, sealed_ms + 3_000)
        stopped = home.client.stop(CASE, "completed")
        expect_whole(home)
        assert home.log().events[-1].body["segments"] == stopped.segments
        gaps = [gap for gap in gaps_of(home) if gap["side"] == "recorder"]
        assert [(gap["from_ms"], gap["reason"]) for gap in gaps] == [(sealed_ms, "recorder_restarted")]
        assert not list((home.path / "run").glob("recording-*"))
        assert not list((home.path / "run").glob("spool-*/*"))


@pytest.mark.slow
@pytest.mark.parametrize("kills_wanted", [5, pytest.param(20, marks=pytest.mark.thorough)])
def test_a_recorder_killed_again_and_again_loses_what_it_declares_and_nothing_else(tmp_path: Path, kills_wanted: int) -> None:
    chance = random.Random(20)
    with recorder_home(tmp_path / "home", publishers()) as home:
        process = home.spawn()
        begin(home)
        acknowledged: dict[int, str] = {}
        for _ in range(kills_wanted):
            wait_time(home, now_ms(home) + chance.randrange(0, 5_000))
            acknowledged |= {event.n: event.digest for event in home.log().events}
            home.kill(process)
            process = home.spawn()
            home.wait_ready()
        wait_recorded(home, home.sealed_until_ms() + 2_000)
        home.client.stop(CASE, "completed")
        expect_whole(home)
        assert {gap["reason"] for gap in gaps_of(home) if gap["side"] == "recorder"} == {"recorder_restarted"}
        written = {event.n: event.digest for event in home.log().events}
        assert all(written[n] == digest for n, digest in acknowledged.items())
