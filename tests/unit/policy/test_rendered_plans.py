"""A plan as a page: columns of mixed scripts, wrapping, and the sentences of obligations in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation, parse_plan
from jianlu.deliver.plans import render_plan
from jianlu.deliver.plans.labels import CODES, FACTS, PARTS, ROLES, TRIGGERS
from jianlu.deliver.plans.layout import columns, hanging, padded, wrapped
from jianlu.deliver.plans.sentences import sentence
from jianlu.govern.policy.facts import DATES
from jianlu.govern.policy.facts import FACTS as KNOWN
from jianlu.govern.policy.model import PARTS as KEPT
from jianlu.govern.policy.model import ROLES as PARTIES

MINIMAL = parse_plan((Path(__file__).parents[3] / "specs" / "vectors" / "plan" / "good" / "minimal.json").read_bytes())


def test_a_chinese_character_takes_two_columns() -> None:
    assert [columns(text) for text in ("ab", "双录", "双a，", "")] == [2, 4, 5, 0]
    assert padded("双录", 6) == "双录  "


def test_lines_break_between_characters_but_not_before_closing_punctuation() -> None:
    assert wrapped("一二三四五，六七", 10) == ["一二三四", "五，六七"]
    assert wrapped("keep whole words", 10) == ["keep whole", "words"]
    assert wrapped("依据54号文件", 6) == ["依据54", "号文件"]
    assert wrapped("", 10) == [""]


def test_a_word_that_is_too_long_stands_alone() -> None:
    assert wrapped("a verylongword b", 6) == ["a", "verylongword", "b"]


def test_a_label_hangs_beside_its_text() -> None:
    assert hanging("1", "一二三四五", indent=3, width=9) == ["1  一二三", "   四五"]


def test_a_page_exists_in_chinese_and_english_only() -> None:
    assert "录制方案" in render_plan(MINIMAL, "zh")
    assert "Recording plan" in render_plan(MINIMAL, "en")
    with pytest.raises(InvalidError):
        render_plan(MINIMAL, "la")


def test_a_page_says_that_a_clause_was_not_checked_and_how_it_is_known() -> None:
    assert "凭已有认识，未经官网复核" in render_plan(MINIMAL, "zh")
    assert "own knowledge, not checked on the official site" in render_plan(MINIMAL, "en")


@pytest.mark.parametrize(
    ("kind", "params", "zh", "en"),
    [
        (
            "require_step",
            {"speaker": "agent", "points": ["xx-small/hello"]},
            "销售人员须说出：“good morning”",
            "agent says: “good morning”",
        ),
        (
            "require_consent",
            {"question": "xx-small/hello", "asker": "agent", "answerer": "customer", "within_ms": 12000, "answers": []},
            "沉默、拒绝、代答均不算同意",
            "silence, refusal or another voice is no consent",
        ),
        ("forbid_phrase", {"speakers": ["agent"], "phrases": ["xx-small/hello"], "questions": []}, "不得说", "must not say"),
        (
            "require_picture",
            {"track": "picture", "black_ms_max": 2000, "frozen_ms_max": 2500},
            "静止不超过2.5秒（技术阈值）",
            "frozen for at most 2.5 s (technical)",
        ),
        (
            "require_picture",
            {"track": "customer-picture", "black_ms_max": 2000, "frozen_ms_max": 2500},
            "客户的画面黑屏不超过2秒",
            "the customer's picture is black for at most 2 s",
        ),
        (
            "require_presence",
            {"track": "picture", "faces_min": 2, "share_permille": 905, "absent_ms_max": 5000, "height_permille_min": 100},
            "90.5%",
            "at least 2 faces in 90.5% of the seconds",
        ),
        (
            "require_presence",
            {
                "track": "agent-picture",
                "faces_min": 1,
                "share_permille": 900,
                "absent_ms_max": 5000,
                "height_permille_min": 100,
            },
            "销售人员的画面中可见至少1张人脸",
            "in the agent's picture: at least 1 face in 90% of the seconds",
        ),
        (
            "require_sound",
            {"tracks": ["agent"], "dead_ms_max": 3000, "snr_cdb_min": 1000, "speech_cdb_min": -4550},
            "-45.5分贝",
            "-45.5 dBFS",
        ),
        (
            "require_sync",
            {"offset_ms_max": 80, "drift_ms_max": 80, "marks_min": 2},
            "音画偏差不超过80毫秒",
            "at most 80 ms apart",
        ),
        ("require_continuity", {"gap_ms_max": 0}, "不得有任何间断", "without any gap"),
        ("require_continuity", {"gap_ms_max": 40}, "间断不超过40毫秒", "gap of more than 40 ms"),
        (
            "require_attestation",
            {"by": ["agent", "reviewer"], "what": {"zh": "已出示", "en": "shown"}},
            "声明：已出示",
            "attests: shown",
        ),
    ],
)
def test_an_obligation_is_one_sentence_in_both_languages(kind: str, params: dict[str, object], zh: str, en: str) -> None:
    obligation = Obligation("x", "xx-small", "XX-1", kind, params)
    assert zh in sentence(MINIMAL, obligation, "zh")
    assert en in sentence(MINIMAL, obligation, "en")


def test_everything_that_a_plan_can_hold_has_words_in_both_languages() -> None:
    codes = {code for form in KNOWN.values() for code in form.codes}
    lost = (set(KNOWN) - set(FACTS)) | (codes - set(CODES)) | (set(KEPT) - set(PARTS)) | (set(DATES) - set(TRIGGERS))
    lost |= set(PARTIES) - set(ROLES)
    assert not lost
    for words in (FACTS, CODES, PARTS, TRIGGERS, ROLES):
        assert all(len(pair) == 2 and all(pair) for pair in words.values())
