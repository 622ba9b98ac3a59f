"""What each viewer sees: names are masked, acts are those of the seat, every block has words; looking changes nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from jianlu.capture.cases.masks import masked
from jianlu.capture.sessions.conducting import end_session, refuse
from jianlu.capture.sessions.lifecycle import RIGHTS, TRANSITIONS, acts_of
from jianlu.capture.sessions.model import Act, Block, Phase
from jianlu.capture.sessions.steps import start_step
from jianlu.capture.sessions.words import ALARM_WORDS, BLOCK_WORDS, GATE_WORDS, worded
from jianlu.core.errors import ConflictError, DeniedError, UnavailableError
from tests.fakes.sessions.world import AGENT, COMPLIANCE, SUPERVISOR, World, participant


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"),
        ("欧阳", "欧*"),
        ("Anna Schmidt", "A*** S***"),
        ("  ", ""),
        ("", ""),
        ("阿卜杜拉·买买提", "阿***"),
        ("X", "X***"),
    ],
)
def test_a_name_is_masked_to_its_beginning(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_each_sees_their_own_name_and_who_leads_and_masks_of_the_rest(world: World) -> None:
    case = world.live()
    shown = {
        by: [seat["display"] for seat in world.view(case, who)["seats"]]
        for by, who in {"agent": AGENT, "customer": participant(case), "supervisor": SUPERVISOR}.items()
    }
    assert shown["agent"] == ["lin (staff)", "王**"]
    assert shown["customer"] == ["lin (staff)", "王小明"]
    assert shown["supervisor"] == ["lin (staff)", "王**"]
    for who in (AGENT, SUPERVISOR, participant(case)):
        assert "5555" not in json.dumps(world.view(case, who), ensure_ascii=False)


def test_the_business_number_is_not_for_the_customer(world: World) -> None:
    case = world.live()
    assert (world.view(case)["number"], world.view(case, participant(case))["number"]) == ("sale-1", "")


def test_the_acts_of_a_viewer_are_those_of_their_seat(world: World) -> None:
    case = world.live()
    assert {"start_step", "handover", "refuse", "share", "message"} <= set(world.view(case)["allowed"])
    assert set(world.view(case, participant(case))["allowed"]) == {
        "preflight",
        "consent",
        "deposit",
        "message",
        "refuse",
        "leave",
    }
    assert world.view(case, COMPLIANCE)["allowed"] == []
    start_step(case, "greeting", using=world.using, by=AGENT)
    assert {"complete_step", "show_document"} <= set(world.view(case)["allowed"])
    assert "answer" in world.view(case, participant(case))["allowed"]


def test_the_next_sentence_is_that_of_the_next_step(world: World) -> None:
    case = world.live()
    assert world.view(case)["next_sentence"]["zh"].startswith("您好，我是建安银行的理财经理")
    start_step(case, "greeting", using=world.using, by=AGENT)
    view = world.view(case)
    assert (view["current_step"], view["next_sentence"]["en"][:15]) == ("greeting", "As the regulato")
    assert view["steps"][0]["say"][0]["lang"] == "zh"


def test_a_step_shows_the_clauses_behind_it(world: World) -> None:
    case = world.live()
    step = next(each for each in world.view(case)["steps"] if each["id"] == "recording_notice")
    assert [clause["citation"] for clause in step["clauses"]] == ["保监消保〔2017〕265号 第二条"]


def test_looking_at_a_session_changes_nothing(world: World) -> None:
    case = world.live()
    count = len(world.events(case))
    before = world.view(case)
    assert world.view(case) == before
    start_step(case, "greeting", using=world.using, by=AGENT)
    assert world.view(case)["version"] > before["version"]
    assert len(world.events(case)) == count + 1


def test_a_view_is_plain_json_at_every_stage(world: World) -> None:
    for case in (world.create("draft"), world.seated("ready"), world.live("live")):
        for who in (AGENT, SUPERVISOR, COMPLIANCE, participant(case)):
            view = world.view(case, who)
            assert json.loads(json.dumps(view)) == view


def test_a_customer_who_refuses_ends_the_channel(world: World) -> None:
    case = world.live()
    refuse(case, using=world.using, by=participant(case))
    refuse(case, using=world.using, by=participant(case))
    assert (world.view(case)["state"], world.handed_over) == ("refused", [case])
    with pytest.raises(DeniedError):
        end_session(world.live("other"), using=world.using, by=SUPERVISOR)


def test_the_agent_notes_a_refusal_as_the_customers(world: World) -> None:
    case = world.live()
    refuse(case, using=world.using, by=AGENT)
    ended = next(event.body for event in world.events(case) if event.type.value == "session:talk:ended")
    assert (ended["reason"], ended["by"]) == ("refused", "customer")


def test_an_act_of_another_phase_is_a_conflict(world: World) -> None:
    case = world.seated()
    with pytest.raises(ConflictError, match="while the session is ready"):
        end_session(case, using=world.using, by=AGENT)


def test_every_block_gate_and_alarm_has_words_in_both_languages() -> None:
    assert set(BLOCK_WORDS) == {block.value for block in Block}
    for words in (BLOCK_WORDS, GATE_WORDS, ALARM_WORDS):
        for code, (zh, en) in words.items():
            assert zh and en and ("{}" in zh) == ("{}" in en)
            assert worded(words, code, ("x", "x"))["zh"]
    assert worded(ALARM_WORDS, "new_code", ("agent", "agent")) == {"zh": "new_code: agent", "en": "new_code: agent"}


def test_every_act_has_its_phases_and_seats() -> None:
    assert set(RIGHTS) == set(Act)
    assert set(TRANSITIONS) == set(Phase)
    for over in (Phase.ENDED, Phase.REFUSED, Phase.HALTED, Phase.SEALED):
        assert TRANSITIONS[over] <= {Phase.SEALED, Phase.DESTROYED}
        for seat in ("agent", "customer", "supervisor"):
            assert acts_of(seat, over) == ()


def told(world: World, case: str) -> list[tuple[str, dict[str, str]]]:
    """Everything that the view says in words about something, and what it is about."""
    view = world.view(case)
    shown = [
        *view["gates"],
        *view["gate_checks"],
        *({**each, "about": each["track"]} for each in view["health"]["messages"]),
        *(block for step in view["steps"] for block in step["blocked_by"]),
    ]
    texts = [(each["about"], each[key]) for each in shown for key in ("text", "next") if key in each]
    return [(about, text) for about, text in texts if about]


def codes_in(rows: list[tuple[str, dict[str, str]]]) -> set[str]:
    """Codes that stand raw in a text: Chinese texts have no Latin words at all but names of recorders, English ones no code with a mark."""
    latin, marked = re.compile(r"[A-Za-z]{2,}"), re.compile(r"[a-z]+[_/:][a-z]+|-picture|-screen")
    return {text["zh"] for _, text in rows if latin.search(text["zh"])} | {
        text["en"] for _, text in rows if marked.search(text["en"])
    }


def test_nothing_that_keeps_a_session_from_starting_is_named_by_a_code(world: World) -> None:
    empty = world.create("empty")
    assert {gate["code"] for gate in world.view(empty)["gates"]} >= {"seat_empty", "consent_missing"}
    seated = world.seated("seated")
    world.using = replace(world.using, probes={"keys": fail, "ledger": fail})
    world.recorder.lost |= {"customer-picture", "agent"}
    world.recorder.failing = {"tap": "failed", "disk": "failed", "desk": "failed", "clock": "failed"}
    world.beat(seated)
    gates = {gate["about"]: gate["text"] for gate in world.view(seated)["gates"]}
    assert gates["customer-picture"] == {"zh": "没有收到音视频：客户的画面", "en": "No media arrives: the customer's picture"}
    assert gates["keys"]["zh"] == "系统检查未通过：密钥服务"
    rows = told(world, empty) + told(world, seated)
    assert len(rows) > 20 and codes_in(rows) == set()
    world.recorder.is_away = True
    world.beat(seated)
    assert codes_in(told(world, seated)) == set()


def test_nothing_that_blocks_a_step_or_is_wrong_with_a_track_is_named_by_a_code(world: World) -> None:
    case = world.live()
    start_step(case, "greeting", using=world.using, by=AGENT)
    world.recorder.lost |= {"customer-picture", "customer", "agent-picture"}
    world.rooms.is_away = True
    world.beat(case)
    lost = [each["text"]["en"] for each in world.view(case)["health"]["messages"] if each["track"] == "agent-picture"]
    assert lost == ["Nothing arrives from: the agent's picture"]
    assert codes_in(told(world, case)) == set()
    world.recorder.lost.clear()
    world.rooms.is_away = False
    world.beat(case, times=2)
    seen: set[str] = set()
    for step in [each["id"] for each in world.view(case)["steps"]]:
        start_step(case, step, using=world.using, by=AGENT)
        rows = told(world, case)
        assert codes_in(rows) == set()
        seen |= {block["code"] for each in world.view(case)["steps"] for block in each["blocked_by"]}
        world.do_step(case, step)
    assert seen >= {"document", "answer", "consent", "attestation", "order"}


def fail() -> None:
    raise UnavailableError("it is away")
