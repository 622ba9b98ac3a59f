"""Checks during a call in the web process: what is asked for and taken, what a check that is not met does, and who may waive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jianlu.capture.sessions.checking import (
    AWAY_MS,
    calls_for_supervisor,
    report_look,
    report_prompts,
    waive_check,
    watched_sessions,
)
from jianlu.capture.sessions.checks import (
    CheckState,
    Demand,
    Found,
    Look,
    Prompt,
    check_body,
    check_in,
    findings_now,
    look_fields,
    look_from,
)
from jianlu.capture.sessions.conducting import abandon_session, end_session, handover
from jianlu.capture.sessions.steps import complete_step, redo_step, start_step
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.formats.event import FIRST_PREV, make_event
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.govern.identity.model import Role
from jianlu.vault.case_log import open_case_log
from tests.fakes.sessions.world import AGENT, SUPERVISOR, World, participant, session_world, staff
from tests.fakes.vault.home import TENANT

MET, NOT_MET, UNKNOWN = CheckState.MET, CheckState.NOT_MET, CheckState.UNKNOWN
FIRST, SECOND = "greeting", "recording_consent"


@pytest.fixture(params=["warn", "block", "route"])
def rule(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(rule: str) -> Iterator[World]:
    with session_world(is_checked=True, on_not_met=rule) as found:
        yield found


@pytest.fixture
def blocking() -> Iterator[World]:
    with session_world(is_checked=True, on_not_met="block") as found:
        yield found


def ask(world: World, busy_ms: int = 0) -> dict[str, Any]:
    return watched_sessions(busy_ms=busy_ms, using=world.using)


def look(world: World, case: str, *, lacking: str = "", attempt: int = 1, step: str = FIRST, is_whole: bool = True) -> None:
    """Report a look in which everything of the step is met but the demand that ends in `lacking`."""
    points = [each["id"] for s in world.view(case)["steps"] if s["id"] == step for each in s["checks"]["points"]]
    assert points
    found = [Found(p, NOT_MET, "missing_point") if lacking and p.endswith(lacking) else Found(p, MET, "", 10, 20) for p in points]
    report_look(case, Look(step, attempt, 0, 5_000, is_whole, tuple(found)), using=world.using)


def checks(world: World, case: str, step: str = FIRST, by: Any = AGENT) -> dict[str, Any]:
    return next(dict(each["checks"]) for each in world.view(case, by)["steps"] if each["id"] == step)


def states(world: World, case: str, step: str = FIRST) -> set[str]:
    return {each["state"] for each in checks(world, case, step)["points"]}


def recorded(world: World, case: str) -> list[dict[str, Any]]:
    return [dict(event.body) for event in world.events(case) if event.type is EventType.CHECK_RECORDED]


def test_a_step_that_nobody_looked_at_is_unknown(world: World) -> None:
    case = world.live()
    ask(world)
    world.do_step(case, FIRST)
    assert states(world, case) == {"unknown"} and checks(world, case)["state"] == "unknown"
    assert recorded(world, case) == []


def test_the_checker_is_asked_for_attempts_until_they_were_looked_at_wholly(world: World) -> None:
    case = world.live()
    assert ask(world) == {"cases": [asked(case, world)], "is_expected": True}
    start_step(case, FIRST, using=world.using, by=AGENT)
    assert [(each["step"], each["is_done"]) for each in ask(world)["cases"][0]["attempts"]] == [(FIRST, False)]
    redo_step(case, FIRST, "asked_again", using=world.using, by=AGENT)
    world.do_step(case, FIRST)
    assert [(each["attempt"], each["is_done"]) for each in ask(world)["cases"][0]["attempts"]] == [(2, True)]
    look(world, case, attempt=2)
    assert ask(world)["cases"][0]["attempts"] == []


def asked(case: str, world: World) -> dict[str, Any]:
    until = max(event.body["to_ms"] for event in world.events(case) if event.type is EventType.SEGMENT_SEALED)
    return {"case": case, "is_live": True, "recorded_until_ms": until, "attempts": []}


def test_a_whole_look_at_a_finished_step_is_recorded_once_with_what_the_scene_does(world: World, rule: str) -> None:
    case = world.live()
    ask(world)
    world.do_step(case, FIRST)
    look(world, case, lacking="work_card")
    look(world, case)
    (body,) = recorded(world, case)
    assert (body["not_met"], body["unknown"], body["action"]) == (1, 0, rule)
    assert [entry[:3] for entry in body["open"]] == [[body["open"][0][0], "not_met", "missing_point"]]
    assert body["open"][0][0].endswith("work_card")


def test_what_is_not_met_warns_holds_or_calls_by_the_scene(world: World, rule: str) -> None:
    case = world.live()
    ask(world)
    world.do_step(case, FIRST)
    look(world, case, lacking="work_card")
    calls = calls_for_supervisor(using=world.using, by=SUPERVISOR)
    assert calls == ([{"case": case, "title": "分红型两全保险远程销售", "step": FIRST}] if rule == "route" else [])
    if rule == "warn":
        start_step(case, SECOND, using=world.using, by=AGENT)
        return
    assert "start_step" not in world.view(case)["allowed"]
    with pytest.raises(ConflictError, match="check"):
        start_step(case, SECOND, using=world.using, by=AGENT)
    assert world.kinds(case)[-1] is EventType.STEP_REFUSED
    redo_step(case, FIRST, "asked_again", using=world.using, by=AGENT)
    assert states(world, case) == {"unknown"}
    world.do_step(case, FIRST)
    look(world, case, attempt=2)
    start_step(case, SECOND, using=world.using, by=AGENT)
    assert calls_for_supervisor(using=world.using, by=SUPERVISOR) == []


def test_a_step_begun_before_the_result_came_cannot_be_completed_either(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.do_step(case, FIRST)
    start_step(case, SECOND, using=blocking.using, by=AGENT)
    look(blocking, case, lacking="work_card")
    blocking.beat(case, 60_000)
    with pytest.raises(ConflictError, match="check"):
        complete_step(case, SECOND, using=blocking.using, by=AGENT)
    redo_step(case, FIRST, "asked_again", using=blocking.using, by=AGENT)
    blocking.do_all(case)


def test_a_held_talk_cannot_be_completed_but_be_abandoned(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.do_all(case)
    look(blocking, case, lacking="work_card")
    assert "end" not in blocking.view(case)["allowed"]
    with pytest.raises(ConflictError, match="check"):
        end_session(case, using=blocking.using, by=AGENT)
    abandon_session(case, using=blocking.using, by=AGENT)
    assert blocking.view(case)["reason"] == "abandoned"


def test_a_supervisor_waives_with_a_reason_and_the_agent_does_not(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.do_step(case, FIRST)
    with pytest.raises(ConflictError, match="holds"):
        waive_check(case, FIRST, "paper_checked", using=blocking.using, by=SUPERVISOR)
    look(blocking, case, lacking="work_card")
    assert "waive_check" in blocking.view(case, SUPERVISOR)["allowed"]
    for who in (AGENT, participant(case)):
        assert "waive_check" not in blocking.view(case, who)["allowed"]
        with pytest.raises(DeniedError):
            waive_check(case, FIRST, "paper_checked", using=blocking.using, by=who)
    with pytest.raises(InvalidError):
        waive_check(case, FIRST, "never mind", using=blocking.using, by=SUPERVISOR)
    waive_check(case, FIRST, "paper_checked", using=blocking.using, by=SUPERVISOR)
    waive_check(case, FIRST, "paper_checked", using=blocking.using, by=SUPERVISOR)
    assert blocking.kinds(case).count(EventType.CHECK_WAIVED) == 1
    assert checks(blocking, case)["is_waived"] and checks(blocking, case)["state"] == "not_met"
    start_step(case, SECOND, using=blocking.using, by=AGENT)


def test_whoever_ever_led_the_session_cannot_waive_its_checks_not_even_after_a_restart(blocking: World) -> None:
    both, second = staff("lin", Role.AGENT, Role.SUPERVISOR), staff("zhou", Role.AGENT, Role.SUPERVISOR)
    case = blocking.live()
    ask(blocking)
    blocking.do_step(case, FIRST)
    look(blocking, case, lacking="work_card")
    handover(case, second.account.id, "周宁", "technical", using=blocking.using, by=both)
    for world in (blocking, blocking.restarted()):
        for led in (both, second):
            assert "waive_check" not in world.view(case, led)["allowed"]
            with pytest.raises(DeniedError):
                waive_check(case, FIRST, "check_mistaken", using=world.using, by=led)
    handover(case, both.account.id, "林静", "technical", using=blocking.using, by=both)
    with pytest.raises(DeniedError):
        waive_check(case, FIRST, "check_mistaken", using=blocking.using, by=second)
    assert EventType.CHECK_WAIVED not in blocking.kinds(case)
    waive_check(case, FIRST, "check_mistaken", using=blocking.using, by=SUPERVISOR)
    waived = next(event for event in blocking.events(case) if event.type is EventType.CHECK_WAIVED)
    salt = open_case_log(blocking.vault, TENANT, case).salt(f"{waived.n}/who")
    assert opens(waived.body["who"], digest_of(SUPERVISOR.account.id.encode()), salt)
    assert SUPERVISOR.account.id not in waived.content.decode()


def test_a_look_at_an_attempt_that_was_given_up_or_a_talk_that_is_over_changes_nothing(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.do_step(case, FIRST)
    points = [each["id"] for each in checks(blocking, case)["points"]]
    stale = Look(FIRST, 1, 0, 5_000, True, tuple(Found(p, NOT_MET, "missing_point") for p in points))
    redo_step(case, FIRST, "asked_again", using=blocking.using, by=AGENT)
    report_look(case, stale, using=blocking.using)
    start_step(case, FIRST, using=blocking.using, by=AGENT)
    report_look(case, stale, using=blocking.using)
    assert recorded(blocking, case) == [] and states(blocking, case) == {"unknown"}
    abandon_session(case, using=blocking.using, by=AGENT)
    report_look(case, stale, using=blocking.using)
    assert recorded(blocking, case) == []


def test_a_step_that_the_end_of_the_talk_outran_is_recorded_as_unknown(world: World) -> None:
    case = world.live()
    ask(world)
    world.do_all(case)
    last = world.view(case)["steps"][-1]["id"]
    for step in [each["id"] for each in world.view(case)["steps"]][:-2]:
        look(world, case, step=step) if checks(world, case, step)["points"] else None
    before = recorded(world, case)
    end_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    outran = recorded(world, case)[len(before) :]
    assert [body["step"] for body in outran] == [each["id"] for each in world.view(case)["steps"]][-2:]
    assert {(body["met"], body["not_met"], body["action"]) for body in outran} == {(0, 0, "")}
    assert {entry[1:3] for body in outran for entry in map(tuple, body["open"])} == {("unknown", "not_yet")}
    assert states(world, case, last) == {"unknown"} and not checks(world, case, last)["is_whole"]
    kinds = world.kinds(case)
    assert kinds.index(EventType.RECORDING_ENDED) > max(n for n, kind in enumerate(kinds) if kind is EventType.CHECK_RECORDED)


def test_of_an_outrun_step_only_what_nothing_undoes_is_known(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.do_all(case)
    step = next(s["id"] for s in blocking.view(case)["steps"] if any(p["kind"] == "answered" for p in s["checks"]["points"]))
    look(blocking, case, lacking="promises", step=step, is_whole=False)
    points = {each["id"]: each["kind"] for each in checks(blocking, case, step)["points"]}
    abandon_session(case, using=blocking.using, by=AGENT)
    body = next(each for each in recorded(blocking, case) if each["step"] == step)
    assert body["met"] == sum(kind == "said" for kind in points.values())
    assert body["not_met"] == sum(key.endswith("promises") for key in points) and body["action"] == ""
    assert body["unknown"] == len(points) - body["met"] - body["not_met"] > 0


def test_a_talk_that_nobody_checks_ends_without_a_check() -> None:
    with session_world() as world:
        case = world.live()
        world.do_all(case)
        end_session(case, using=world.using, by=AGENT)
        assert recorded(world, case) == []


def test_a_look_that_leaves_out_a_demand_is_refused(blocking: World) -> None:
    case = blocking.live()
    blocking.do_step(case, FIRST)
    with pytest.raises(InvalidError, match="every demand"):
        report_look(case, Look(FIRST, 1, 0, 5_000, True, (Found("said:agent:x", MET),)), using=blocking.using)


def test_a_checker_that_is_away_or_stuck_is_said_and_the_call_goes_on(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.beat(case)
    assert blocking.view(case)["checks"]["state"] == "on" and blocking.view(case)["health"]["level"] == "green"
    blocking.beat(case, AWAY_MS + 1_000)
    seen = blocking.view(case)
    assert (seen["checks"]["state"], seen["health"]["level"], seen["state"]) == ("away", "amber", "live")
    assert [each["code"] for each in seen["health"]["messages"]] == ["checker_away"]
    assert {each["reason"] for each in checks(blocking, case)["points"]} == {"checker_away"}
    blocking.do_step(case, FIRST)
    start_step(case, SECOND, using=blocking.using, by=AGENT)
    ask(blocking)
    blocking.beat(case)
    assert blocking.view(case)["health"]["level"] == "green"
    ask(blocking, busy_ms=6 * AWAY_MS + 1)
    assert blocking.view(case)["checks"]["state"] == "away"


def test_what_was_recorded_is_known_after_a_restart_and_nothing_more(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    blocking.do_step(case, FIRST)
    look(blocking, case, lacking="work_card")
    start = blocking.restarted()
    start.beat(case, 0)
    before, after = checks(blocking, case), checks(start, case)
    assert {(p["id"], p["state"]) for p in before["points"]} == {(p["id"], p["state"]) for p in after["points"]}
    assert {p["state"] for p in checks(start, case, SECOND)["points"]} == {"unknown"}
    with pytest.raises(ConflictError, match="check"):
        start_step(case, SECOND, using=start.using, by=AGENT)


def test_only_staff_see_checks(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    report_prompts(case, [Prompt("picture_dark", "customer-picture")], using=blocking.using)
    assert [each["code"] for each in blocking.view(case)["checks"]["prompts"]] == ["picture_dark"]
    seen = blocking.view(case, participant(case))
    assert seen["checks"]["prompts"] == [] and {each["checks"]["state"] for each in seen["steps"]} == {"none"}


def test_a_prompt_that_is_not_repeated_is_over(blocking: World) -> None:
    case = blocking.live()
    ask(blocking)
    report_prompts(case, [Prompt("voice_quiet", "customer")], using=blocking.using)
    blocking.beat(case, 4_000, times=2)
    ask(blocking)
    blocking.beat(case)
    assert blocking.view(case)["checks"]["prompts"] == []


def test_with_checks_switched_off_everything_is_unknown_and_nothing_is_alarmed() -> None:
    with session_world() as world:
        case = world.live()
        world.do_step(case, FIRST)
        world.beat(case, 60_000)
        assert world.view(case)["checks"]["state"] == "off" and world.view(case)["health"]["level"] == "green"
        assert {each["reason"] for each in checks(world, case)["points"]} == {"off"}


def test_a_look_crosses_between_processes_unchanged_and_nothing_else_does() -> None:
    seen = Look("a", 2, 1, 9, True, (Found("said:agent:x", NOT_MET, "negated", 3, 4),))
    assert look_from(look_fields(seen)) == seen
    for wrong in ({}, {**look_fields(seen), "found": [["a", "perhaps", "", 0, 0]]}, {**look_fields(seen), "attempt": None}):
        with pytest.raises(InvalidError):
            look_from(wrong)


def test_what_a_newer_version_demands_was_not_met_by_a_check_of_the_older_one() -> None:
    asked = [Demand("said", "agent", f"point_{n}", ()) for n in range(3)]
    found = (Found(asked[0].key, NOT_MET, "missing_point"), *(Found(each.key, MET, "", 1, 2) for each in asked[1:]))
    check = check_in(check_body(Look("a", 1, 0, 5_000, True, found), "warn", 6_000))

    def known(*demands: Demand) -> list[CheckState]:
        return [each.state for each in findings_now(demands, 1, None, check, is_away=False)]

    assert known(*asked) == [NOT_MET, MET, MET]
    assert known(*asked, Demand("said", "agent", "new", ())) == [NOT_MET, UNKNOWN, UNKNOWN, UNKNOWN]
    assert known(asked[0], asked[1]) == [NOT_MET, UNKNOWN]


def test_the_largest_check_fits_into_an_event_and_what_it_does_not_name_stays_unknown() -> None:
    found = tuple(
        Found(f"said:agent:cn-insurance-dual-recording/notice_documents_{n}", NOT_MET, "missing_question") for n in range(20)
    )
    body = check_body(
        Look("step_with_a_long_name_of_forty_characters", 99, 3_600_000, 3_700_000, True, found), "route", 3_800_000
    )
    event = make_event(
        EventType.CHECK_RECORDED,
        tenant=tenant_id("a" * 40),
        case=case_ref("c" + "a" * 26),
        n=10_000,
        prev=FIRST_PREV,
        at="2026-11-20T09:30:00.000Z",
        body=body,
    )
    check = check_in(event.body)
    demands = [Demand("said", "agent", each.key.rpartition(":")[2], ()) for each in found]
    known = findings_now(demands, 99, None, check, is_away=False)
    assert [each.state for each in known].count(NOT_MET) == len(check.open) >= 4
    assert {each.state for each in known} == {NOT_MET, UNKNOWN}
