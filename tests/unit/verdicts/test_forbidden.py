"""`forbid_phrase`: said by the speaker, or affirmed when asked, it is not met; silence counts only where somebody listened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.terms.verdicts import ObligationVerdict, Verdict
from jianlu.core.verdicts.clauses import judge
from tests.fakes.conversation import Line, Session, absent, obligation, phrase, plan_of, recording, said

PHRASES = [phrase("safe", "保本", "保证本金", unless=["投保本"]), phrase("no_loss", "不会亏")]
PARAMS: dict[str, Any] = {
    "speakers": ["agent"],
    "phrases": ["safe", "no_loss"],
    "questions": ["safe", "no_loss"],
    "within_ms": 5000,
}
PLAN = plan_of([obligation("promises", "forbid_phrase", PARAMS)], PHRASES)
ASKED = ("customer", "这个产品保本吗")


def answer(session: Session) -> ObligationVerdict:
    return judge(PLAN, recording(session.duration_ms), session.inspections(PLAN))[0].obligations[0]


def test_a_promise_is_forbidden_where_it_was_said() -> None:
    session = said(("agent", "这个产品保本"))
    (reason,) = answer(session).reasons
    assert (reason.code, reason.about, reason.track, reason.to_ms) == ("forbidden", "safe", "agent", session.times[0][1])


@pytest.mark.parametrize(
    "lines",
    [
        [("agent", "您投保本产品之前")],
        [("agent", "这个产品不保本")],
        [("customer", "我要保本的")],
        [ASKED],
        [ASKED, ("agent", "不保本")],
        [ASKED, ("agent", "对，这个产品不保本")],
        [ASKED, ("agent", "不是的，收益不确定")],
        [ASKED, ("agent", "对不起我听不清")],
        [ASKED, ("agent", "是吗")],
        [ASKED, ("agent", "这个要看合同的具体内容，好的")],
        [("customer", "不保本吧"), ("agent", "对")],
        [ASKED, ("customer", "对")],
    ],
)
def test_what_is_no_promise_is_met(lines: list[tuple[str, str]]) -> None:
    found = answer(said(*lines))
    assert (found.verdict, found.reasons) == (Verdict.MET, ())
    assert [(e.track, e.from_ms) for e in found.evidence] == [("agent", 0)]


@pytest.mark.parametrize("text", ["对", "是的", "没错", "嗯，对", "当然", "可以的", "您放心", "是的，没问题", "那当然，肯定的"])
def test_affirming_the_question_is_as_forbidden_as_the_promise(text: str) -> None:
    session = said(ASKED, ("agent", text))
    found = answer(session)
    assert (found.verdict, {r.code for r in found.reasons}) == (Verdict.NOT_MET, {"forbidden"})
    assert {e.track for e in found.evidence} == {"customer", "agent"}
    assert min(r.from_ms for r in found.reasons) >= session.times[1][0]


def test_a_bare_no_affirms_a_question_that_denies() -> None:
    assert answer(said(("customer", "不会亏吧"), ("agent", "不会"))).verdict is Verdict.NOT_MET
    assert answer(said(ASKED, ("agent", "不会"))).verdict is Verdict.MET


@pytest.mark.parametrize(("pause_ms", "verdict"), [(4999, Verdict.NOT_MET), (5000, Verdict.MET)])
def test_an_affirmation_counts_within_the_time_given(pause_ms: int, verdict: Verdict) -> None:
    assert answer(said(("customer", "保本"), Line("agent", "对", pause_ms=pause_ms))).verdict is verdict


def test_without_engines_the_absence_of_promises_is_not_evidenced() -> None:
    session = said(("agent", "您好"))
    speech, phrases = session.inspections(PLAN)
    for inspections in ((absent(speech), phrases), (speech, absent(phrases)), ()):
        (found,) = judge(PLAN, recording(session.duration_ms), inspections)
        assert (found.verdict, {r.code for r in found.reasons}) == (Verdict.NOT_EVIDENCED, {"engine_absent"})


def test_partial_listening_proves_a_promise_and_never_its_absence() -> None:
    for text, verdict in (("这个保本", Verdict.NOT_MET), ("您好啊", Verdict.NOT_EVIDENCED)):
        session = said(("agent", text), tail_ms=20_000)
        half = tuple(
            replace(i, covered=tuple(replace(c, to_ms=c.to_ms // 2) for c in i.covered)) for i in session.inspections(PLAN)
        )
        assert judge(PLAN, recording(session.duration_ms), half)[0].verdict is verdict


def test_questions_need_the_asking_party_to_have_been_listened_to() -> None:
    session = said(("agent", "您好"))
    agent_only = tuple(replace(i, covered=i.covered[:1]) for i in session.inspections(PLAN))
    assert judge(PLAN, recording(session.duration_ms), agent_only)[0].verdict is Verdict.NOT_EVIDENCED
    plain = plan_of([obligation("promises", "forbid_phrase", {**PARAMS, "questions": []})], PHRASES)
    assert judge(plain, recording(session.duration_ms), (agent_only[0], replace(agent_only[1])))[0].verdict is Verdict.MET


@pytest.mark.parametrize(
    "change", [{"speakers": []}, {"phrases": ["nowhere"]}, {"questions": ["nowhere"]}, {"within_ms": -1}, {"loudly": 1}]
)
def test_a_malformed_prohibition_is_refused(change: dict[str, Any]) -> None:
    wrong = plan_of([obligation("promises", "forbid_phrase", {**PARAMS, **change})], PHRASES)
    with pytest.raises(InvalidError):
        judge(wrong, (), ())


def test_a_finding_about_no_phrase_at_all_breaks_nothing() -> None:
    plan = plan_of(
        [obligation("promises", "forbid_phrase", {**PARAMS, "phrases": ["5"], "questions": ["5"]})], [phrase("5", "保本")]
    )
    session = said(ASKED, ("agent", "不会"))
    speech, phrases = session.inspections(plan)
    strange = tuple(replace(f, value={**f.value, "phrase": 5}) for f in phrases.findings)
    (found,) = judge(plan, recording(session.duration_ms), (speech, replace(phrases, findings=strange)))
    assert found.verdict is Verdict.MET
