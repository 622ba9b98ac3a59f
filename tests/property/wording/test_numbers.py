"""Numbers: every writing of a value has one reading, and reading a reading changes nothing."""

from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from jianlu.govern.wording.numerals import read_value, value_of
from jianlu.govern.wording.tokens import normalise, token_spans, tokens_of

AMOUNTS = st.integers(0, 10**12)
WORDS = st.sampled_from(
    [
        "犹豫期",
        "保险产品",
        "您",
        "每年交",
        "不确定",
        "的",
        "天",
        "元",
        "，",
        "。",
        "是",
        "同意吗",
        "第",
        "个月",
        "十分",
        "一定",
        "OK ",
    ]
)
NUMBERS = st.integers(0, 10**7).map(str) | st.sampled_from(
    ["3.5%", "1.5万", "两千三", "百分之八十", "2026年", "１５", "三十", "幺二三", "1万5"]
)
SPEECH = st.lists(st.tuples(WORDS, NUMBERS | st.just(""), WORDS), max_size=6).map(
    lambda parts: "".join(a + b + c for a, b, c in parts)
)


@given(AMOUNTS)
def test_a_reading_has_the_value_that_it_reads(amount: int) -> None:
    assert value_of(read_value(Fraction(amount))) == amount


@given(st.integers(1, 10**8), st.sampled_from(["元", "天", "年"]))
def test_digits_commas_full_width_and_words_are_one_reading(amount: int, measure: str) -> None:
    written = [
        str(amount),
        f"{amount:,}",
        str(amount).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        read_value(Fraction(amount)),
    ]
    readings = {tuple(tokens_of(f"共{text}{measure}", "zh")) for text in written}
    if measure != "年" or not 1900 <= amount < 2100:
        assert len(readings) == 1


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_two_different_amounts_are_never_one_reading(one: int, other: int) -> None:
    assert (tokens_of(f"{one}元", "zh") == tokens_of(f"{other}元", "zh")) == (one == other)


@given(SPEECH)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text, "zh")
    assert normalise(once, "zh") == once


@given(st.text(max_size=60), st.sampled_from(["zh", "en"]))
def test_any_text_has_tokens_whose_ranges_go_forward_within_it(text: str, lang: str) -> None:
    spans = token_spans(text, lang)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(left.start <= right.start and left.end <= right.end for left, right in itertools.pairwise(spans))
    assert all(span.token and not span.token.isspace() for span in spans)


@given(st.integers(0, 999_999_999))
def test_english_digits_and_words_are_one_reading(amount: int) -> None:
    spoken = " ".join(token.removeprefix("#") for token in tokens_of(str(amount), "en"))
    if spoken != "one":
        assert tokens_of(spoken, "en") == tokens_of(f"{amount:,}", "en")
