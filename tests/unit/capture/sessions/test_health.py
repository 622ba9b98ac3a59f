"""The health rule alone: what is seen, for how long, and what is done about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.capture.cases.model import HealthRule
from jianlu.capture.sessions.health import EDGE_AWAY_MS_MAX, Finding, Seen, Vigil, monitor
from jianlu.capture.sessions.recorders import Alarm, RecordingStatus, TrackHealth, TrackState
from jianlu.capture.sessions.rooms import RoomStatus

STOP = HealthRule("stop", 5_000)
ROOM = RoomStatus("room", True, ())


def track(state: TrackState) -> TrackHealth:
    return TrackHealth(state, 1, 0, 1, 25, 900, -20, 0, 0, 10)


GOOD = Seen(RecordingStatus("recording", 58_000, 60_000, 1, 29, {"agent": track("ok")}), ROOM)


def seen(**changes: object) -> Seen:
    """Good, with fields of the first recorder's status changed."""
    assert GOOD.first is not None
    return replace(GOOD, first=replace(GOOD.first, **changes))  # type: ignore[arg-type]


def watched(one: Seen, rule: HealthRule = STOP, *, looks: int = 8) -> list[Finding]:
    """One look a second at the same sight."""
    found: list[Finding] = []
    vigil = Vigil()
    for second in range(looks):
        found.append(monitor(one, rule, vigil, second * 1_000))
        vigil = found[-1].vigil
    return found


RED = {
    "the recorder is away": replace(GOOD, first=None),
    "the recorder has stopped": seen(state="stopped"),
    "the recorder knows nothing": seen(state="idle"),
    "the recorder says that it stalls": seen(state="stalled"),
    "sealing lags behind": seen(recorded_until_ms=51_000),
    "a promised track is lost": seen(tracks={"agent": track("ok"), "customer-picture": track("lost")}),
    "the disk is full": seen(alarms=(Alarm("disk_full", "", 1),)),
    "the tap is lost": seen(alarms=(Alarm("tap_lost", "", 1),)),
    "the room is away": replace(GOOD, room=None),
    "the second recorder is away": replace(GOOD, wants_second=True),
}


@pytest.mark.parametrize("sight", RED.values(), ids=RED.keys())
def test_what_is_not_recorded_stops_the_talk_after_the_grace(sight: Seen) -> None:
    found = watched(sight)
    assert {each.level for each in found} == {"red"}
    assert [each.action for each in found] == ["", "", "", "", "", "stop", "", ""]


FINE = {
    "all is well": GOOD,
    "a share that nobody shares": seen(tracks={"agent-screen": track("idle")}),
    "a recording that has just begun": replace(GOOD, is_starting=True, first=RecordingStatus("starting", 0, 900, 1)),
    "a pause": replace(GOOD, is_paused=True, first=RecordingStatus("paused", 10_000, 90_000, 1)),
    "the second recorder is there": replace(GOOD, wants_second=True, second=GOOD.first),
}


@pytest.mark.parametrize("sight", FINE.values(), ids=FINE.keys())
def test_what_is_recorded_goes_on(sight: Seen) -> None:
    assert {(each.level, each.action) for each in watched(sight)} == {("green", "")}


@pytest.mark.parametrize("state", ["weak", "silent", "frozen"])
def test_a_poor_track_is_said_and_goes_on(state: TrackState) -> None:
    assert {(each.level, each.action) for each in watched(seen(tracks={"agent": track(state)}))} == {("amber", "")}


def test_trouble_shorter_than_the_grace_stops_nothing() -> None:
    vigil, actions = Vigil(), []
    for second in range(30):
        found = monitor(replace(GOOD, first=None) if second % 5 else GOOD, STOP, vigil, second * 1_000)
        vigil = found.vigil
        actions.append(found.action)
    assert set(actions) == {""}


def test_an_alarm_is_raised_once_and_cleared_once() -> None:
    first = monitor(replace(GOOD, first=None), STOP, Vigil(), 0)
    second = monitor(replace(GOOD, first=None), STOP, first.vigil, 1_000)
    third = monitor(GOOD, STOP, second.vigil, 2_000)
    assert (first.raised, second.raised, third.cleared) == ((("recorder_away", ""),), (), (("recorder_away", ""),))


def test_what_the_recorder_has_alarmed_is_not_alarmed_twice() -> None:
    sight = seen(state="stalled", alarms=(Alarm("sealing_stalled", "", 1),))
    found = monitor(sight, STOP, Vigil(), 0)
    assert (found.raised, found.level) == ((), "red")


def test_a_rule_of_pause_resumes_when_all_is_well_again() -> None:
    rule, vigil, actions = HealthRule("pause", 2_000), Vigil(), []
    for second, sight in enumerate([replace(GOOD, room=None)] * 5 + [GOOD] * 3):
        found = monitor(sight, rule, vigil, second * 1_000)
        vigil = found.vigil
        actions.append(found.action)
    assert actions == ["", "", "pause", "", "", "resume", "", ""]


def test_a_rule_of_warning_is_red_and_never_acts() -> None:
    found = watched(replace(GOOD, first=None), HealthRule("warn", 1_000))
    assert {(each.level, each.action) for each in found} == {("red", "")}


@given(st.lists(st.sampled_from([*RED.values(), *FINE.values()]), max_size=40), st.sampled_from(("stop", "pause")))
def test_red_longer_than_the_grace_always_acts_and_nothing_else_does(sights: list[Seen], does: str) -> None:
    rule, vigil, red = HealthRule(does, 3_000), Vigil(), 0
    is_suspended = False
    for second, sight in enumerate(sights):
        found = monitor(sight, rule, vigil, second * 1_000)
        vigil = found.vigil
        red = red + 1 if found.level == "red" else 0
        if found.action == does:
            assert red == 4 and not is_suspended
            is_suspended = True
        elif found.action == "resume":
            assert does == "pause" and is_suspended and red == 0
            is_suspended = False
        elif red > 4:
            assert is_suspended
        if red == 0 and does == "stop":
            is_suspended = False


def test_an_edge_out_of_reach_is_red_and_said_and_ends_nothing_for_half_an_hour() -> None:
    cut = replace(GOOD, first=None, room=None, second=None, wants_second=True, is_edge=True)
    found = watched(cut, looks=EDGE_AWAY_MS_MAX // 1_000 + 2)
    assert found[0].raised == (("edge_away", ""),)
    assert {each.level for each in found} == {"red"}
    assert [second for second, each in enumerate(found) if each.action == "stop"] == [EDGE_AWAY_MS_MAX // 1_000]
    assert watched(replace(cut, is_edge=False), looks=8)[5].action == "stop", "without an edge the same sight ends the talk"


def test_an_edge_that_is_back_and_delivers_late_is_not_stalled_and_has_its_grace_anew() -> None:
    cut = replace(GOOD, first=None, room=None, is_edge=True)
    vigil = watched(cut, looks=60)[-1].vigil
    late = seen(recorded_until_ms=10_000, alarms=(Alarm("uplink_lost", "", 1),))
    found = monitor(late, STOP, vigil, 60_000)
    assert (found.level, found.action, found.cleared, found.raised) == ("amber", "", (("edge_away", ""),), ())
    lost = monitor(seen(state="stopped"), STOP, vigil, 60_000)
    assert (lost.level, lost.action) == ("red", ""), "what is wrong beside the line has a grace of its own"
    assert monitor(seen(state="stopped"), STOP, lost.vigil, 65_000).action == "stop"
    assert watched(seen(recorded_until_ms=10_000), looks=6)[-1].action == "stop", "late without a word is a stall"


def test_a_second_recorder_that_is_just_starting_is_not_away_and_one_that_never_gets_going_is() -> None:
    assert GOOD.first is not None
    young = replace(GOOD.first, state="starting", now_ms=3_000, recorded_until_ms=0)
    assert monitor(replace(GOOD, wants_second=True, second=young), STOP, Vigil(), 0).level == "green"
    for second in (None, replace(young, now_ms=9_000), replace(young, state="idle"), replace(young, state="stalled")):
        found = monitor(replace(GOOD, wants_second=True, second=second), STOP, Vigil(), 0)
        assert (found.level, found.raised) == ("red", (("second_recorder_away", ""),)), second


def test_a_stall_is_cleared_when_sealing_goes_on_and_not_when_the_recorder_says_it_too() -> None:
    stalled = seen(state="stalled")
    also_said = seen(state="stalled", alarms=(Alarm("sealing_stalled", "", 1),))
    vigil, cleared, raised = Vigil(), [], []
    for second, sight in enumerate([stalled, also_said, also_said, replace(GOOD, first=None), also_said, GOOD]):
        found = monitor(sight, STOP, vigil, second * 1_000)
        vigil = found.vigil
        raised += [(second, code) for code, _ in found.raised]
        cleared += [(second, code) for code, _ in found.cleared]
    assert raised == [(0, "sealing_stalled"), (3, "recorder_away")]
    assert cleared == [(4, "recorder_away"), (5, "sealing_stalled")]


def test_a_pause_that_a_recorder_does_not_confirm_is_said_until_it_does() -> None:
    recording = replace(GOOD, is_paused=True)
    away = replace(recording, first=None)
    paused = seen(state="paused")
    vigil, codes = Vigil(), []
    for second, sight in enumerate([away, recording, away, replace(paused, is_paused=True), replace(away, is_paused=True)]):
        found = monitor(sight, STOP, vigil, second * 1_000)
        vigil = found.vigil
        codes.append("pause_unconfirmed" in {code for code, _ in vigil.alarms})
        assert found.level == ("red" if sight.first is None else "amber" if codes[-1] else "green")
    assert codes == [False, True, True, False, False], "a recorder that is away says nothing new"
    second_records = replace(GOOD, is_paused=True, first=paused.first, wants_second=True, second=GOOD.first)
    assert monitor(second_records, STOP, Vigil(), 0).raised == (("pause_unconfirmed", ""),)


def test_a_recorder_that_is_paused_while_people_talk_records_nothing_and_is_red() -> None:
    found = monitor(seen(state="paused"), STOP, Vigil(), 0)
    assert (found.level, found.raised) == ("red", (("recorder_stopped", ""),))
