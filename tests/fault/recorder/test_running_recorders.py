"""Recorder processes among processes that fail: the desk goes and comes back, the tap drops them, somebody starts a second one."""

from __future__ import annotations

import signal
from itertools import pairwise
from pathlib import Path

import pytest

from jianlu.backends.recorders.client import RecorderClient
from jianlu.capture.recording.live.reconcile_case import reconcile_recorders
from jianlu.capture.recording.live.room_key import wrap_secret
from jianlu.capture.sessions.recorders import RecordedTrack
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.entry.serve.desk import desk_server
from tests.fakes.eventually import eventually
from tests.fakes.live.publisher import Camera, Publisher
from tests.fakes.live.recorder_home import RecorderHome, recorder_home
from tests.fakes.vault.home import CASE, TENANT

pytestmark = pytest.mark.slow
TRACKS = [RecordedTrack("agent", "agent", "audio"), RecordedTrack("agent-picture", "agent", "video")]


def publishers() -> list[Publisher]:
    return [Publisher("agent", camera=Camera(width=96, height=64, fps=10, key_every=10))]


def begin(home: RecorderHome) -> None:
    home.wait_ready()
    eventually(lambda: home.client.preflight(CASE, TRACKS).is_ready, "media can be recorded")
    home.client.start(CASE, TRACKS)
    eventually(lambda: home.sealed_until_ms() >= 2_000, "the first segment is sealed")


def state_of(home: RecorderHome) -> str:
    status = home.status()
    return status.state if status else ""


def gaps_of(home: RecorderHome) -> list[tuple[str, str]]:
    return [(e.body["reason"], e.body["side"]) for e in home.log().events if e.type is EventType.GAP_DECLARED]


def test_a_desk_that_dies_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        home.spawn()
        begin(home)
        home.loop.run(home.server.stop())
        eventually(lambda: state_of(home) == "stalled", "the stall is shown")
        eventually(lambda: len(list((home.path / "run" / "spool-a" / CASE).glob("*.spool"))) >= 3, "segments are on the disk")
        home.server = desk_server(home.path / "run" / "desk.sock", home.desk, TENANT)
        home.loop.run(home.server.start())
        eventually(lambda: state_of(home) == "recording", "the recording goes on")
        stopped = home.client.stop(CASE, "completed")
        assert gaps_of(home) == []
        sealed = [event.body for event in home.log().events if event.type is EventType.SEGMENT_SEALED]
        assert [body["no"] for body in sealed] == list(range(1, stopped.segments + 1)), "each segment once, in order"
        assert all(before["to_ms"] == after["from_ms"] for before, after in pairwise(sealed)), "none is missing between two"
        assert not list((home.path / "run").glob("spool-a/*"))


def test_a_recorder_that_the_tap_drops_connects_again(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        home.spawn()
        begin(home)
        greeted = len(home.tap.greetings)

        async def drop() -> None:
            home.tap.disconnect()

        home.loop.run(drop())
        eventually(lambda: len(home.tap.greetings) > greeted, "the recorder connects again")
        sealed_ms = home.sealed_until_ms()
        eventually(lambda: home.sealed_until_ms() > sealed_ms + 3_000, "it records on")
        home.client.stop(CASE, "completed")
        assert {side for _, side in gaps_of(home)} <= {"agent", "agent-picture", "source"}
        assert home.tap.greetings[-1] == {"room": CASE, "recorder": "a"}


def test_a_second_process_of_the_name_is_refused(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        home.spawn()
        begin(home)
        second = home.spawn()
        assert second.wait(timeout=60) == 5
        assert state_of(home) == "recording"
        assert "another process" in (home.path / "recorder-a.log").read_text()


def test_a_recorder_told_to_go_hands_over_what_it_has(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        process = home.spawn()
        begin(home)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        sealed_ms = home.sealed_until_ms()
        assert sealed_ms % 2_000 != 0  # the segment in progress was cut where it was
        home.spawn()
        eventually(lambda: home.sealed_until_ms() > sealed_ms + 2_000, "the next one goes on")
        home.client.stop(CASE, "completed")
        assert ("recorder_restarted", "recorder") in gaps_of(home)


def test_two_recorder_processes_agree_about_the_session(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        mirror = RecorderClient(home.path / "run" / "recorder-b.sock")
        home.spawn()
        home.spawn(name="b")
        home.wait_ready()
        eventually(lambda: home.client.preflight(CASE, TRACKS).is_ready, "the first sees media")
        eventually(lambda: _is_ready(mirror), "the second sees media")
        started = home.client.start(CASE, TRACKS)
        assert mirror.start(CASE, TRACKS, zero_us=started.zero_us) == started
        eventually(lambda: home.sealed_until_ms() >= 6_000, "three segments are sealed")
        end_ms = home.client.end(CASE, home.client.status(CASE).now_ms)
        assert mirror.end(CASE, end_ms) == end_ms == home.client.end(CASE, end_ms + 1_000)
        mirror.stop(CASE, "completed")
        stopped = home.client.stop(CASE, "completed")
        assert stopped.duration_ms == end_ms == mirror.end(CASE, 0)
        mirror.close()
        found = reconcile_recorders(home.log())
        assert found is not None
        assert found.compared >= 3
        assert (found.differing, found.missing, found.alone) == (0, 0, 0)


def _is_ready(client: RecorderClient) -> bool:
    try:
        return client.preflight(CASE, TRACKS).is_ready
    except UnavailableError:
        return False


def test_calls_made_twice_or_out_of_turn_are_answered_for_what_they_are(tmp_path: Path) -> None:
    with recorder_home(tmp_path / "home", publishers()) as home:
        process = home.spawn()
        home.wait_ready()
        assert state_of(home) == "idle"
        for call in (
            lambda: home.client.stop(CASE, "x"),
            lambda: home.client.end(CASE, 0),
            lambda: home.client.pause(CASE),
            lambda: home.client.resume(CASE),
        ):
            with pytest.raises(NotFoundError):
                call()
        assert not home.client.preflight(CASE, TRACKS[:1]).is_ready
        begin(home)
        assert home.client.start(CASE, TRACKS) == home.client.start(CASE, TRACKS)
        with pytest.raises(ConflictError, match="other tracks"):
            home.client.start(CASE, TRACKS[:1])
        with pytest.raises(ConflictError, match="unencrypted"):
            home.client.admit(CASE, wrap_secret(bytes(32), home.client.member(CASE).public_key, CASE, "a"))
        stopped = home.client.stop(CASE, "completed")
        assert home.client.stop(CASE, "completed") == stopped
        with pytest.raises(ConflictError, match="once"):
            home.client.start(CASE, TRACKS)
        home.kill(process)
        home.spawn()
        home.wait_ready()
        assert home.client.stop(CASE, "completed") == stopped
        with pytest.raises(InvalidError):
            home.client.preflight("nonsense", TRACKS)
