"""The live recorder as a whole, on the stage: what comes out is playable, whole and in time; what is missing is declared."""

from __future__ import annotations

from itertools import pairwise

import pytest

from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.tap_frames import AUDIO, FeedChange, Packet
from jianlu.capture.recording.model import DeclaredGap
from jianlu.core.terms.events import EventType
from tests.fakes.live.publisher import Camera, Network, Publisher
from tests.fakes.live.stage import SHARE, TRACKS, Stage, continuity, decoded


def two_parties(codec: str = "h264") -> list[Publisher]:
    camera = Camera(codec=codec)
    return [Publisher("agent", camera=camera), Publisher("customer", camera=camera, network=Network(delay_ms=60))]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_two_parties_are_recorded_whole_and_playable(codec: str) -> None:
    stage = Stage(two_parties(codec))
    stage.start()
    stage.play(11_000)
    stopped = stage.stop()
    assert stage.gaps() == []
    assert stage.segments() == [(n, 2000 * (n - 1), min(2000 * n, stopped.duration_ms)) for n in range(1, stopped.segments + 1)]
    assert continuity(stage) == []
    assert 10_900 <= stopped.duration_ms <= 11_400
    times = decoded(stage.log.playable())
    assert set(times) == {"audio0", "audio1", "video2", "video3"}
    for name, seconds in times.items():
        steps = [after - before for before, after in pairwise(seconds)]
        assert max(steps) < (0.075 if name.startswith("audio") else 0.2), name
        assert seconds[-1] > stopped.duration_ms / 1000 - 0.2
    assert [body["tracks"] for body in stage.log.bodies(EventType.RECORDING_STARTED)] == [
        [
            ["agent", "audio", "opus"],
            ["customer", "audio", "opus"],
            ["agent-picture", "video", codec],
            ["customer-picture", "video", codec],
        ]
    ]


def test_loss_and_disorder_are_undone_or_declared() -> None:
    rough = Network(loss=20, doubles=50, delay_ms=80, jitter_ms=30, reorder=30, reorder_ms=120)
    stage = Stage([Publisher("agent", network=rough), Publisher("customer", network=Network(doubles=100, reorder=100))])
    stage.start()
    stage.play(30_000)
    stage.stop()
    assert continuity(stage, 60_000) == []
    gaps = stage.gaps()
    assert {side for _, _, _, side in gaps} <= {"agent", "agent-picture"}
    assert {reason for _, _, reason, _ in gaps} <= {"packets_lost", "starts_late"}
    times = decoded(stage.log.playable())
    health = stage.recorder.status().tracks
    assert health["agent"].lost > 10
    assert health["customer"].lost == health["customer-picture"].lost == 0
    assert len(times["audio0"]) >= 1_470  # 2 % of 1500 are lost, never more than were sent
    assert "agent" in stage.asked


def test_what_is_sent_again_for_the_third_time_is_still_in_its_place() -> None:
    slow = Network(delay_ms=75, reorder=30, reorder_ms=1_000)
    stage = Stage([Publisher("agent", network=slow), Publisher("customer")])
    stage.start()
    stage.play(20_000)
    stage.stop()
    assert stage.gaps() == []
    assert {track.lost for track in stage.recorder.status().tracks.values()} == {0}


def test_what_comes_long_after_a_cut_does_not_change_why_there_is_a_hole() -> None:
    recording = LiveRecording([TRACKS[0]], 0)

    def hear(number: int, at_ms: int) -> None:
        recording.take(Packet("agent", AUDIO, "opus", 20, at_ms * 1000, 1, number, number * 960, False, b"\xf8\x00\x00"))

    for number in range(50):
        hear(number, number * 20)
        if number == 1:
            recording.begin(0)
    recording.take(FeedChange("agent", "interrupted", 3_000_000, "silent"))
    outputs = [each for at_ms in range(1_000, 6_000, 20) for each in recording.tick(at_ms * 1000)]
    recording.take(FeedChange("agent", "connected", 6_000_000, ""))
    hear(300, 6_000)
    hear(60, 6_000)  # of the second second, sent again when its segment is long sealed
    for number in range(301, 500):
        hear(number, number * 20)
    outputs += recording.finish(10_000_000)
    assert [(gap.reason, gap.side) for gap in outputs if isinstance(gap, DeclaredGap)] == [("connection_lost", "source")]


@pytest.mark.parametrize(("loss", "share"), [(50, 0.93), (100, 0.86)])
def test_heavy_loss_costs_no_more_sound_than_was_lost(loss: int, share: float) -> None:
    stage = Stage([Publisher("agent", network=Network(loss=loss, reorder=20))], [TRACKS[0], TRACKS[2]])
    stage.start()
    stage.play(20_000)
    stage.stop()
    assert continuity(stage, 60_000) == []
    assert len(decoded(stage.log.playable())["audio0"]) >= 1_000 * share


def test_a_publisher_that_comes_back_continues_its_track() -> None:
    stage = Stage(two_parties())
    stage.start()
    stage.play(5_000)
    customer = stage.publishers[1]
    customer.disconnect(stage.now_ms)
    stage.play(7_000)
    customer.reconnect(stage.now_ms)
    stage.play(6_000)
    stage.stop()
    assert continuity(stage, 60_000) == []
    gaps = stage.gaps()
    assert {(reason, side) for _, _, reason, side in gaps} == {
        ("connection_lost", "customer"),
        ("connection_lost", "customer-picture"),
    }
    for from_ms, to_ms, _, _ in gaps:
        assert 4_900 <= from_ms <= 5_300
        assert 12_000 <= to_ms <= 12_400
    times = decoded(stage.log.playable())
    assert not [at for at in times["audio1"] if 5.3 < at < 11.9]
    assert max(times["audio1"]) > 17.5


def test_when_nobody_is_there_the_source_is_missing_and_no_segment_is_made() -> None:
    stage = Stage(two_parties())
    stage.start()
    stage.play(5_000)
    for publisher in stage.publishers:
        publisher.disconnect(stage.now_ms)
    stage.play(9_000)
    for publisher in stage.publishers:
        publisher.reconnect(stage.now_ms)
    stage.play(5_000)
    stage.stop()
    assert continuity(stage, 60_000) == []
    source = [gap for gap in stage.gaps() if gap[3] == "source"]
    assert len(source) == 1
    assert source[0][2] == "connection_lost"
    ranges = [(from_ms, to_ms) for _, from_ms, to_ms in stage.segments()]
    assert (8_000, 10_000) not in ranges
    assert [no for no, _, _ in stage.segments()] == list(range(1, len(ranges) + 1))


def test_a_track_that_never_came_is_a_gap_of_the_whole_recording() -> None:
    agent, customer = two_parties()
    stage = Stage([agent, customer])
    stage.start()
    customer.is_sending = False
    stage.play(8_000)
    stopped = stage.stop()
    gaps = {side: (to_ms, reason) for from_ms, to_ms, reason, side in stage.gaps()}
    assert gaps == {
        "customer": (stopped.duration_ms, "source_absent"),
        "customer-picture": (stopped.duration_ms, "source_absent"),
    }


def test_a_share_may_come_and_go() -> None:
    screen = Publisher("agent-screen", has_sound=False, camera=Camera(fps=5, key_every=5))
    screen.is_sending = False
    stage = Stage([*two_parties(), screen], [*TRACKS, SHARE])
    stage.start()
    stage.play(5_000)
    screen.reconnect(stage.now_ms)
    stage.play(4_000)
    screen.disconnect(stage.now_ms)
    stage.play(4_000)
    stage.stop()
    assert stage.gaps() == []
    assert continuity(stage) == []
    shown = decoded(stage.log.playable())["video4"]
    assert len(shown) in range(18, 23)
    assert 4.9 < shown[0] < 5.6


def test_a_camera_may_change_its_resolution() -> None:
    stage = Stage(two_parties())
    stage.start()
    stage.play(4_000)
    agent = stage.publishers[0]
    agent.camera = Camera(width=320, height=240)
    agent.ask_key_frame()
    stage.play(4_000)
    stage.stop()
    assert stage.gaps() == []
    times = decoded(stage.log.playable())["video2"]
    assert max(after - before for before, after in pairwise(times)) < 0.1


def test_a_codec_that_the_track_does_not_have_is_an_alarm_and_a_gap() -> None:
    stage = Stage(two_parties())
    stage.start()
    stage.play(4_000)
    stage.publishers[0].camera = Camera(codec="vp8")
    stage.publishers[0].reconnect(stage.now_ms)
    stage.play(12_000)
    assert "codec_changed" in {alarm.code for alarm in stage.recorder.status().alarms}
    stage.stop()
    assert [gap[3] for gap in stage.gaps()] == ["agent-picture"]


def test_a_pause_keeps_nothing_and_is_declared() -> None:
    stage = Stage(two_parties())
    stage.start()
    stage.play(5_000)
    stage.recorder.set_paused(True)
    stage.recorder.set_paused(True)
    assert stage.recorder.status().state == "paused"
    stage.play(6_000)
    stage.recorder.set_paused(False)
    stage.play(5_000)
    stage.stop()
    source = [gap for gap in stage.gaps() if gap[3] == "source"]
    assert [(reason, side) for _, _, reason, side in source] == [("paused", "source")]
    from_ms, to_ms, _, _ = source[0]
    assert 4_800 <= from_ms <= 5_300
    assert 10_950 <= to_ms <= 11_500
    assert continuity(stage, 10_000) == []
    for seconds in decoded(stage.log.playable()).values():
        assert not [at for at in seconds if 5.3 < at < 10.9]


def test_a_camera_whose_key_frames_are_rare_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A player that jumps into the recording decodes from the last key frame on. Here the camera's own come every four seconds."""
    monkeypatch.setattr("jianlu.capture.recording.live.live_recording._KEY_FRAME_LEAST_EVERY_US", 2_000_000)
    rare = Camera(key_every=1_000_000)
    stage = Stage([Publisher("agent", camera=rare), Publisher("customer", camera=Camera())])
    stage.start()
    before = list(stage.asked)
    stage.play(13_000)
    stage.stop()
    assert continuity(stage) == []
    assert stage.asked[len(before) :].count("agent") in (3, 4, 5, 6)
    assert stage.asked[len(before) :].count("customer") <= 1
