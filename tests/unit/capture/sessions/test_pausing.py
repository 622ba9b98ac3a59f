"""Pauses: nothing is recorded once every recorder has heard of it, and what another process paused or watched is gone on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.capture.sessions.conducting import pause, resume
from jianlu.capture.sessions.steps import start_step
from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.terms.events import EventType
from tests.fakes.sessions.world import AGENT, World, session_world, shipped_scenes
from tests.unit.capture.cases.test_scenes import STATED

GRACE_S = 20


def alarms(world: World, case: str) -> list[tuple[str, str, int]]:
    """Alarms as the log has them: raised or cleared, code, instant."""
    kinds = {EventType.HEALTH_ALARMED: "raised", EventType.HEALTH_CLEARED: "cleared"}
    return [(kinds[each.type], each.body["code"], each.body["at_ms"]) for each in world.events(case) if each.type in kinds]


def test_a_scene_that_pauses_goes_on_by_itself(world: World) -> None:
    case = world.live(scene="loan-signing", facts=STATED["loan-signing"])
    world.recorder.lost.add("customer")
    world.beat(case, times=GRACE_S + 1)
    view = world.view(case)
    assert (view["state"], view["reason"]) == ("paused", "unhealthy")
    assert not world.rooms.rooms[case].is_forwarding
    world.beat(case, times=2 * GRACE_S)  # as long as the track stays lost
    assert (world.view(case)["state"], world.view(case)["health"]["level"]) == ("paused", "red")
    with pytest.raises(ConflictError, match="not healthy"):
        resume(case, using=world.using, by=AGENT)
    world.recorder.lost.clear()
    world.beat(case, times=2)
    assert world.view(case)["state"] == "live"
    assert world.rooms.rooms[case].is_forwarding
    paused = [event.body for event in world.events(case) if event.type is EventType.RECORDING_PAUSED]
    assert [(body["reason"], body["by"]) for body in paused] == [("unhealthy", "watchdog")]


def test_a_pause_records_nothing_and_does_not_count_as_reading(world: World) -> None:
    case = world.live(scene="account-opening", facts=STATED["account-opening"])
    start_step(case, "greeting", using=world.using, by=AGENT)
    world.beat(case, 1_000)
    pause(case, "interrupted", using=world.using, by=AGENT)
    pause(case, "interrupted", using=world.using, by=AGENT)
    assert not world.rooms.rooms[case].is_forwarding
    world.beat(case, 10_000, 3)
    assert (world.view(case)["state"], world.view(case)["health"]["level"]) == ("paused", "green")
    with pytest.raises(ConflictError, match="not_live"):
        start_step(case, "recording_consent", using=world.using, by=AGENT)
    resume(case, using=world.using, by=AGENT)
    resume(case, using=world.using, by=AGENT)
    world.beat(case, 0)
    greeting = world.view(case)["steps"][0]
    assert (world.view(case)["state"], greeting["left_ms"]) == ("live", 2_000)
    gaps = [event.body for event in world.events(case) if event.type is EventType.GAP_DECLARED]
    assert [(gap["reason"], gap["side"]) for gap in gaps] == [("paused", "source")]


def test_where_the_template_allows_no_pause_there_is_none(world: World) -> None:
    case = world.live()
    assert "pause" not in world.view(case)["allowed"]
    with pytest.raises(ConflictError, match="allows no pause"):
        pause(case, "interrupted", using=world.using, by=AGENT)


def test_a_pause_that_the_recorder_did_not_hear_is_an_alarm_until_it_is_paused_too(world: World) -> None:
    case = world.live(scene="account-opening", facts=STATED["account-opening"])
    world.recorder.is_deaf = True
    pause(case, "interrupted", using=world.using, by=AGENT)
    paused_ms = world.view(case)["now_ms"]
    shown = world.view(case)["health"]
    assert (shown["level"], [each["code"] for each in shown["messages"]]) == ("amber", ["pause_unconfirmed"]), "shown at once"
    world.beat(case, times=3)
    assert world.recorder.status(case).state == "recording" and world.view(case)["health"]["level"] == "amber"
    world.recorder.is_deaf = False
    world.beat(case, times=2)
    agreed_ms = world.view(case)["now_ms"]
    assert world.recorder.status(case).state == "paused"
    assert alarms(world, case) == [("raised", "pause_unconfirmed", paused_ms), ("cleared", "pause_unconfirmed", agreed_ms)]
    assert (world.view(case)["state"], world.view(case)["health"]["level"]) == ("paused", "green")
    resume(case, using=world.using, by=AGENT)
    world.beat(case)
    assert world.recorder.status(case).state == "recording" and world.rooms.rooms[case].is_forwarding


def test_a_recorder_that_was_away_is_told_of_the_pause_when_it_is_back_after_a_restart_too(world: World) -> None:
    case = world.live(scene="account-opening", facts=STATED["account-opening"])
    world.recorder.is_away = True
    pause(case, "interrupted", using=world.using, by=AGENT)
    world.recorder.is_away = False
    again = world.restarted()
    again.beat(case, times=2)
    assert again.recorder.status(case).state == "paused"
    codes = [(kind, code) for kind, code, _ in alarms(again, case) if code == "pause_unconfirmed"]
    assert codes == [("raised", "pause_unconfirmed"), ("cleared", "pause_unconfirmed")]


def test_a_resume_that_one_of_two_recorders_did_not_hear_leaves_both_paused() -> None:
    scene = replace(shipped_scenes()["account-opening"], two_recorders=True)
    with session_world(scenes={scene.id: scene}) as world:
        case = world.live(scene="account-opening", facts=STATED["account-opening"])
        pause(case, "interrupted", using=world.using, by=AGENT)
        world.second.is_deaf = True
        with pytest.raises(UnavailableError):
            resume(case, using=world.using, by=AGENT)
        assert world.view(case)["state"] == "paused" and world.recorder.status(case).state == "recording"
        world.second.is_deaf = False
        world.beat(case)
        assert [each.status(case).state for each in (world.recorder, world.second)] == ["paused", "paused"]


def test_a_recorder_that_stayed_paused_while_people_talk_is_told_to_go_on(world: World) -> None:
    case = world.live()
    world.recorder.pause(case)
    world.beat(case)
    assert world.recorder.status(case).state == "recording"
    assert [(kind, code) for kind, code, _ in alarms(world, case)] == [("raised", "recorder_stopped")], (
        "for a second nothing was kept"
    )


def test_a_pause_happens_while_the_media_process_is_away_and_holds_when_it_is_back(world: World) -> None:
    case = world.live(scene="account-opening", facts=STATED["account-opening"])
    world.rooms.is_away = True
    pause(case, "interrupted", using=world.using, by=AGENT)
    assert world.view(case)["state"] == "paused" and world.recorder.status(case).state == "paused"
    world.rooms.is_away = False
    assert world.rooms.rooms[case].is_forwarding, "it went on by itself, as a process that hung does"
    world.beat(case)
    assert not world.rooms.rooms[case].is_forwarding
    world.rooms.is_away = True
    resume(case, using=world.using, by=AGENT)
    world.rooms.is_away = False
    world.beat(case)
    assert world.view(case)["state"] == "live" and world.rooms.rooms[case].is_forwarding


def test_a_talk_that_health_suspended_goes_on_after_a_restart_too(world: World) -> None:
    case = world.live(scene="loan-signing", facts=STATED["loan-signing"])
    world.rooms.is_away = True
    world.beat(case, times=GRACE_S + 1)
    assert (world.view(case)["state"], world.view(case)["reason"]) == ("paused", "unhealthy")
    again = world.restarted()
    again.beat(case)
    assert again.view(case)["state"] == "paused", "what is wrong is still wrong"
    assert again.view(case)["health"]["level"] == "red"
    world.rooms.is_away = False
    again.beat(case, times=2)
    assert again.view(case)["state"] == "live" and world.rooms.rooms[case].is_forwarding
    kinds = [(kind, code) for kind, code, _ in alarms(again, case) if code == "room_away"]
    assert kinds == [("raised", "room_away"), ("cleared", "room_away")], "told once, though by two processes"


def test_after_a_restart_it_is_on_the_record_since_when_nobody_watched(world: World) -> None:
    case = world.live()
    world.beat(case, times=4)
    known_ms = world.view(case)["recording"]["recorded_until_ms"]
    world.clock.move(30_000)
    again = world.restarted()
    world.clock.move(1_000)
    world.recorder.status(case)  # delivers, before anybody looks at the session again
    assert again.view(case)["health"]["level"] == "amber"
    again.beat(case, times=2)
    now_ms = again.view(case)["now_ms"]
    assert alarms(again, case) == [("raised", "unwatched", known_ms), ("cleared", "unwatched", now_ms - 1_000)]
    assert again.view(case)["health"]["level"] == "green"


def test_what_was_alarmed_before_a_restart_is_cleared_after_it(world: World) -> None:
    case = world.live()
    world.recorder.is_away = True
    world.beat(case)
    world.recorder.is_away = False
    again = world.restarted()
    again.beat(case)
    told = [(kind, code) for kind, code, _ in alarms(again, case) if code == "recorder_away"]
    assert told == [("raised", "recorder_away"), ("cleared", "recorder_away")]
