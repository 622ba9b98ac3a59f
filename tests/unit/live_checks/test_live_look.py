"""A stretch of a talk against its step: what was said, refused, denied, put into the wrong mouth, or not heard because nobody listened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from jianlu.capture.sessions.checks import CheckState, Demand, Found, demands_of
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Sentence, Step
from jianlu.core.terms.findings import Coverage, Inspection, Status
from jianlu.judge.live_look import Stretch, look_at
from tests.fakes.conversation import Line, Session, absent, obligation, phrase, plan_of, said

MET, NOT_MET, UNKNOWN = CheckState.MET, CheckState.NOT_MET, CheckState.UNKNOWN
WHOLE = Stretch(600_000, 0, is_whole=True)


def sale(questions: Sequence[str] = ()) -> Plan:
    """Two spoken points, a question, forbidden words; the order of steps must not matter to a stretch."""
    step = {"step": "risk", "speaker": "agent", "points": ["insurance", "loss"], "after": ["consent"], "before": []}
    consent = {"step": "consent", "question": "ask", "asker": "agent", "answerer": "customer", "within_ms": 12_000}
    later = {"step": "later", "question": "ask_buy", "asker": "agent", "answerer": "customer", "within_ms": 12_000}
    promises = {"speakers": ["agent"], "phrases": ["safe"], "questions": list(questions), "within_ms": 6_000}
    return plan_of(
        [
            obligation("risk", "require_step", step),
            obligation("consent", "require_consent", {**consent, "answers": [], "after": [], "before": ["risk"]}),
            obligation("buy", "require_consent", {**later, "answers": [], "after": ["consent"], "before": []}),
            obligation("promises", "forbid_phrase", promises),
        ],
        [
            phrase("insurance", "是保险产品"),
            phrase("loss", "犹豫期后退保会有损失"),
            phrase("ask", "录音录像请问您是否同意"),
            phrase("ask_buy", "请问您是否自愿购买"),
            phrase("safe", "保本"),
            phrase("sure", "会亏吗"),
        ],
    )


def step_covering(*codes: str) -> Step:
    both = {"zh": "步骤", "en": "step"}
    return Step("s", both, "say", "agent", (Sentence(both, None),), both, 0, (), (), (), (), codes, None)


def seen(
    session: Session, *codes: str, stretch: Stretch = WHOLE, speech: Inspection | None = None, plan: Plan | None = None
) -> dict[str, Found]:
    """What the stretch shows of a step that covers `codes`, by the demand's kind and what it is about."""
    plan = plan or sale()
    demands = demands_of(plan, step_covering(*codes))
    inspections = session.inspections(plan) if speech is None else (speech, *session.inspections(plan)[1:])
    stretch = replace(stretch, length_ms=session.duration_ms)
    return {found.key: found for found in look_at(plan, demands, inspections, stretch)}


AVOIDED = "avoided:agent:promises"
ANSWER = "answered:customer:ask"
INSURANCE, LOSS = "said:agent:insurance", "said:agent:loss"
QUESTION = "本次销售过程需要全程录音录像请问您是否同意"


def test_the_demands_of_a_step_are_those_of_what_it_covers_each_once() -> None:
    plan = sale()
    twice = replace(plan, obligations=(*plan.obligations, replace(plan.obligations[1], id="consent-2")))
    demands = demands_of(twice, step_covering("consent"))
    assert [demand.key for demand in demands] == [ANSWER, AVOIDED]
    assert demands[0].obligations == ("consent", "consent-2")
    assert demands_of(plan, step_covering()) == (Demand("avoided", "agent", "promises", ("promises",)),)


def test_a_step_that_was_said_is_met_with_its_second_in_the_session() -> None:
    found = seen(said(("agent", "您购买的是保险产品"), ("agent", "犹豫期后退保会有损失")), "risk")
    assert [found[key].state for key in (INSURANCE, LOSS, AVOIDED)] == [MET, MET, MET]
    assert 600_000 < found[INSURANCE].from_ms < found[INSURANCE].to_ms <= found[LOSS].from_ms


def test_a_sentence_that_was_left_out_is_not_met_and_the_others_are() -> None:
    found = seen(said(("agent", "您购买的是保险产品")), "risk")
    assert (found[INSURANCE].state, found[LOSS].state, found[LOSS].reason) == (MET, NOT_MET, "missing_point")


def test_the_opposite_is_not_what_is_demanded() -> None:
    found = seen(said(("agent", "您购买的不是保险产品"), ("agent", "犹豫期后退保会有损失")), "risk")
    assert (found[INSURANCE].state, found[INSURANCE].reason) == (NOT_MET, "negated")


def test_what_the_customer_reads_out_the_agent_has_not_said() -> None:
    found = seen(said(("agent", "您购买的是保险产品"), ("customer", "犹豫期后退保会有损失")), "risk")
    assert (found[LOSS].state, found[LOSS].reason) == (NOT_MET, "wrong_speaker")


def test_agreement_by_the_customer_is_met_where_the_customer_gave_it() -> None:
    found = seen(said(("agent", QUESTION), ("customer", "我同意")), "consent")
    assert found[ANSWER].state is MET
    assert found[ANSWER].from_ms > 600_000 + 200 * len(QUESTION)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(("customer", "我不同意"), "refused"), (("agent", "我同意"), "wrong_speaker"), (("customer", "今天天气不错"), "no_answer")],
    ids=["a no", "the agent for the customer", "something else"],
)
def test_nothing_but_the_customers_yes_is_an_agreement(answer: tuple[str, str], reason: str) -> None:
    found = seen(said(("agent", QUESTION), answer), "consent")
    assert (found[ANSWER].state, found[ANSWER].reason) == (NOT_MET, reason)


def test_silence_is_not_met_and_a_question_never_asked_neither() -> None:
    assert seen(said(("agent", QUESTION), tail_ms=13_000), "consent")[ANSWER].reason == "no_answer"
    assert seen(said(("customer", "我同意")), "consent")[ANSWER].reason == "missing_question"


def test_another_steps_question_is_not_this_steps() -> None:
    found = seen(said(("agent", "请问您是否自愿购买"), ("customer", "我自愿购买")), "consent")
    assert (found[ANSWER].state, found[ANSWER].reason) == (NOT_MET, "missing_question")


def test_before_a_step_is_over_nothing_is_missing_but_what_was_heard_counts() -> None:
    running = replace(WHOLE, is_whole=False)
    found = seen(said(("agent", "您购买的是保险产品")), "risk", stretch=running)
    assert (found[INSURANCE].state, found[LOSS].state, found[LOSS].reason) == (MET, UNKNOWN, "not_yet")
    assert (found[AVOIDED].state, found[AVOIDED].reason) == (UNKNOWN, "not_yet")
    assert seen(said(("agent", QUESTION), ("customer", "我不同意")), "consent", stretch=running)[ANSWER].state is NOT_MET


def test_forbidden_words_are_not_met_in_whichever_step_they_fall() -> None:
    found = seen(said(Line("agent", "这个产品保本")), stretch=replace(WHOLE, is_whole=False))
    assert (found[AVOIDED].state, found[AVOIDED].reason) == (NOT_MET, "forbidden")


def _with_hole(session: Session, track: str, hole_ms: int) -> Inspection:
    covered = [each for each in session.speech.covered if each.track != track]
    end = session.duration_ms
    return replace(session.speech, covered=(*covered, Coverage(track, 0, end - hole_ms - 100), Coverage(track, end - 100, end)))


def test_what_nobody_could_listen_to_is_unknown_never_missing() -> None:
    session = said(("agent", QUESTION), tail_ms=5_000)
    assert seen(session, "consent", speech=_with_hole(session, "customer", 600))[ANSWER].reason == "not_covered"
    assert seen(session, "consent", speech=_with_hole(session, "customer", 400))[ANSWER].reason == "no_answer"
    deaf = replace(session.speech, covered=tuple(each for each in session.speech.covered if each.track == "agent"))
    assert seen(session, "consent", speech=deaf)[ANSWER].state is UNKNOWN


@pytest.mark.parametrize(
    ("lines", "key", "whose"),
    [
        ((("agent", "您购买的不是保险产品"),), INSURANCE, "agent"),
        ((("customer", "犹豫期后退保会有损失"), ("agent", "您购买的是保险产品")), LOSS, "agent"),
        ((("agent", QUESTION), ("customer", "我不同意")), ANSWER, "customer"),
        ((("agent", QUESTION), ("agent", "我同意")), ANSWER, "customer"),
        ((("customer", QUESTION), ("customer", "我同意")), ANSWER, "agent"),
    ],
    ids=["the opposite", "said by another", "a no", "answered by another", "asked by another"],
)
def test_what_a_hole_could_undo_is_unknown(lines: tuple[tuple[str, str], ...], key: str, whose: str) -> None:
    session = said(*lines, tail_ms=5_000)
    assert seen(session, "risk", "consent")[key].state is NOT_MET
    holed = seen(session, "risk", "consent", speech=_with_hole(session, whose, 2_000))[key]
    assert (holed.state, holed.reason) == (UNKNOWN, "not_covered")


def test_an_agreement_is_unknown_over_a_hole_in_which_it_may_have_been_taken_back() -> None:
    session = said(("agent", QUESTION), ("customer", "我同意"), tail_ms=5_000)
    assert seen(session, "consent")[ANSWER].state is MET
    assert seen(session, "consent", speech=_with_hole(session, "customer", 2_000))[ANSWER].reason == "not_covered"


def test_forbidden_words_stay_said_in_spite_of_a_hole() -> None:
    session = said(("agent", "这个产品保本"), tail_ms=5_000)
    assert seen(session, speech=_with_hole(session, "agent", 2_000))[AVOIDED].state is NOT_MET


def test_a_promise_may_be_an_answer_to_what_nobody_listened_to() -> None:
    session = said(("agent", "您购买的是保险产品"), tail_ms=5_000)
    unheard = _with_hole(session, "customer", 2_000)
    assert seen(session, speech=unheard)[AVOIDED].state is MET
    asked = seen(session, speech=unheard, plan=sale(questions=["sure"]))[AVOIDED]
    assert (asked.state, asked.reason) == (UNKNOWN, "not_covered")


def test_what_was_heard_counts_in_spite_of_a_hole() -> None:
    session = said(("agent", "您购买的是保险产品"), tail_ms=5_000)
    found = seen(session, "risk", speech=_with_hole(session, "agent", 2_000))
    assert (found[INSURANCE].state, found[LOSS].state, found[AVOIDED].state) == (MET, UNKNOWN, UNKNOWN)


def test_without_speech_recognition_everything_is_unknown() -> None:
    session = said(("agent", "您购买的是保险产品"))
    found = seen(session, "risk", speech=absent(session.speech))
    assert {each.state for each in found.values()} == {UNKNOWN}
    failed = replace(session.speech, status=Status.FAILED, reason="engine_failed:RuntimeError", covered=(), findings=())
    assert {each.reason for each in seen(session, "risk", speech=failed).values()} == {"engine_failed"}
