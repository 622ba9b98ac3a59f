"""When what is recorded cannot be handed in: shown at once, kept on the disk, delivered in order, and declared when it was lost."""

from __future__ import annotations

import json

import pytest

from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from tests.fakes.live.memory import CASE, MemoryLiveLog
from tests.fakes.live.publisher import Camera, Publisher
from tests.fakes.live.stage import TRACKS, Stage, continuity, decoded

ONE = [TRACKS[0], TRACKS[2]]


def one_party() -> list[Publisher]:
    return [Publisher("agent", camera=Camera(width=96, height=64, fps=10, key_every=10))]


def alarms(stage: Stage) -> set[str]:
    return {alarm.code for alarm in stage.recorder.status().alarms}


def test_a_desk_that_is_away_is_seen_at_once_and_nothing_is_lost() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(6_000)
    assert stage.recorder.status().state == "recording"
    stage.log.is_away = True
    stage.play(3_000)
    assert stage.recorder.status().state == "stalled"
    assert "sealing_stalled" in alarms(stage)
    stage.play(30_000)
    assert stage.spool.count > 14
    stage.log.is_away = False
    stage.play(5_000)
    assert stage.recorder.status().state == "recording"
    assert stage.spool.count == 0
    stage.stop()
    assert stage.gaps() == []
    assert continuity(stage) == []
    codes = [body["code"] for body in stage.log.bodies(EventType.HEALTH_ALARMED)]
    assert codes == ["sealing_stalled"]
    assert [body["code"] for body in stage.log.bodies(EventType.HEALTH_CLEARED)] == codes


def test_an_answer_that_was_lost_writes_nothing_twice() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    for _ in range(8):
        stage.log.loses_answers = 3
        stage.play(3_000)
    stage.log.loses_answers = 2
    stage.stop()
    assert stage.gaps() == []
    assert continuity(stage) == []


@pytest.mark.slow
def test_ten_minutes_without_an_uplink_lose_nothing_on_the_edge() -> None:
    stage = Stage(one_party(), ONE, is_edge=True)
    stage.start()
    stage.play(10_000)
    stage.log.is_away = True
    stage.play(600_000)
    status = stage.recorder.status()
    assert status.state == "recording"
    assert {alarm.code for alarm in status.alarms} == {"uplink_lost"}
    assert stage.spool.count > 290
    stage.log.is_away = False
    stage.play(10_000)
    stopped = stage.stop()
    assert stage.spool.count == 0
    assert stage.gaps() == []
    assert continuity(stage) == []
    assert stopped.segments == len(stage.segments()) >= 310
    outages = [(body["code"], body["track"]) for body in stage.log.bodies(EventType.HEALTH_ALARMED)]
    assert outages == [("uplink_lost", "")]
    times = decoded(stage.log.playable())
    assert len(times["audio0"]) > 620 * 50 - 20


def test_on_the_edge_a_recording_starts_and_survives_a_kill_without_its_desk() -> None:
    stage = Stage(one_party(), ONE, is_edge=True)
    stage.log.is_away = True
    stage.start()
    stage.play(9_000)
    stage.kill_recorder(3_000)
    stage.play(9_000)
    stage.log.is_away = False
    stage.play(4_000)
    stage.stop()
    assert continuity(stage, 60_000) == []
    recorder = [gap for gap in stage.gaps() if gap[3] == "recorder"]
    assert [reason for _, _, reason, _ in recorder] == ["recorder_restarted"]
    assert recorder[0][1] - recorder[0][0] < 3_000 + 2_000 + 1_000


def test_when_the_disk_is_full_too_what_memory_cannot_hold_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jianlu.capture.recording.live.outbox.LIVE_PENDING_BYTES_MAX", 60_000)
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(6_000)
    stage.log.is_away = stage.spool.is_full = True
    stage.play(2_500)
    assert stage.recorder.status().state == "stalled"
    stage.play(20_000)
    assert {"sealing_stalled", "disk_full"} <= alarms(stage)
    stage.log.is_away = stage.spool.is_full = False
    stage.play(10_000)
    assert stage.recorder.status().state == "recording"
    stage.stop()
    lost = [gap for gap in stage.gaps() if gap[3] == "recorder"]
    assert [reason for _, _, reason, _ in lost] == ["sealing_stalled"]
    assert lost[0][1] - lost[0][0] < 20_000
    assert continuity(stage, 60_000) == []
    decoded(stage.log.playable())


def test_a_disk_that_takes_no_state_refuses_to_start() -> None:
    stage = Stage(one_party(), ONE)
    stage.states.is_full = True
    with pytest.raises(UnavailableError, match="disk"):
        stage.start()
    assert stage.log.recorded == []
    stage.states.is_full = False
    stage.start()
    stage.play(4_000)
    assert stage.segments()


def test_without_a_desk_nothing_starts() -> None:
    stage = Stage(one_party(), ONE)
    stage.log.is_away = True
    with pytest.raises(UnavailableError):
        stage.start()
    assert stage.states.texts == {}


def test_without_media_nothing_starts_and_the_tracks_are_named() -> None:
    stage = Stage([Publisher("agent", camera=None)], ONE)
    with pytest.raises(UnavailableError, match="agent-picture"):
        stage.start()
    assert stage.log.recorded == []


def test_a_case_is_recorded_once() -> None:
    first = Stage(one_party(), ONE)
    first.start()
    first.play(3_000)
    second = Stage(one_party(), ONE, log=first.log)
    with pytest.raises(ConflictError, match="recorded once"):
        second.start()


def test_what_was_never_started_cannot_be_stopped_or_paused() -> None:
    stage = Stage(one_party(), ONE)
    stage.play(1_000)
    with pytest.raises(NotFoundError):
        stage.stop()
    with pytest.raises(NotFoundError):
        stage.recorder.set_paused(True)


def test_a_recorder_killed_while_it_stops_ends_the_recording_later() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(7_000)
    stage.log.is_away = True
    with pytest.raises(UnavailableError, match="delivered"):
        stage.stop()
    stage.log.is_away = False
    stage.kill_recorder(2_000)
    stage.play(2_000)
    stopped = stage.stop()
    assert stage.stop() == stopped
    assert stage.states.texts == {}
    assert continuity(stage, 10_000) == []
    assert len(stage.log.bodies(EventType.RECORDING_ENDED)) == 1


def test_a_lost_tap_is_a_gap_and_an_alarm() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(5_000)
    stage.cut_tap()
    stage.play(4_000)
    assert {"tap_lost", "track_lost"} <= alarms(stage)
    stage.mend_tap()
    stage.play(12_000)
    assert alarms(stage) == set()
    stage.stop()
    assert {(reason, side) for _, _, reason, side in stage.gaps()} <= {
        ("connection_lost", "source"),
        ("connection_lost", "agent-picture"),
        ("connection_lost", "agent"),
    }
    assert continuity(stage, 10_000) == []


def test_a_moved_wall_clock_is_an_event_and_moves_nothing() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(5_000)
    stage.clock.wall_ahead_ms += 3_600_000
    stage.play(5_000)
    assert "clock_stepped" in alarms(stage)
    stage.stop()
    assert [body["step_ms"] for body in stage.log.bodies(EventType.CLOCK_STEPPED)] == [3_600_000]
    assert stage.gaps() == []
    assert continuity(stage) == []


def test_an_alarm_that_was_there_before_the_beginning_is_told_at_it_and_not_only_cleared() -> None:
    stage = Stage(one_party(), ONE)
    stage.play(2_000)
    stage.clock.wall_ahead_ms += 3_600_000
    stage.play(2_000)
    stage.start()
    assert "clock_stepped" in alarms(stage)
    stage.play(40_000)
    stage.stop()
    raised, cleared = (stage.log.bodies(kind) for kind in (EventType.HEALTH_ALARMED, EventType.HEALTH_CLEARED))
    assert [(body["code"], body["at_ms"]) for body in raised if body["code"] == "clock_stepped"] == [("clock_stepped", 0)]
    assert [body["code"] for body in cleared if body["code"] == "clock_stepped"] == ["clock_stepped"]


def test_the_clocks_of_the_senders_are_measured_and_sealed() -> None:
    late = Publisher("agent", picture_late_ms=150, drift_ppm=80)
    stage = Stage([late], ONE)
    stage.start()
    stage.play(65_000)
    stage.stop()
    sheets = stage.log.bodies(EventType.CLOCK_MEASURED)
    assert [body["object"] for body in sheets] == ["clock-1", "clock-2"]
    sheet = json.loads(stage.log.objects["clock-1"])
    assert sheet["format"] == "jianlu/live-clock/v1"
    (seat,) = sheet["seats"]
    assert (seat["feed"], seat["audio"], seat["picture"]) == ("agent", "agent", "agent-picture")
    assert sheets[0]["samples"] == len(seat["measured"]) == 12
    assert max(abs(skew_us) for _, skew_us, _, _ in seat["measured"]) < 10_000


def test_two_recorders_mirror_each_other_on_one_zero() -> None:
    log = MemoryLiveLog()
    main = Stage(one_party(), ONE, log=log)
    mirror = Stage([Publisher("agent", camera=Camera(width=96, height=64, fps=10, key_every=10))], ONE, log=log, name="b")
    main.start()
    mirror.start(main.recorder.status().zero_us)
    for _ in range(10):
        main.play(1_000)
        mirror.play(1_000)
    main.stop()
    mirror.stop()
    assert continuity(main) == []
    mirrored = log.bodies(EventType.SEGMENT_MIRRORED)
    assert {body["recorder"] for body in mirrored} == {"b"}
    assert mirrored[0]["object"] == "b-init"
    assert [body["object"] for body in mirrored[1:]] == [f"b-seg-{body['no']:06d}" for body in mirrored[1:]]
    same = [(b["no"], b["from_ms"], b["to_ms"]) for b in mirrored[1:]]
    assert same[:4] == main.segments()[:4]
    assert decoded(log.playable("b-")).keys() == decoded(log.playable()).keys()
    assert CASE not in main.states.texts


def test_a_pause_that_the_disk_does_not_keep_records_nothing_all_the_same_and_is_kept_when_asked_for_again() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(5_000)
    stage.states.is_full = True
    for _ in range(2):
        with pytest.raises(UnavailableError):
            stage.recorder.set_paused(True)
        assert stage.recorder.status().state == "paused"
    stage.states.is_full = False
    stage.recorder.set_paused(True)
    assert json.loads(stage.states.texts[CASE])["is_paused"]
    stage.play(3_000)
    stage.recorder.set_paused(False)
    assert not json.loads(stage.states.texts[CASE])["is_paused"]
    stage.play(3_000)
    stage.stop()
    assert [(reason, side) for _, _, reason, side in stage.gaps() if side == "source"] == [("paused", "source")]


def test_a_pause_that_nothing_kept_ends_when_people_go_on() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(3_000)
    stage.states.is_full = True
    with pytest.raises(UnavailableError):
        stage.recorder.set_paused(True)
    stage.recorder.set_paused(False)
    assert stage.recorder.status().state == "recording"


def steps(stage: Stage) -> list[int]:
    """Steps of the wall clock that were told, to the hundredth of a second."""
    return [round(body["step_ms"], -1) for body in stage.log.bodies(EventType.CLOCK_STEPPED)]


def test_a_clock_that_is_moved_while_the_recorder_is_down_is_told_when_it_is_back() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(5_000)
    stage.clock.wall_ahead_ms += 60_000
    stage.play(3_000)
    stage.clock.wall_ahead_ms -= 300_000
    stage.kill_recorder(2_000)
    stage.play(4_000)
    assert steps(stage) == [60_000, -300_000], "each once, the first not again"
    assert "clock_stepped" in alarms(stage)
    stage.kill_recorder(2_000)
    stage.play(4_000)
    assert steps(stage) == [60_000, -300_000]


def test_a_step_that_nothing_has_kept_when_the_recorder_is_killed_is_told_by_the_next_one() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(5_000)
    stage.clock.wall_ahead_ms += 60_000
    stage.log.is_away = stage.spool.is_full = True
    stage.play(1_500)
    stage.log.is_away = stage.spool.is_full = False
    stage.kill_recorder(2_000)
    stage.play(4_000)
    assert steps(stage) == [60_000]


def test_a_clock_that_is_disciplined_slowly_is_followed_and_kept() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    for _ in range(12):
        stage.play(1_000)
        stage.clock.wall_ahead_ms += 90
    stage.kill_recorder(2_000)
    stage.play(4_000)
    assert steps(stage) == []


def test_after_a_new_start_of_the_machine_a_moved_clock_does_not_move_the_session() -> None:
    stage = Stage(one_party(), ONE)
    stage.start()
    stage.play(5_000)
    stage.clock.wall_ahead_ms += 60_000
    stage.play(3_000)
    before_ms = stage.recorder.status().now_ms
    stage.clock.boots = "two"
    stage.kill_recorder(2_000)
    assert abs(stage.recorder.status().now_ms - before_ms - 2_000) <= 1
    assert steps(stage) == [60_000]


def test_a_media_process_that_dies_is_the_sources_gap_where_nobody_was_recorded_and_each_tracks_beyond() -> None:
    """Everybody is gone at once; they come back one after the other, each with new streams."""
    agent, customer = (
        Publisher(name, camera=Camera(width=96, height=64, fps=10, key_every=10), seed=number)
        for number, name in enumerate(("agent", "customer"))
    )
    stage = Stage([agent, customer], TRACKS)
    stage.start()
    stage.play(6_000)
    killed_ms = stage.recorder.status().now_ms
    stage.cut_tap()
    for publisher in (agent, customer):
        publisher.disconnect(stage.now_ms)
    stage.play(4_000)
    stage.mend_tap()
    agent.reconnect(stage.now_ms)
    agent_ms = stage.recorder.status().now_ms
    stage.play(3_000)
    customer.reconnect(stage.now_ms)
    customer_ms = stage.recorder.status().now_ms
    stage.play(6_000)
    stage.stop()
    whole = [(low, high) for low, high, reason, side in stage.gaps() if side == "source" and reason == "connection_lost"]
    assert len(whole) == 1, stage.gaps()
    assert abs(whole[0][0] - killed_ms) <= 250 and abs(whole[0][1] - agent_ms) <= 250, "from the kill until the first is back"
    beyond = {side: (low, high) for low, high, _, side in stage.gaps() if side != "source"}
    for track in ("customer", "customer-picture"):
        low, high = beyond[track]
        assert abs(low - agent_ms) <= 300 and abs(high - customer_ms) <= 400, "the other's own, until they are back"
    assert "agent" not in beyond
    assert continuity(stage, 10_000) == []
