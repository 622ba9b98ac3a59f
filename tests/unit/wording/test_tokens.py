"""Text becomes the same tokens whoever wrote it: a compliance officer, a recogniser in digits, or one in traditional script."""

from __future__ import annotations

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.wording.tokens import normalise, token_spans, tokens_of


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("此次录音录像过程", "ci ci lu yin lu xiang guo cheng"),
        ("錄音錄像", "lu yin lu xiang"),
        ("绿色策略，女士。", "lv se ce lve nv shi"),
        ("银行", "yin hang"),
        ("ＡＰＰ 和 App", "app he app"),
        ("嗯，好的", "en hao de"),
        ("……！？", ""),
        ("", ""),
    ],
)
def test_chinese_becomes_toneless_pinyin_without_punctuation(text: str, tokens: str) -> None:
    assert tokens_of(text, "zh") == tokens.split()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("This call is being recorded. Do you agree?", "this call is being recorded do you agree"),
        ("I don't; he can't, we won't", "i do not he can not we will not"),
        ("It’s the client's", "it is the client's"),
        ("OK", "okay"),
    ],
)
def test_english_becomes_words_with_contractions_opened(text: str, tokens: str) -> None:
    assert tokens_of(text, "en") == tokens.split()


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(InvalidError, match="'fr'"):
        tokens_of("bonjour", "fr")


def test_every_token_knows_its_characters() -> None:
    text = "犹豫期15天，退保。"
    spans = token_spans(text, "zh")
    assert [(span.token, text[span.start : span.end]) for span in spans] == [
        ("you", "犹"),
        ("yu", "豫"),
        ("qi", "期"),
        ("#shi", "15"),
        ("#wu", "15"),
        ("tian", "天"),
        ("tui", "退"),
        ("bao", "保"),
    ]


def test_ranges_of_english_tokens_are_those_of_the_text() -> None:
    text = "You don't owe $10,000."
    assert [text[s.start : s.end] for s in token_spans(text, "en")] == [
        "You",
        "don't",
        "don't",
        "owe",
        "$10,000",
        "$10,000",
        "$10,000",
    ]


def test_normalised_text_reads_aloud() -> None:
    assert normalise("每年交１０，０００元，共5年", "zh") == "每年交一万元,共五年"
    assert normalise("It's 15%.", "en") == "it is fifteen percent"


def test_an_emoji_or_a_rare_character_harms_nothing() -> None:
    assert tokens_of("好😀的\x00\ud7ff", "zh") == ["hao", "de"]
