"""An answer is agreement, refusal or neither, and when in doubt it is not agreement."""

from __future__ import annotations

import pytest

from jianlu.core.phrases.lexicon import reply_lexicon
from jianlu.core.phrases.passages import passages_of, utterances_of
from jianlu.core.phrases.replies import Stance, replies_in
from tests.fakes.conversation import Line, language, said


def stances(*lines: Line) -> set[str]:
    speech = said(*lines).speech
    return {
        reply.stance.value
        for passage in passages_of(utterances_of(speech))
        for reply in replies_in(passage, reply_lexicon(language(passage.lang)))
    }


@pytest.mark.parametrize(
    "text",
    [
        "我同意",
        "同意",
        "我单独同意",
        "好的，我同意录音录像",
        "可以，我同意",
        "是的",
        "对",
        "嗯",
        "嗯，好",
        "没问题",
        "我没有意见",
        "清楚",
        "我清楚，也理解了",
        "都清楚了",
        "以上内容我都清楚了",
        "我自愿购买",
        "没有不同意见",
        "不反对",
        "不介意",
        "不错，我同意",
        "没有问题，我愿意",
        "当然可以",
        "好的好的",
        "对对对",
        "嗯嗯",
        "不好意思，我同意",
        "我支援购买",
        "我单读同意",
        "我青春也理解了",
    ],
)
def test_agreement_is_understood_as_such(text: str) -> None:
    assert stances(Line("customer", text)) == {"agrees"}


@pytest.mark.parametrize(
    "text",
    [
        "我不同意",
        "不同意",
        "我不太同意",
        "我再考虑一下",
        "不行",
        "不可以",
        "我不愿意",
        "不要录了",
        "别录",
        "拒绝",
        "我拒绝",
        "算了吧",
        "不太清楚",
        "我不是很清楚",
        "没听懂",
        "我没有完全理解",
        "不明白",
        "要跟家人商量一下",
        "不",
        "不不不",
        "不是自愿的",
        "我没同意",
        "同意不了",
        "不用了",
        "我有疑问",
        "不是不同意",
        "先不签",
        "我不懂",
    ],
)
def test_refusal_and_doubt_are_understood(text: str) -> None:
    assert "refuses" in stances(Line("customer", text))
    assert "agrees" not in stances(Line("customer", text))


@pytest.mark.parametrize(
    "text",
    [
        "同意吗",
        "可以吗",
        "是吗",
        "可以不录吗",
        "可以等一下吗",
        "是不是同意",
        "今天天气不错",
        "是这样啊您说",
        "对方是谁",
        "好像听过",
        "我想要更好的",
        "行李在哪里",
        "您说什么",
        "保险期间是几年",
        "嗯这个产品怎么样",
        "对不起",
        "我看一下",
        "同步",
        "可以明天再给您答复吗",
        "可以给我看看合同",
        "我想知道保不保本",
        "您先讲清楚",
        "如果我同意",
        "谁同意了",
        "我想了解一下",
        "",
    ],
)
def test_what_is_no_answer_is_not_taken_for_agreement(text: str) -> None:
    assert "agrees" not in stances(Line("customer", text))


def test_a_readback_of_the_disclosure_is_no_refusal() -> None:
    assert stances(Line("customer", "红利不确定，我清楚")) == {"agrees"}
    assert stances(Line("customer", "不是银行存款，我明白")) == {"agrees"}


def test_a_question_after_a_pause_does_not_take_agreement_back() -> None:
    assert "agrees" in stances(Line("customer", "我同意"), Line("customer", "可以开始吗"))


def test_a_bare_denial_is_its_own_kind_of_answer() -> None:
    assert stances(Line("agent", "不会")) == {Stance.DENIES.value}
    assert stances(Line("agent", "没有")) == {Stance.DENIES.value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes, I agree.", {"agrees"}),
        ("Yes.", {"agrees"}),
        ("I do.", {"agrees"}),
        ("That's fine.", {"agrees"}),
        ("No problem.", {"agrees"}),
        ("OK", {"agrees"}),
        ("No, I do not agree.", {"refuses"}),
        ("No.", {"refuses"}),
        ("I don't consent.", {"refuses"}),
        ("I'd rather not", {"refuses"}),
        ("I am not sure", {"refuses"}),
        ("Let me think about it.", {"refuses"}),
        ("What is this about?", set()),
        ("Right now I am busy", set()),
        ("It is too long", set()),
        ("I do have a question", set()),
        ("If I agree, what then", set()),
    ],
)
def test_english_answers_are_understood(text: str, expected: set[str]) -> None:
    assert stances(Line("customer", text, lang="en")) == expected
