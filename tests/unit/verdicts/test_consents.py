"""`require_consent`: asked by one, agreed to by the other, in time and unrefused; silence is not consent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation, Track
from jianlu.core.terms.verdicts import ObligationVerdict, Verdict
from jianlu.core.verdicts.clauses import judge
from jianlu.core.verdicts.reasons import reason_text
from tests.fakes.conversation import TOKEN_MS, Line, Session, absent, obligation, phrase, plan_of, recording, said

PHRASES = [
    phrase("ask", "请问您是否同意录音录像"),
    phrase("ask_face", "请问您是否同意采集人脸"),
    phrase("yes_recording", "同意录音录像"),
    phrase("kind", "是保险产品"),
    phrase("ask_signed", "请问您签字了吗"),
    phrase("signed", "已经签字"),
]
ASK, ASK_FACE = ("agent", "请问您是否同意录音录像"), ("agent", "请问您是否同意采集人脸")


def consent(name: str = "consent", question: str = "ask", **more: Any) -> Obligation:
    params = {"step": name, "question": question, "asker": "agent", "answerer": "customer", "within_ms": 5000, **more}
    return obligation(name, "require_consent", params)


def answer(session: Session, *obligations: Obligation, of: int = 0) -> ObligationVerdict:
    plan = plan_of(obligations or (consent(),), PHRASES)
    return judge(plan, recording(session.duration_ms), session.inspections(plan))[of].obligations[0]


def codes(*lines: Line | tuple[str, str], obligations: tuple[Obligation, ...] = ()) -> list[str]:
    return [reason.code for reason in answer(said(*lines), *obligations).reasons]


def test_question_and_agreement_are_met_and_shown() -> None:
    session = said(ASK, ("customer", "好的，我同意"))
    found = answer(session)
    assert found.verdict is Verdict.MET
    assert [e.track for e in found.evidence] == ["agent", "customer"]
    assert found.evidence[0].from_ms == session.times[0][0]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([("agent", "您好")], "missing_question"),
        ([("customer", "我同意")], "missing_question"),
        ([ASK], "no_answer"),
        ([ASK, ("customer", "今天天气真好")], "no_answer"),
        ([ASK, ("customer", "同意什么，同意吗")], "no_answer"),
        ([ASK, ("customer", "我不同意")], "refused"),
        ([ASK, ("customer", "我同意"), ("customer", "不，我再考虑一下")], "refused"),
        ([ASK, ("customer", "不同意"), ("customer", "好的")], "refused"),
        ([ASK, ("agent", "我同意")], "wrong_speaker"),
        ([("customer", "请问您是否同意录音录像"), ("customer", "我同意")], "wrong_speaker"),
        ([("customer", "我同意"), ASK], "before_question"),
    ],
)
def test_each_way_to_lack_consent_has_its_reason(lines: list[tuple[str, str]], code: str) -> None:
    found = answer(said(*lines))
    assert (found.verdict, [reason.code for reason in found.reasons]) == (Verdict.NOT_MET, [code])


@pytest.mark.parametrize(("late_ms", "expected"), [(4999, []), (5000, ["no_answer"])])
def test_an_answer_counts_within_the_time_allowed(late_ms: int, expected: list[str]) -> None:
    assert codes(ASK, Line("customer", "我同意", pause_ms=late_ms)) == expected


@pytest.mark.parametrize(("early_ms", "expected"), [(500, []), (501, ["before_question"])])
def test_an_answer_may_interrupt_the_end_of_the_question(early_ms: int, expected: list[str]) -> None:
    end = 500 + 11 * TOKEN_MS
    assert codes(ASK, Line("customer", "我同意", at_ms=end - early_ms)) == expected


def test_an_answer_to_the_next_question_does_not_serve_the_one_before() -> None:
    both = (consent(), consent("face", "ask_face"))
    session = said(ASK, ASK_FACE, ("customer", "我同意"))
    assert [r.code for r in answer(session, *both, of=0).reasons] == ["no_answer"]
    assert answer(session, *both, of=1).verdict is Verdict.MET


@pytest.mark.parametrize(("words", "expected"), [("一" * 15, []), ("一" * 16, ["no_answer"])])
def test_an_answer_to_what_the_asker_said_next_is_none_to_the_question(words: str, expected: list[str]) -> None:
    assert codes(ASK, Line("agent", words, pause_ms=0), ("customer", "好的")) == expected


def test_an_answer_to_another_question_is_no_early_answer_to_this_one() -> None:
    both = (consent(), consent("face", "ask_face"))
    session = said(ASK, ("customer", "我同意"), Line(*ASK_FACE, pause_ms=8000))
    assert [r.code for r in answer(session, *both, of=1).reasons] == ["no_answer"]


def test_a_question_asked_again_may_turn_a_refusal_into_consent_and_consent_into_refusal() -> None:
    assert codes(ASK, ("customer", "我不同意"), ASK, ("customer", "我同意")) == []
    assert codes(ASK, ("customer", "我同意"), ASK, ("customer", "我不同意")) == ["refused"]


def test_a_similar_question_belongs_to_the_consent_that_it_matches_best() -> None:
    both = (consent(), consent("face", "ask_face"))
    session = said(ASK, ("customer", "我不同意"), ASK_FACE, ("customer", "我同意"))
    assert [r.code for r in answer(session, *both).reasons] == ["refused"]


def test_named_answers_are_the_only_ones_that_count() -> None:
    named = (consent(answers=["yes_recording"]),)
    assert codes(ASK, ("customer", "好的"), obligations=named) == ["no_answer"]
    assert codes(ASK, ("customer", "我同意录音录像"), obligations=named) == []
    assert codes(ASK, ("customer", "我不同意录音录像"), obligations=named) == ["refused"]
    assert codes(ASK, ("agent", "同意录音录像"), obligations=named) == ["wrong_speaker"]


def test_a_named_answer_that_sounds_like_a_refusal_is_no_refusal() -> None:
    declining = phrase("declining", "我不需要附加险")
    ask = phrase("ask_rider", "您需要附加险吗")
    plan = plan_of([consent(question="ask_rider", answers=["declining"])], [declining, ask])
    session = said(("agent", "您需要附加险吗"), ("customer", "我不需要附加险"))
    (found,) = judge(plan, recording(session.duration_ms), session.inspections(plan))
    assert found.verdict is Verdict.MET


def test_a_question_before_what_it_presupposes_is_out_of_order() -> None:
    explained = obligation("kind", "require_step", {"step": "kind", "speaker": "agent", "points": ["kind"]})
    late = consent(after=["kind"])
    session = said(ASK, ("customer", "我同意"), ("agent", "这是保险产品"))
    found = answer(session, late, explained)
    assert [(r.code, r.about, r.from_ms) for r in found.reasons] == [("out_of_order", "kind", session.times[0][0])]
    again = said(ASK, ("customer", "我同意"), ("agent", "这是保险产品"), ASK, ("customer", "同意"))
    assert answer(again, late, explained).evidence[0].from_ms == again.times[3][0]


def test_consent_behind_what_never_came_is_not_evidenced() -> None:
    explained = obligation("kind", "require_step", {"step": "kind", "speaker": "agent", "points": ["kind"]})
    found = answer(said(ASK, ("customer", "我同意")), consent(after=["kind"]), explained)
    assert (found.verdict, [(r.code, r.about) for r in found.reasons]) == (Verdict.NOT_EVIDENCED, [("precedent_missing", "kind")])


def test_consent_after_what_it_must_precede_is_out_of_order() -> None:
    explained = obligation("kind", "require_step", {"step": "kind", "speaker": "agent", "points": ["kind"]})
    early = consent(before=["kind"])
    assert answer(said(ASK, ("customer", "我同意"), ("agent", "这是保险产品")), early, explained).verdict is Verdict.MET
    found = answer(said(("agent", "这是保险产品"), ASK, ("customer", "我同意")), early, explained)
    assert [(r.code, r.about) for r in found.reasons] == [("out_of_order", "kind")]


@pytest.mark.parametrize("which", [0, 1])
def test_without_speech_or_phrases_consent_is_not_evidenced(which: int) -> None:
    session = said(ASK, ("customer", "我同意"))
    plan = plan_of([consent()], PHRASES)
    inspections = list(session.inspections(plan))
    inspections[which] = absent(inspections[which])
    (found,) = judge(plan, recording(session.duration_ms), inspections)
    assert (found.verdict, {r.code for r in found.reasons}) == (Verdict.NOT_EVIDENCED, {"engine_absent"})


def test_an_inspection_that_was_not_consented_to_is_not_called_a_missing_engine() -> None:
    session = said(ASK, ("customer", "我同意"))
    plan = plan_of([consent()], PHRASES)
    inspections = tuple(replace(absent(each), reason="consent_refused") for each in session.inspections(plan))
    (found,) = judge(plan, recording(session.duration_ms), inspections)
    assert (found.verdict, {r.code for r in found.reasons}) == (Verdict.NOT_EVIDENCED, {"consent_withheld"})
    assert "未同意" in reason_text(found.reasons[0], "zh")


def test_a_customer_who_was_not_listened_to_consents_to_nothing() -> None:
    session = said(ASK, ("customer", "我同意"))
    plan = plan_of([consent()], PHRASES)
    agent_only = tuple(replace(i, covered=i.covered[:1]) for i in session.inspections(plan))
    (found,) = judge(plan, recording(session.duration_ms), agent_only)
    assert (found.verdict, {r.track for r in found.reasons}) == (Verdict.NOT_EVIDENCED, {"customer"})


def test_a_plan_for_separate_tracks_evidences_nothing_on_a_mixed_one() -> None:
    session = said(("mixed", ASK[1]), ("mixed", "我同意"))
    plan = replace(plan_of([consent()], PHRASES), tracks=(Track("picture", "video", 0), Track("mixed", "audio", 0)))
    (found,) = judge(plan, recording(session.duration_ms), session.inspections(plan))
    assert (found.verdict, {r.code for r in found.reasons}) == (Verdict.NOT_EVIDENCED, {"not_covered"})


@pytest.mark.parametrize(
    "change", [{"question": "nowhere"}, {"within_ms": 0}, {"answers": ["nowhere"]}, {"asker": None}, {"patience": 1}]
)
def test_a_malformed_consent_of_a_plan_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        answer(said(ASK), replace(consent(), params={**consent().params, **change}))
