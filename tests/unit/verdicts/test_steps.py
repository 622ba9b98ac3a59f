"""`require_step`: heard from the right speaker, un-negated, in order; each way to fail has its own reason and place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Coverage, Inspection, Status
from jianlu.core.terms.verdicts import ObligationVerdict, Verdict
from jianlu.core.verdicts.clauses import judge
from tests.fakes.conversation import Line, Session, absent, obligation, phrase, plan_of, recording, said

PHRASES = [
    phrase("days", "犹豫期十五天"),
    phrase("loss", "退保会有损失"),
    phrase("kind", "是保险产品"),
    phrase("unsure", "收益是不确定的"),
]


def step(name: str, points: list[str], **more: Any) -> Obligation:
    return obligation(name, "require_step", {"step": name, "speaker": "agent", "points": points, **more})


def answer(
    session: Session, *obligations: Obligation, of: int = 0, inspections: tuple[Inspection, ...] | None = None
) -> ObligationVerdict:
    plan = plan_of(obligations, PHRASES)
    verdicts = judge(plan, recording(session.duration_ms), session.inspections(plan) if inspections is None else inspections)
    return verdicts[of].obligations[0]


def codes(found: ObligationVerdict) -> list[str]:
    return [reason.code for reason in found.reasons]


COOLING = step("cooling_off", ["days", "loss"])


def test_all_points_in_any_order_are_met_with_their_places() -> None:
    session = said(("agent", "退保会有损失"), ("agent", "犹豫期15天"))
    found = answer(session, COOLING)
    assert found.verdict is Verdict.MET
    assert [(e.from_ms, e.to_ms) for e in found.evidence] == list(session.times)


def test_a_point_nobody_said_is_missing_and_located_in_the_whole_session() -> None:
    session = said(("agent", "您好"))
    found = answer(session, COOLING)
    assert (found.verdict, codes(found)) == (Verdict.NOT_MET, ["missing_point", "missing_point"])
    assert {(r.from_ms, r.to_ms) for r in found.reasons} == {(0, session.duration_ms)}


def test_a_missing_point_is_located_between_the_points_around_it() -> None:
    session = said(("agent", "这是保险产品"), ("agent", "您好"), ("agent", "收益是不确定的"))
    found = answer(session, step("a", ["kind"]), step("b", ["days"]), step("c", ["unsure"]), of=1)
    (reason,) = found.reasons
    assert (reason.code, reason.about, reason.from_ms, reason.to_ms) == (
        "missing_point",
        "days",
        session.times[0][1],
        session.times[2][0],
    )


def test_a_point_said_by_the_other_party_is_the_wrong_speakers() -> None:
    session = said(("customer", "犹豫期15天"), ("agent", "退保会有损失"))
    found = answer(session, COOLING)
    (reason,) = found.reasons
    assert (reason.code, reason.track, (reason.from_ms, reason.to_ms)) == ("wrong_speaker", "customer", session.times[0])


def test_a_point_of_which_the_opposite_was_said_is_negated() -> None:
    session = said(("agent", "收益是确定的"))
    found = answer(session, step("unsure", ["unsure"]))
    assert (found.verdict, codes(found)) == (Verdict.NOT_MET, ["negated"])
    assert found.evidence[0].track == "agent"


def test_a_point_said_again_correctly_after_a_slip_is_met() -> None:
    assert answer(said(("agent", "收益是确定的"), ("agent", "收益是不确定的")), step("unsure", ["unsure"])).verdict is Verdict.MET


FIRST, SECOND = step("first", ["kind"]), step("second", ["days"], after=["first"])


def test_a_step_before_the_one_it_comes_after_is_out_of_order() -> None:
    session = said(("agent", "犹豫期15天"), Line("agent", "这是保险产品", pause_ms=2000))
    found = answer(session, FIRST, SECOND, of=1)
    (reason,) = found.reasons
    assert (reason.code, reason.about, reason.from_ms) == ("out_of_order", "first", session.times[0][0])


def test_a_step_said_again_after_the_one_it_comes_after_is_met() -> None:
    session = said(("agent", "犹豫期15天"), ("agent", "这是保险产品"), ("agent", "犹豫期15天"))
    assert answer(session, FIRST, SECOND, of=1).verdict is Verdict.MET


@pytest.mark.parametrize(("early_ms", "verdict"), [(500, Verdict.MET), (501, Verdict.NOT_MET)])
def test_order_is_judged_to_half_a_second(early_ms: int, verdict: Verdict) -> None:
    other = replace(SECOND, params={**SECOND.params, "speaker": "customer"})
    session = said(Line("agent", "是保险产品", at_ms=1000), Line("customer", "犹豫期15天", at_ms=2000 - early_ms))
    assert answer(session, FIRST, other, of=1).verdict is verdict


def test_behind_a_step_that_never_came_no_order_is_evidenced() -> None:
    found = answer(said(("agent", "犹豫期15天")), FIRST, SECOND, of=1)
    assert (found.verdict, [(r.code, r.about) for r in found.reasons]) == (
        Verdict.NOT_EVIDENCED,
        [("precedent_missing", "first")],
    )


def test_a_step_that_must_precede_another_is_out_of_order_behind_it() -> None:
    early = step("early", ["days"], before=["late"])
    late = step("late", ["kind"])
    assert answer(said(("agent", "犹豫期15天"), ("agent", "这是保险产品")), early, late).verdict is Verdict.MET
    found = answer(said(("agent", "这是保险产品"), Line("agent", "犹豫期15天", pause_ms=2000)), early, late)
    assert [(r.code, r.about) for r in found.reasons] == [("out_of_order", "late")]


@pytest.mark.parametrize(("pause_ms", "expected"), [(1600, []), (1601, ["scattered"])])
def test_points_must_lie_within_the_span_asked(pause_ms: int, expected: list[str]) -> None:
    session = said(("agent", "犹豫期15天"), Line("agent", "退保会有损失", pause_ms=pause_ms))
    close = step("close", ["days", "loss"], within_ms=4000)
    assert codes(answer(session, close)) == expected


def test_points_close_together_on_the_second_try_are_met() -> None:
    close = step("close", ["days", "loss"], within_ms=4000)
    session = said(("agent", "犹豫期15天"), Line("agent", "犹豫期15天", pause_ms=9000), ("agent", "退保会有损失"))
    assert answer(session, close).evidence[0].from_ms == session.times[1][0]


@pytest.mark.parametrize("which", [0, 1])
def test_without_speech_or_phrases_nothing_is_evidenced(which: int) -> None:
    session = said(("agent", "退保会有损失"), ("agent", "犹豫期15天"))
    inspections = list(session.inspections(plan_of([COOLING], PHRASES)))
    inspections[which] = absent(inspections[which])
    found = answer(session, COOLING, inspections=tuple(inspections))
    assert (found.verdict, codes(found)) == (Verdict.NOT_EVIDENCED, ["engine_absent"])


def test_a_failed_engine_is_named_as_failed() -> None:
    session = said(("agent", "犹豫期15天"))
    speech, phrases = session.inspections(plan_of([COOLING], PHRASES))
    found = answer(session, COOLING, inspections=(replace(speech, status=Status.FAILED), phrases))
    assert [(r.code, r.about) for r in found.reasons] == [("engine_failed", "speech")]


@pytest.mark.parametrize(("missing_ms", "verdict"), [(100, Verdict.MET), (101, Verdict.NOT_EVIDENCED)])
def test_listening_to_less_than_99_percent_of_the_track_evidences_nothing(missing_ms: int, verdict: Verdict) -> None:
    session = said(("agent", "退保会有损失"), ("agent", "犹豫期15天"), tail_ms=6600)
    assert session.duration_ms == 10_000
    covered = (Coverage("agent", 0, 4000), Coverage("agent", 4000, 10_000 - missing_ms))
    inspections = tuple(replace(i, covered=covered) for i in session.inspections(plan_of([COOLING], PHRASES)))
    found = answer(session, COOLING, inspections=inspections)
    assert found.verdict is verdict
    assert {(r.code, r.from_ms, r.to_ms) for r in found.reasons} <= {("not_covered", 10_000 - missing_ms, 10_000)}


def test_without_an_orderly_end_nothing_is_evidenced() -> None:
    session = said(("agent", "退保会有损失"), ("agent", "犹豫期15天"))
    plan = plan_of([COOLING], PHRASES)
    (verdict,) = judge(plan, recording(session.duration_ms)[:-1], session.inspections(plan))
    assert (verdict.verdict, [r.code for r in verdict.reasons]) == (Verdict.NOT_EVIDENCED, ["not_ended"])


def test_a_hit_below_its_threshold_is_none_and_at_the_threshold_is_one() -> None:
    session = said(("agent", "犹豫期15天"))
    plan = plan_of([step("days", ["days"])], PHRASES)
    speech, phrases = session.inspections(plan)
    for score, verdict in ((800, Verdict.MET), (799, Verdict.NOT_MET)):
        hit = replace(phrases.findings[0], score=score)
        (found,) = judge(plan, recording(session.duration_ms), (speech, replace(phrases, findings=(hit,))))
        assert found.verdict is verdict


def test_two_documents_of_one_inspector_count_as_none() -> None:
    session = said(("agent", "退保会有损失"), ("agent", "犹豫期15天"))
    speech, phrases = session.inspections(plan_of([COOLING], PHRASES))
    assert answer(session, COOLING, inspections=(speech, phrases, phrases)).verdict is Verdict.NOT_EVIDENCED


@pytest.mark.parametrize(
    "change",
    [
        {"points": []},
        {"points": ["nowhere"]},
        {"points": ["days", "days"]},
        {"points": "days"},
        {"speaker": ""},
        {"speaker": 1},
        {"within_ms": 0},
        {"within_ms": True},
        {"after": ["nowhere"]},
        {"after": "first"},
        {"after": ["cooling_off"]},
        {"unknown": 1},
        {"step": None},
    ],
)
def test_a_malformed_step_of_a_plan_is_refused(change: dict[str, Any]) -> None:
    session = said(("agent", "您好"))
    wrong = replace(COOLING, params={**COOLING.params, **change})
    with pytest.raises(InvalidError):
        answer(session, wrong)


def test_steps_that_wait_for_each_other_are_refused() -> None:
    with pytest.raises(InvalidError, match="wait for each other"):
        answer(said(("agent", "您好")), step("a", ["kind"], after=["b"]), step("b", ["days"], after=["a"]))


def test_a_plan_without_steps_is_judged_too() -> None:
    assert judge(plan_of(), (), ()) == ()
