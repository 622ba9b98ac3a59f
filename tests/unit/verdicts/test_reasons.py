"""Every reason can be told to a compliance officer in Chinese and in English."""

from __future__ import annotations

import pytest

from jianlu.core.terms.verdicts import Reason
from jianlu.core.verdicts.reasons import TEXTS, ReasonCode, clock_text, reason_text


@pytest.mark.parametrize("code", ReasonCode)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_a_text_that_needs_only_what_a_reason_carries(code: ReasonCode, lang: str) -> None:
    told = reason_text(Reason(code.value, "agent", 61_500, 63_000, "days"), lang)
    assert told
    assert "{" not in told
    assert any("\u4e00" <= char <= "\u9fff" for char in told) == (lang == "zh")


def test_a_text_names_the_place_the_party_and_the_words() -> None:
    reason = Reason("wrong_speaker", "customer", 61_500, 63_000, "days")
    assert (
        reason_text(reason, "zh", name_of=lambda _: "犹豫期十五天")
        == "该内容由不应陈述的一方说出：犹豫期十五天（客户，01:01.500）"
    )
    assert reason_text(reason, "en") == "said by the wrong party: days (the customer, 01:01.500)"


def test_an_unknown_reason_and_a_strange_track_show_themselves() -> None:
    assert reason_text(Reason("novel", "agent", 0, 0), "zh") == "novel"
    assert reason_text(Reason("dead", "booth-2", 0, 1), "en") == "booth-2 carries no sound (00:00.000 to 00:00.001)"


def test_words_with_braces_do_no_harm() -> None:
    assert "{about}{0}" in reason_text(Reason("missing_point", "agent", 0, 1, "{about}{0}"), "en")


def test_no_two_reasons_share_a_text() -> None:
    for lang in ("zh", "en"):
        assert len({texts[lang] for texts in TEXTS.values()}) == len(ReasonCode)


def test_clock_texts_count_hours_only_when_there_are_any() -> None:
    assert [clock_text(ms) for ms in (0, 59_999, 3_600_000)] == ["00:00.000", "00:59.999", "1:00:00.000"]
