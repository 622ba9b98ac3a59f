"""A supervisor beside a session is never unseen and never unrecorded, and what they whisper to the agent is sealed with the case."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.capture.sessions.conducting import abandon_session, handover
from jianlu.capture.sessions.joining import leave_seat, take_seat
from jianlu.capture.sessions.media import subscribe
from jianlu.capture.sessions.talking import advise, send_message
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.events import EventType
from jianlu.deliver.reports.course import act_text, acts_of, message_texts
from jianlu.govern.identity.model import Role
from tests.fakes.sessions.world import AGENT, COMPLIANCE, SUPERVISOR, World, participant, staff

OFFER = "v=0 offer"
OTHER_SUPERVISOR = staff("fang", Role.SUPERVISOR)


def sit(world: World, case: str, by: Any = SUPERVISOR) -> None:
    take_seat(case, "supervisor", using=world.using, by=by)


def test_a_supervisor_who_has_not_sat_down_neither_watches_nor_writes(world: World) -> None:
    case = world.live()
    for attempt in (
        lambda: subscribe(case, "customer", OFFER, using=world.using, by=SUPERVISOR),
        lambda: send_message(case, "我在听", using=world.using, by=SUPERVISOR),
        lambda: advise(case, "慢一点", using=world.using, by=SUPERVISOR),
        lambda: leave_seat(case, using=world.using, by=SUPERVISOR),
    ):
        with pytest.raises(DeniedError, match="take the supervisor's seat first"):
            attempt()
    assert world.view(case)["supervisor"] is None
    assert {"supervise", "advise", "message"} & set(world.view(case, SUPERVISOR)["allowed"]) == {"supervise"}


def test_everybody_is_told_the_name_of_the_supervisor_who_sits_down(world: World) -> None:
    case = world.live()
    sit(world, case)
    sit(world, case)
    for who in (AGENT, participant(case), COMPLIANCE):
        assert world.view(case, who)["supervisor"] == {"display": "he (staff)", "is_you": False}
    assert world.view(case, SUPERVISOR)["supervisor"]["is_you"]
    assert [seat["seat"] for seat in world.view(case)["seats"]] == ["agent", "customer"]
    taken = [event for event in world.events(case) if event.type is EventType.SEAT_TAKEN and event.body["seat"] == "supervisor"]
    assert len(taken) == 1 and taken[0].body["object"] == "supervisor-1" and "who" in taken[0].body
    assert b"he (staff)" not in taken[0].content and b"account-he" not in taken[0].content
    assert world.restarted().view(case, participant(case))["supervisor"] == {"display": "he (staff)", "is_you": False}


def test_a_whisper_is_read_by_the_agent_and_known_to_everybody(world: World) -> None:
    case = world.live()
    sit(world, case)
    advise(case, " 请把犹豫期再说一遍 ", using=world.using, by=SUPERVISOR)
    for each in (world, world.restarted()):
        shown = {
            name: each.view(case, who)["messages"][-1]
            for name, who in {"agent": AGENT, "customer": participant(case), "supervisor": SUPERVISOR}.items()
        }
        assert {name: line["text"] for name, line in shown.items()} == {
            "agent": "请把犹豫期再说一遍",
            "customer": "",
            "supervisor": "请把犹豫期再说一遍",
        }
        assert {(line["by"], line["to"]) for line in shown.values()} == {("supervisor", "agent")}


def test_a_whisper_is_on_the_record_for_whoever_judges_the_case(world: World) -> None:
    case = world.live()
    sit(world, case)
    advise(case, "请把犹豫期再说一遍", using=world.using, by=SUPERVISOR)
    event = next(each for each in world.events(case) if each.type is EventType.MESSAGE_RECORDED)
    assert {"object", "commit", "by", "to", "who", "at_ms"} <= set(event.body)
    assert "犹豫期".encode() not in event.content
    log = world.using.desk.log(world.using.tenant, case)
    act = next(each for each in acts_of(log.events) if each.event.type is EventType.MESSAGE_RECORDED)
    plan, texts = parse_plan(log.open_object("plan")), message_texts(log)
    told = {lang: act_text(act, plan, None, lang, texts) for lang in ("zh", "en")}
    assert "只有销售人员可见" in told["zh"] and "请把犹豫期再说一遍" in told["zh"]
    assert told["en"].startswith("The supervisor advised the ")


def test_only_the_seated_supervisor_whispers_and_only_while_the_session_goes_on(world: World) -> None:
    case = world.live()
    sit(world, case)
    for by in (AGENT, participant(case), COMPLIANCE):
        with pytest.raises(DeniedError, match="advised by a supervisor"):
            advise(case, "慢一点", using=world.using, by=by)
    with pytest.raises(DeniedError, match="take the supervisor's seat first"):
        advise(case, "慢一点", using=world.using, by=OTHER_SUPERVISOR)
    for text in ("", " ", "长" * 2001):
        with pytest.raises(InvalidError):
            advise(case, text, using=world.using, by=SUPERVISOR)
    abandon_session(case, using=world.using, by=AGENT)
    with pytest.raises(ConflictError, match="over"):
        advise(case, "慢一点", using=world.using, by=SUPERVISOR)


def test_another_supervisor_takes_the_place_and_getting_up_is_on_the_record(world: World) -> None:
    case = world.live()
    sit(world, case)
    sit(world, case, OTHER_SUPERVISOR)
    assert world.view(case)["supervisor"]["display"] == "fang (staff)"
    with pytest.raises(DeniedError):
        subscribe(case, "customer", OFFER, using=world.using, by=SUPERVISOR)
    leave_seat(case, using=world.using, by=OTHER_SUPERVISOR)
    assert world.view(case)["supervisor"] is None
    told = [
        (event.type.value.rpartition(":")[2], event.body["reason"] if event.type is EventType.SEAT_LEFT else "")
        for event in world.events(case)
        if event.type in (EventType.SEAT_TAKEN, EventType.SEAT_LEFT) and event.body["seat"] == "supervisor"
    ]
    assert told == [("taken", ""), ("left", "replaced"), ("taken", ""), ("left", "left")]


def test_a_supervisor_who_takes_over_is_the_agent_and_nobody_sits_beside(world: World) -> None:
    case = world.live()
    sit(world, case)
    handover(case, SUPERVISOR.account.id, "何主管", "misunderstood", using=world.using, by=SUPERVISOR)
    assert world.view(case)["supervisor"] is None
    assert world.view(case, SUPERVISOR)["you"]["seat"] == "agent"


def test_a_supervisor_alone_makes_no_session_wait(world: World) -> None:
    case = world.create()
    sit(world, case)
    assert world.view(case, SUPERVISOR)["state"] == "draft"
