"""The counter sale as a small recogniser heard it: the clean one is all met, each sabotage is not met where it happened.

Real mishearings of faster-whisper-base are in the texts (tests/fakes/counter_sale.py); the plan is made by hand.
"""

from __future__ import annotations

import pytest

from jianlu.core.terms.verdicts import ClauseVerdict, Verdict
from jianlu.core.verdicts.clauses import judge, reasons_of, tally
from tests.fakes.conversation import Line, Session
from tests.fakes.counter_sale import ORDER, conversation, line, sale_events, sale_inspections, sale_plan, with_changes

PLAN = sale_plan()


def judged(session: Session) -> dict[str, ClauseVerdict]:
    return {v.clause: v for v in judge(PLAN, sale_events(session), sale_inspections(session, PLAN))}


def failing(session: Session, *verdicts: Verdict) -> dict[str, list[tuple[str, str]]]:
    """Clauses with these verdicts (not met, unless others are asked for), with code and what it is about."""
    wanted = verdicts or (Verdict.NOT_MET,)
    return {name: [(r.code, r.about) for r in v.reasons] for name, v in judged(session).items() if v.verdict in wanted}


def test_the_clean_sale_is_met_in_every_clause_with_its_evidence() -> None:
    session = conversation(*ORDER)
    verdicts = judged(session)
    assert tally(list(verdicts.values())) == {"met": len(PLAN.clauses), "not_met": 0, "not_evidenced": 0}
    a02, c02 = session.times[1], session.times[2]
    consent = verdicts["recording_consent"].evidence
    assert [(e.track, e.to_ms) for e in consent] == [("agent", a02[1]), ("customer", c02[1])]
    assert all(e.finding.startswith("phrases-") for e in verdicts["explain_payment"].evidence)


@pytest.mark.parametrize(
    "names",
    [
        with_changes(replaced={"c02": "xc02_alt", "c04": "xc04_alt"}),
        with_changes(replaced={"a08": "xa08_num", "a09": "xa09_num"}),
        with_changes(after={"a05": ["xa_toubao", "xa_smalltalk"]}),
        with_changes(after={"a10": ["xc_ask_baoben", "xa_not_baoben"]}),
        with_changes(after={"c04": ["xa_smalltalk"]}, replaced={"c04": line("c04", pause_ms=8000)}),
        with_changes(replaced={"c02": line("xc02_no")}, after={"c02": ["xa_smalltalk", "a02", "c02"]}),
        with_changes(replaced={"a06": Line("agent", "这不是银行存款,是保险产品,由和安人寿保险公司承保。")}),
        with_changes(
            replaced={"a09": Line("agent", "犹豫期十五天。")},
            after={"a09": [Line("agent", "犹豫期后退保会有损失。", pause_ms=2500)]},
        ),
    ],
    ids=["answers", "numerals", "small_talk", "denied_promise", "pauses", "asked_again", "turned_round", "breath"],
)
def test_a_harmless_variant_stays_met(names: list[str | Line]) -> None:
    assert failing(conversation(*names), Verdict.NOT_MET, Verdict.NOT_EVIDENCED) == {}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            with_changes(replaced={"a09": ""}),
            {"explain_cooling_off": [("missing_point", "cooling_off"), ("missing_point", "loss")]},
        ),
        (
            with_changes(replaced={"a09": "xc_reads_a09"}),
            {"explain_cooling_off": [("wrong_speaker", "cooling_off"), ("wrong_speaker", "loss")]},
        ),
        (
            with_changes(replaced={"a06": "xc_reads_a06"}),
            {"explain_kind": [("wrong_speaker", p) for p in ("is_insurance", "no_deposit", "insurer")]},
        ),
        (with_changes(replaced={"a09": ""}, after={"a12": ["a09"]}), {"understood": [("out_of_order", "explain_cooling_off")]}),
        (with_changes(replaced={"c02": ""}), {"recording_consent": [("no_answer", "ask_recording")]}),
        (with_changes(replaced={"c02": "xc02_no"}), {"recording_consent": [("refused", "ask_recording")]}),
        (with_changes(replaced={"c02": "xc02_later"}), {"recording_consent": [("refused", "ask_recording")]}),
        (with_changes(replaced={"c02": "xa02_byagent"}), {"recording_consent": [("wrong_speaker", "ask_recording")]}),
        (
            with_changes(replaced={"c02": "xc02_no"}, after={"c02": ["c02"]}),
            {"recording_consent": [("refused", "ask_recording")]},
        ),
        (with_changes(replaced={"c11": ""}), {"understood": [("no_answer", "ask_understood")]}),
        (with_changes(replaced={"c04": ""}), {"face_consent": [("no_answer", "ask_face")]}),
        (with_changes(replaced={"a02": ""}), {"recording_consent": [("missing_question", "ask_recording")]}),
        (["a01", "c02", "a02", *ORDER[3:]], {"recording_consent": [("before_question", "ask_recording")]}),
        (with_changes(after={"a10": ["xa_promise"]}), {"promises": [("forbidden", "p_safe"), ("forbidden", "p_yield")]}),
        (with_changes(after={"a10": ["xa_promise_spoken"]}), {"promises": [("forbidden", "p_no_loss")] * 2}),
        (with_changes(after={"a10": ["xc_ask_baoben", "xa_yes_short"]}), {"promises": [("forbidden", "p_safe")]}),
        (
            with_changes(replaced={"a10": Line("agent", "本产品是分红型保险,红利分配是确定的。")}),
            {"explain_dividends": [("negated", "uncertain")]},
        ),
        (
            with_changes(replaced={"a08": Line("agent", "每年缴保费一万元,缴费期间十五年,保险期间十年。")}),
            {"explain_payment": [("missing_point", "paying")]},
        ),
        (
            with_changes(replaced={"a09": Line("agent", "犹豫期5天,犹豫期后退保会有损失。")}),
            {"explain_cooling_off": [("missing_point", "cooling_off")]},
        ),
        (with_changes(replaced={"c04": Line("customer", "我不太同意。")}), {"face_consent": [("refused", "ask_face")]}),
        (with_changes(replaced={"c13": Line("customer", "不是自愿的。")}), {"purchase": [("refused", "ask_buy")]}),
        (with_changes(replaced={"c11": Line("customer", "听不太懂,嗯。")}), {"understood": [("refused", "ask_understood")]}),
    ],
)
def test_a_sabotage_of_the_conversation_is_found_in_its_clause(
    names: list[str | Line], expected: dict[str, list[tuple[str, str]]]
) -> None:
    session = conversation(*names)
    assert failing(session) == expected
    doubtful = failing(session, Verdict.NOT_EVIDENCED)
    assert {code for pairs in doubtful.values() for code, _ in pairs} <= {"precedent_missing"}


def test_a_consent_after_the_explanations_is_out_of_order() -> None:
    found = failing(conversation("a01", *ORDER[3:11], "a02", "c02", *ORDER[11:]))
    assert found["recording_consent"] == [("out_of_order", "explain_kind")]
    assert found["notice"] == [("out_of_order", "recording_consent")]


def test_a_missing_disclosure_is_located_between_its_neighbours() -> None:
    session = conversation(*with_changes(replaced={"a09": ""}))
    (place,) = {(r.from_ms, r.to_ms) for r in reasons_of(judged(session)["explain_cooling_off"])}
    a08, a10 = session.times[9], session.times[10]
    assert a08[0] < place[0] <= a08[1] < a10[0] <= place[1] < a10[1]


def test_a_refusal_is_located_where_it_was_spoken() -> None:
    session = conversation(*with_changes(replaced={"c02": "xc02_no"}))
    (reason,) = judged(session)["recording_consent"].reasons
    assert (reason.track, reason.from_ms, reason.to_ms) == ("customer", *session.times[2])


def test_a_promise_is_located_at_its_words() -> None:
    session = conversation(*with_changes(after={"a10": ["xa_promise"]}))
    start, end = session.times[12]
    assert all(r.track == "agent" and start <= r.from_ms < r.to_ms <= end for r in judged(session)["promises"].reasons)
