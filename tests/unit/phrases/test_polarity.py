"""What is said is told apart from its denial, its question and its double denial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.core.formats.plan import Phrase
from jianlu.core.phrases.spot import spot
from tests.fakes.conversation import Line, phrase, plan_of, said

SAFE = phrase("safe", "保本", "保证本金", "保证收益", unless=["投保本"])
UNSURE = phrase("unsure", "红利分配是不确定的")
INSURANCE = phrase("insurance", "是保险产品")
NO_DEPOSIT = phrase("no_deposit", "不是银行存款")
GUARANTEED = phrase("guaranteed", "guaranteed", lang="en")


def negated(text: str, *phrases: object, lang: str = "zh") -> list[bool]:
    plan = plan_of(phrases=[SAFE, UNSURE, INSURANCE, NO_DEPOSIT, GUARANTEED])
    return [bool(f.value["negated"]) for f in spot(plan, said(Line("agent", text, lang=lang)).speech).findings]


@pytest.mark.parametrize(
    "text",
    [
        "这个产品不保本",
        "这个产品不保本，收益是不确定的",
        "并不是保本的",
        "不是说保本",
        "我们不能向您承诺保本",
        "不会给您保证收益",
        "属于非保本浮动收益",
        "没有说保本",
        "从来没说保本",
        "没人能保证本金",
        "不，不保本",
        "不不不，不保本",
        "别以为保本",
        "无法保证收益",
        "不一定保本",
        "谁也不能保证收益",
        "它不仅不保本",
        "不过不保本",
    ],
)
def test_a_denied_promise_is_no_promise(text: str) -> None:
    assert negated(text) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "保本",
        "不错，保本",
        "不过保本",
        "不断保本",
        "没问题，保本",
        "您不用担心，保本的",
        "不但保本",
        "全部保本",
        "每年保本",
        "每个月保本",
        "非常保本",
        "进一步保本",
        "不是不保本",
        "不会不保本",
        "没有不保本的",
        "除非保本",
        "不错不错保本的",
        "毫无疑问保本",
        "别担心，保本",
        "您的保费保本",
        "那不好意思啊保本的",
    ],
)
def test_a_promise_with_a_word_that_only_looks_like_a_denial_stays_a_promise(text: str) -> None:
    assert negated(text) == [False]


def _denied_after(pause_ms: int, *, denial: str = "不会", one_utterance: bool = False) -> bool:
    speech = said(("agent", denial), Line("agent", "保本", pause_ms=pause_ms)).speech
    if one_utterance:
        first, second = speech.findings
        tokens = [*first.value["tokens"], *second.value["tokens"]]
        whole = replace(first, to_ms=second.to_ms, value={"lang": "zh", "text": denial + "保本", "tokens": tokens})
        speech = replace(speech, findings=(whole,))
    (found,) = spot(plan_of(phrases=[SAFE]), speech).findings
    return bool(found.value["negated"])


def test_a_denial_does_not_reach_into_the_next_sentence() -> None:
    assert _denied_after(400, one_utterance=True)
    assert not _denied_after(401, one_utterance=True)
    assert not _denied_after(0)


def test_a_lone_no_right_before_the_phrase_belongs_to_it_wherever_the_recogniser_put_it() -> None:
    assert _denied_after(700, denial="不")
    assert not _denied_after(701, denial="不")


def test_the_opposite_of_a_phrase_that_denies_something_is_negated() -> None:
    assert negated("红利分配是不确定的") == [False]
    assert negated("红利分配是确定的") == [True]
    assert negated("红利分配不是不确定的") == [True]


@pytest.mark.parametrize("text", ["您购买的是保险产品，不是银行存款", "这不是银行存款，是保险产品", "它不是银行存款而是保险产品"])
def test_what_is_denied_of_one_thing_is_not_denied_of_the_next(text: str) -> None:
    assert negated(text) == [False, False]


DIFFERENT = phrase("different", "和银行存款不一样")


@pytest.mark.parametrize(
    ("what", "text", "expected"),
    [
        (NO_DEPOSIT, "您购买的是银行存款", [True]),
        (NO_DEPOSIT, "这就是银行存款", [True]),
        (NO_DEPOSIT, "并不是银行存款", [False]),
        (DIFFERENT, "和银行存款不一样", [False]),
        (DIFFERENT, "和银行存款一样", [True]),
        (INSURANCE, "这和存款不一样，是保险产品", [False]),
        (INSURANCE, "这不是您说的存单是保险产品", [False]),
        (INSURANCE, "这不是真的是保险产品", [True]),
        (INSURANCE, "这不是，是保险产品", [True]),
    ],
)
def test_leaving_the_denial_out_of_a_phrase_says_its_opposite(what: Phrase, text: str, expected: list[bool]) -> None:
    found = spot(plan_of(phrases=[what]), said(("agent", text)).speech).findings
    assert [f.value["negated"] for f in found] == expected


def test_a_turn_of_speech_ends_a_denial() -> None:
    assert negated("这不是存款，而是保险产品") == [False]
    assert negated("这不是保险产品") == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your capital is guaranteed.", False),
        ("It is not guaranteed.", True),
        ("It isn't guaranteed", True),
        ("No, it is not guaranteed", True),
        ("Not only guaranteed", False),
        ("No problem, guaranteed", False),
        ("Nothing is guaranteed", True),
        ("never guaranteed", True),
    ],
)
def test_english_denials_are_understood(text: str, expected: bool) -> None:
    assert negated(text, lang="en") == [expected]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("这个产品保本吗", True),
        ("保本的吗", True),
        ("这个产品是不是保本", True),
        ("能不能保本", True),
        ("难道保本", True),
        ("保本，是吗", True),
        ("这个产品保本", False),
        ("保本，马上签", False),
        ("什么时候，保本", False),
        ("保本的，您放心", False),
    ],
)
def test_a_question_is_told_from_a_statement(text: str, asked: bool) -> None:
    (found,) = spot(plan_of(phrases=[SAFE]), said(("customer", text)).speech).findings
    assert found.value["asked"] is asked
