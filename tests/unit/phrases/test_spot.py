"""Phrases are found as people say them and recognisers write them, and never where something else was said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.findings import findings_bytes, parse_findings
from jianlu.core.formats.plan import Phrase
from jianlu.core.phrases.spot import rules_digest, spot
from jianlu.core.terms.findings import Finding, Inspection, Status
from tests.fakes.conversation import TOKEN_MS, Line, phrase, plan_of, said

DAYS = phrase("days", "犹豫期十五天")
PAYING = phrase("paying", "缴费期间五年", "缴费期间是五年")
RECORDED = phrase("recorded", "全程录音录像", threshold=750)
SAFE = phrase("safe", "保本", "保证本金", unless=["投保本", "承保本"])


def heard(what: Phrase, *lines: Line | tuple[str, str]) -> tuple[Finding, ...]:
    return spot(plan_of(phrases=[what]), said(*lines).speech).findings


@pytest.mark.parametrize(
    ("what", "text", "score"),
    [
        (DAYS, "犹豫期15天", 1000),
        (DAYS, "犹豫期一十五天", 1000),
        (DAYS, "您的犹豫期是十五天哦", 833),
        (DAYS, "犹豫期时五天", 958),
        (DAYS, "由于期十五天", 1000),
        (PAYING, "缴费期间是5年", 1000),
        (PAYING, "交费期间5年", 1000),
        (RECORDED, "需要全程路音乐项", 833),
        (RECORDED, "全程录影录像", 958),
        (SAFE, "这个产品保本", 1000),
        (SAFE, "这个产品包本", 1000),
        (SAFE, "保证本金", 1000),
        (SAFE, "宝贝本", 0),
    ],
)
def test_a_phrase_is_heard_in_spite_of_similar_syllables(what: Phrase, text: str, score: int) -> None:
    assert [finding.score for finding in heard(what, ("agent", text))] == ([score] if score else [])


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (DAYS, "犹豫期二十五天"),
        (DAYS, "犹豫期十天"),
        (DAYS, "犹豫期十四天"),
        (DAYS, "犹豫期五天"),
        (DAYS, "犹豫期十五万天"),
        (DAYS, "犹豫期"),
        (PAYING, "缴费期间15年"),
        (PAYING, "缴费期间十五年"),
        (PAYING, "缴费期间是15年"),
        (PAYING, "缴费期间50年"),
        (phrase("five", "五年"), "十五年"),
        (phrase("ten", "交十"), "交十五"),
        (RECORDED, "全程不用"),
        (SAFE, "投保本产品之前"),
        (SAFE, "由我公司承保本产品"),
        (SAFE, "报名"),
        (SAFE, ""),
    ],
)
def test_another_number_or_word_is_not_taken_for_the_phrase(what: Phrase, text: str) -> None:
    assert heard(what, ("agent", text)) == ()


def test_a_hit_names_track_time_variant_words_and_utterance() -> None:
    session = said(("customer", "你好"), ("agent", "我们的犹豫期十五天。"))
    (found,) = spot(plan_of(phrases=[DAYS]), session.speech).findings
    start = session.times[1][0] + 3 * TOKEN_MS
    assert (found.track, found.from_ms, found.to_ms, found.score, found.threshold) == (
        "agent",
        start,
        start + 6 * TOKEN_MS,
        1000,
        800,
    )
    assert dict(found.value) == {
        "phrase": "days",
        "variant": 0,
        "negated": False,
        "asked": False,
        "utterances": ["speech-000001"],
        "heard": "犹豫期十五天",
    }


def test_a_phrase_is_heard_across_a_breath_and_not_across_a_long_silence() -> None:
    assert len(heard(DAYS, ("agent", "犹豫期"), Line("agent", "十五天", pause_ms=3000))) == 1
    assert heard(DAYS, ("agent", "犹豫期"), Line("agent", "十五天", pause_ms=3001)) == ()


def test_a_phrase_is_not_put_together_from_two_speakers() -> None:
    assert heard(DAYS, ("agent", "犹豫期"), ("customer", "十五天")) == ()


def test_a_breath_of_the_other_party_does_not_break_a_phrase() -> None:
    found = heard(DAYS, ("agent", "犹豫期"), ("customer", "嗯"), ("agent", "十五天"))
    assert [f.value["utterances"] for f in found] == [["speech-000000", "speech-000002"]]


def test_every_repetition_is_found_once_by_its_best_variant() -> None:
    found = heard(PAYING, ("agent", "缴费期间是五年，对，缴费期间五年"))
    assert [(f.value["variant"], f.score) for f in found] == [(1, 1000), (0, 1000)]


def test_short_phrases_need_every_token() -> None:
    willing = phrase("willing", "我自愿", threshold=600)
    assert heard(willing, ("customer", "我自费")) == ()
    assert [f.score for f in heard(willing, ("customer", "我志愿"))] == [916]


def test_a_phrase_in_another_language_is_not_looked_for_in_this_one() -> None:
    english = phrase("recorded", "this call is being recorded", lang="en")
    assert heard(english, Line("agent", "This call is being recorded.", lang="zh")) == ()
    assert len(heard(english, Line("agent", "This call is being recorded.", lang="en"))) == 1


@pytest.mark.parametrize("status", [Status.ABSENT, Status.FAILED])
def test_without_speech_there_are_no_phrases_and_the_inspection_says_so(status: Status) -> None:
    speech = replace(said(("agent", "保本")).speech, status=status, reason="", covered=(), findings=())
    found = spot(plan_of(phrases=[SAFE]), speech)
    assert (found.status, found.reason, found.findings, found.covered) == (status, "speech_absent", (), ())


def test_the_inspection_covers_what_speech_covered_and_names_its_rules() -> None:
    plan, session = plan_of(phrases=[SAFE]), said(("agent", "保本"))
    found = spot(plan, session.speech)
    assert found.covered == session.speech.covered
    assert (found.engine.name, found.engine.model_digest) == ("jianlu.phrases", rules_digest(plan))
    assert rules_digest(plan_of(phrases=[DAYS])) != rules_digest(plan)


def test_the_document_of_the_hits_is_read_back_as_it_was() -> None:
    found = spot(plan_of(phrases=[SAFE, DAYS]), said(("agent", "保本，犹豫期15天"), ("customer", "不保本吗")).speech)
    assert parse_findings(findings_bytes(found)) == found


def test_hits_are_in_time_order_whatever_the_order_of_utterances() -> None:
    speech = said(("agent", "保本"), ("customer", "保本"), ("agent", "保本")).speech
    turned = replace(speech, findings=tuple(reversed(speech.findings)))
    plan = plan_of(phrases=[SAFE])
    assert spot(plan, turned) == spot(plan, speech)
    assert [f.id for f in spot(plan, speech).findings] == ["phrases-000001", "phrases-000002", "phrases-000003"]


def _with_value(speech: Inspection, **value: object) -> Inspection:
    first = speech.findings[0]
    return replace(speech, findings=(replace(first, value={**first.value, **value}),))


@pytest.mark.parametrize(
    "value",
    [
        {"tokens": "bao ben"},
        {"tokens": [["bao", 0, 200]]},
        {"tokens": [["bao", 300, 200, 900]]},
        {"tokens": [["", 0, 200, 900]]},
        {"tokens": [["bao", 0, True, 900]]},
        {"tokens": [["bao", -1, 200, 900]]},
        {"lang": None},
        {"text": 5},
    ],
)
def test_a_malformed_utterance_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        spot(plan_of(phrases=[SAFE]), _with_value(said(("agent", "保本")).speech, **value))


@pytest.mark.parametrize(
    "what",
    [
        replace(SAFE, threshold=499),
        replace(SAFE, threshold=1001),
        replace(SAFE, variants=((),)),
        replace(SAFE, unless=((),)),
        replace(SAFE, lang="fr"),
        replace(SAFE, variants=(("bao",) * 121,)),
    ],
)
def test_a_phrase_that_no_honest_plan_holds_is_refused(what: Phrase) -> None:
    with pytest.raises(InvalidError):
        spot(plan_of(phrases=[what]), said(("agent", "保本")).speech)


def test_a_hostile_session_ends_in_an_error_and_not_in_endless_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jianlu.core.phrases.align.SPOT_CELLS_MAX", 10_000)
    endless = phrase("endless", "保" * 100, threshold=500)
    with pytest.raises(InvalidError, match="more work"):
        heard(endless, ("agent", "保" * 500))
