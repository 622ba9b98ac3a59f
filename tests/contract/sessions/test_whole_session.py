"""One sale from the case to the hand-over: what is recorded in which order, and that a restart in the middle changes nothing."""

from __future__ import annotations

import pytest

from jianlu.capture.sessions.conducting import end_session
from jianlu.capture.sessions.preparing import start_session
from jianlu.capture.sessions.steps import complete_step, start_step
from jianlu.core.errors import ConflictError
from jianlu.core.terms.events import EventType
from tests.fakes.sessions.world import AGENT, World, participant


def test_a_sale_runs_from_the_case_to_the_hand_over(world: World) -> None:
    case = world.live()
    assert world.view(case)["state"] == "live"
    assert world.rooms.rooms[case].is_forwarding
    world.do_all(case)
    assert world.view(case)["allowed"].count("end") == 1
    end_session(case, using=world.using, by=AGENT)
    view = world.view(case)
    assert (view["state"], view["reason"], view["allowed"]) == ("ended", "completed", [])
    assert all(step["state"] == "done" for step in view["steps"])
    assert world.handed_over == [case]
    assert case not in world.rooms.rooms
    kinds = world.kinds(case)
    assert kinds[:3] == [EventType.PLAN_FROZEN, EventType.BACKENDS_STARTED, EventType.SCRIPT_FROZEN]
    assert kinds[-2:] == [EventType.SESSION_ENDED, EventType.RECORDING_ENDED]
    assert kinds.count(EventType.STEP_COMPLETED) == len(view["steps"]) == 14
    assert EventType.STEP_REFUSED not in kinds


def test_nobody_sees_anybody_before_the_first_segment_is_sealed(world: World) -> None:
    case = world.seated()
    start_session(case, using=world.using, by=AGENT)
    world.beat(case)
    assert world.view(case)["state"] == "ready"
    assert not world.rooms.rooms[case].is_forwarding
    world.beat(case)
    world.beat(case)
    assert world.view(case)["state"] == "live"
    assert world.rooms.rooms[case].is_forwarding


def test_a_later_step_before_an_earlier_one_is_refused_and_recorded(world: World) -> None:
    case = world.live()
    for attempt in (start_step, complete_step):
        with pytest.raises(ConflictError, match="order"):
            attempt(case, "recording_consent", using=world.using, by=AGENT)
    refused = [event for event in world.events(case) if event.type is EventType.STEP_REFUSED]
    assert [(e.body["step"], e.body["reason"], e.body["by"]) for e in refused] == [("recording_consent", "order", "agent")] * 2
    assert world.view(case)["current_step"] == "greeting"


def test_a_restart_in_the_middle_of_a_step_goes_on_where_it_was(world: World) -> None:
    case = world.live()
    world.do_step(case, "greeting")
    start_step(case, "recording_consent", using=world.using, by=AGENT)
    before = world.view(case)
    again = world.restarted()
    again.beat(case, 0)
    after = again.view(case)
    moment = {"version", "recording", "health"}
    assert {key: value for key, value in after.items() if key not in moment} == {
        key: value for key, value in before.items() if key not in moment
    }
    again.do_all(case)
    end_session(case, using=again.using, by=AGENT)
    assert again.view(case, participant(case))["state"] == "ended"
