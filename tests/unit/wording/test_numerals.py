"""Numbers are read in one way, however they are written, and words that only look like numbers stay words."""

from __future__ import annotations

from fractions import Fraction

import pytest

from jianlu.govern.wording.numerals import read_value, value_of
from jianlu.govern.wording.tokens import normalise, tokens_of

SAME_IN_CHINESE = [
    ["10000元", "一万元", "1万元", "壹万元", "１万元", "10,000元", "10000.00元"],
    ["15天", "十五天", "一十五天", "１５天", "拾伍天"],
    ["2300元", "两千三百元", "二千三百元", "2千3百元", "两千三元"],
    ["15000", "一万五", "1.5万", "1万5", "一万五千", "一点五万", "1万5000"],
    ["105岁", "一百零五岁"],
    ["3.5%", "百分之三点五", "３．５％", "百分之3.5"],
    ["100%", "百分之百", "百分之一百"],
    ["2026年", "二零二六年", "二〇二六年"],
    ["2026-11-20", "2026/11/20", "二零二六年十一月二十日", "2026年11月20日"],
    ["3个月", "三个月"],
    ["2年", "两年", "二年"],
    ["20万元", "二十万元", "200000元"],
    ["14:30", "十四点三十分"],
    ["¥500", "500元", "五百元"],
]
SAME_IN_ENGLISH = [
    ["15 days", "fifteen days"],
    ["10,000 dollars", "$10,000", "ten thousand dollars"],
    ["105", "one hundred and five", "a hundred and five", "one hundred five"],
    ["3.5%", "3.5 percent"],
    ["21", "twenty-one", "twenty one"],
    ["2,500,000", "two million five hundred thousand"],
]


@pytest.mark.parametrize("writings", SAME_IN_CHINESE, ids=lambda writings: str(writings[0]))
def test_one_number_written_in_many_ways_is_one_reading(writings: list[str]) -> None:
    assert {tuple(tokens_of(text, "zh")) for text in writings} == {tuple(tokens_of(writings[0], "zh"))}


@pytest.mark.parametrize("writings", SAME_IN_ENGLISH, ids=lambda writings: str(writings[0]))
def test_one_english_number_written_in_many_ways_is_one_reading(writings: list[str]) -> None:
    assert {tuple(tokens_of(text, "en")) for text in writings} == {tuple(tokens_of(writings[0], "en"))}


@pytest.mark.parametrize(
    ("text", "other"),
    [("15天", "25天"), ("15天", "50天"), ("10000元", "100000元"), ("3.5%", "35%"), ("5年", "15年"), ("2026年", "2036年")],
)
def test_different_numbers_have_different_tokens(text: str, other: str) -> None:
    assert tokens_of(text, "zh") != tokens_of(other, "zh")


def test_five_years_that_are_said_to_be_five_differ_from_fifteen() -> None:
    """Without tones `是五年` and `十五年` sound the same: the written number tells them apart."""
    assert tokens_of("是5年", "zh") == ["shi", "#wu", "nian"]
    assert tokens_of("15年", "zh") == ["#shi", "#wu", "nian"]


@pytest.mark.parametrize(
    "text", ["一定", "万一", "统一", "十分重要", "第一", "一一说明", "四川", "三七二十一", "千万不要", "零售", "一个产品"]
)
def test_words_that_hold_a_numeral_are_no_numbers(text: str) -> None:
    assert not any(token.startswith("#") for token in tokens_of(text, "zh"))


@pytest.mark.parametrize("text", ["no one", "one of them"])
def test_english_one_alone_is_no_number(text: str) -> None:
    assert not any(token.startswith("#") for token in tokens_of(text, "en"))


def test_a_telephone_number_is_read_digit_by_digit() -> None:
    assert normalise("13800138000", "zh") == "一三八零零一三八零零零"
    assert normalise("电话幺三八", "zh") == "电话一三八"


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (Fraction(0), "零"),
        (Fraction(10), "十"),
        (Fraction(110), "一百一十"),
        (Fraction(1010), "一千零一十"),
        (Fraction(10_001), "一万零一"),
        (Fraction(100_010_000), "一亿零一万"),
        (Fraction(1, 3), ""),
        (Fraction(-1), ""),
        (Fraction(10**16), ""),
        (Fraction("0.05"), "零点零五"),
    ],
)
def test_a_value_has_one_reading_or_none(value: Fraction, reading: str) -> None:
    assert read_value(value) == reading


@pytest.mark.parametrize("text", ["", "一二十", "点五", "abc", "1,0", "五五十"])
def test_what_is_no_number_has_no_value(text: str) -> None:
    assert value_of(text) is None
