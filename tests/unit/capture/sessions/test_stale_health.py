"""A health that was not looked at lately: it is never green, and no step goes on under it, whatever the template does about trouble."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.capture.sessions.preparing import start_session
from jianlu.capture.sessions.steps import complete_step, start_step
from jianlu.core.errors import ConflictError
from jianlu.core.terms.events import EventType
from tests.fakes.sessions.world import AGENT, World, participant, session_world, shipped_scenes


def test_what_was_not_looked_at_lately_is_never_green(world: World) -> None:
    case = world.seated()
    assert world.view(case)["health"] == {"level": "none", "messages": [], "looked_ms": None}, "there is no recording"
    start_session(case, using=world.using, by=AGENT)
    first = world.view(case)["health"]
    assert (first["level"], [each["code"] for each in first["messages"]], first["looked_ms"]) == ("amber", ["not_measured"], None)
    world.beat(case, times=3)
    view = world.view(case)
    assert (view["health"]["level"], view["health"]["looked_ms"]) == ("green", view["now_ms"])
    world.clock.move(5_000)
    assert world.view(case)["health"]["level"] == "green"
    world.clock.move(1_000)
    stale = world.view(case, participant(case))["health"]
    assert (stale["level"], stale["looked_ms"]) == ("amber", view["now_ms"])
    assert [each["code"] for each in stale["messages"]] == ["not_measured"]
    world.beat(case)
    assert world.view(case)["health"]["level"] == "green"


def refusals(world: World, case: str) -> list[tuple[str, str]]:
    return [(e.body["step"], e.body["reason"]) for e in world.events(case) if e.type is EventType.STEP_REFUSED]


def blocks(world: World, case: str, step: str) -> list[str]:
    found = next(each for each in world.view(case)["steps"] if each["id"] == step)
    assert not found["can_complete"]
    return [each["code"] for each in found["blocked_by"]]


def test_a_step_waits_while_nobody_has_looked_at_the_recording_lately(world: World) -> None:
    case = world.live()
    world.clock.move(5_000)
    start_step(case, "greeting", using=world.using, by=AGENT)
    world.clock.move(1_000)
    assert blocks(world, case, "greeting") == ["unhealthy"]
    with pytest.raises(ConflictError, match="unhealthy"):
        complete_step(case, "greeting", using=world.using, by=AGENT)
    assert refusals(world, case) == [("greeting", "unhealthy")]
    world.beat(case)
    assert blocks(world, case, "greeting") == ["document", "attestation", "too_early"], (
        "what the script wants is all that is left"
    )


def test_after_a_restart_a_step_waits_for_the_first_look(world: World) -> None:
    case = world.live()
    again = world.restarted()
    with pytest.raises(ConflictError, match="unhealthy"):
        start_step(case, "greeting", using=again.using, by=AGENT)
    again.beat(case)
    start_step(case, "greeting", using=again.using, by=AGENT)


@pytest.mark.parametrize("rule", ["stop", "pause", "warn"])
def test_what_a_template_does_about_trouble_lets_no_step_go_on_unwatched(rule: str) -> None:
    scenes = {name: replace(s, health=replace(s.health, on_unhealthy=rule)) for name, s in shipped_scenes().items()}
    with session_world(scenes=scenes) as world:
        case = world.live()
        world.clock.move(60_000)
        with pytest.raises(ConflictError, match="unhealthy"):
            start_step(case, "greeting", using=world.using, by=AGENT)
        world.beat(case)
        assert world.view(case)["state"] == "live", "the rule acts on what was seen, and nothing bad was"
        start_step(case, "greeting", using=world.using, by=AGENT)
