"""Words to utterances: simplified text, and tokens dated inside their words."""

from __future__ import annotations

from itertools import pairwise

from jianlu.govern.wording.tokens import tokens_of
from jianlu.process.inspectors.ports import HeardWord
from jianlu.process.inspectors.transcript import Transcriber


def words(*parts: str, each_ms: int = 400, score: int = 900) -> list[HeardWord]:
    return [HeardWord(text, n * each_ms, (n + 1) * each_ms, score - n) for n, text in enumerate(parts)]


def test_traditional_characters_are_written_simplified() -> None:
    value = Transcriber("zh").utterance(words("錄", "音", "錄", "像"))
    assert value is not None
    assert value["text"] == "录音录像"
    assert [token for token, *_ in value["tokens"]] == ["lu", "yin", "lu", "xiang"]


def test_characters_of_one_word_share_its_time() -> None:
    value = Transcriber("zh").utterance(words("我同意", "吗?"))
    assert value is not None
    assert [token[1:3] for token in value["tokens"]] == [[0, 133], [133, 266], [266, 400], [400, 600]]
    assert [token[3] for token in value["tokens"]] == [900, 900, 900, 899]


def test_a_numeral_is_read_out_within_its_own_time() -> None:
    value = Transcriber("zh").utterance(words("交", "10000", "元"))
    assert value is not None
    tokens = value["tokens"]
    assert [token for token, *_ in tokens] == tokens_of("交10000元", "zh")
    read = tokens[1:-1]
    assert read[0][1] == 400
    assert read[-1][2] == 800
    assert all(a[2] == b[1] for a, b in pairwise(read))


def test_a_numeral_across_words_keeps_the_worst_score() -> None:
    value = Transcriber("zh").utterance([HeardWord("1", 0, 100, 900), HeardWord("5天", 100, 300, 300)])
    assert value is not None
    assert [token[3] for token in value["tokens"]] == [300] * 3


def test_english_words_are_lower_case_tokens() -> None:
    value = Transcriber("en").utterance(words(" Yes,", " I", " agree."))
    assert value is not None
    assert value["text"] == "Yes, I agree."
    assert [token[:3] for token in value["tokens"]] == [["yes", 0, 320], ["i", 600, 800], ["agree", 866, 1133]] or [
        token for token, *_ in value["tokens"]
    ] == ["yes", "i", "agree"]


def test_punctuation_alone_is_no_utterance() -> None:
    assert Transcriber("zh").utterance(words("。", "!")) is None
    assert Transcriber("zh").utterance([]) is None


def test_tokens_are_what_the_wording_makes_of_the_text() -> None:
    for lang, parts in (("zh", ["犹豫期", "15天,", "您", "清楚", "吗"]), ("en", [" It", " costs", " 1,200", " yuan"])):
        value = Transcriber(lang).utterance(words(*parts))
        assert value is not None
        assert [token for token, *_ in value["tokens"]] == tokens_of(value["text"], lang)
