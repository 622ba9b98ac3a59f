"""Words of a packed unit go back to the sentence in which they were spoken, even where the recogniser is vague."""

from __future__ import annotations

from jianlu.process.inspectors.dating import Piece, date_words
from jianlu.process.inspectors.ports import HeardWord
from jianlu.process.inspectors.voice import Stretch


def piece(voiced: tuple[int, int], at_ms: int, pad_ms: int = 300) -> Piece:
    """Sound around a voice, `voiced` in ms of the session, at `at_ms` of the unit."""
    start, end = voiced
    return Piece((start - pad_ms) * 16, (end + pad_ms) * 16, at_ms * 16, Stretch(start * 16, end * 16, 900))


FIRST = piece((10_000, 12_000), 0)  # unit 0 to 2600, voiced from 300 to 2300
SECOND = piece((50_000, 51_000), 2600)  # unit 2600 to 4200, voiced from 2900 to 3900


def dated(*words: tuple[str, int, int]) -> list[list[tuple[str, int, int]]]:
    heard = [HeardWord(text, start, end, 800) for text, start, end in words]
    return [[(word.text, word.from_ms, word.to_ms) for word in spoken] for spoken in date_words([FIRST, SECOND], heard)]


def test_words_inside_their_voices_keep_their_time() -> None:
    assert dated(("a", 400, 900), ("b", 900, 2200), ("c", 3000, 3800)) == [
        [("a", 10_100, 10_600), ("b", 10_600, 11_900)],
        [("c", 50_100, 50_900)],
    ]


def test_the_first_word_after_a_pause_that_seems_to_begin_before_it_belongs_after_it() -> None:
    assert dated(("a", 400, 2150), ("b", 2150, 2950), ("c", 2950, 3800)) == [
        [("a", 10_100, 11_850)],
        [("b", 49_900, 50_050), ("c", 50_050, 50_900)],
    ]


def test_the_last_word_before_a_pause_that_seems_to_end_after_it_belongs_before_it() -> None:
    assert dated(("a", 400, 1900), ("b", 1900, 2800), ("c", 2900, 3800)) == [
        [("a", 10_100, 11_600), ("b", 11_600, 12_200)],
        [("c", 50_000, 50_900)],
    ]


def test_a_first_word_begins_with_its_voice() -> None:
    assert dated(("a", 0, 700)) == [[("a", 9900, 10_400)]]


def test_no_word_lies_far_behind_its_voice() -> None:
    assert dated(("a", 400, 2500), ("b", 2500, 2590)) == [[("a", 10_100, 12_200), ("b", 12_200, 12_200)]]


def test_words_never_go_back_in_time() -> None:
    assert dated(("a", 400, 1200), ("b", 1000, 1500)) == [[("a", 10_100, 10_900), ("b", 10_900, 11_200)]]


def test_words_beyond_the_unit_stay_in_the_last_piece() -> None:
    assert dated(("a", 3000, 9000)) == [[("a", 50_100, 51_200)]]


def test_no_words_are_no_sentences() -> None:
    assert dated() == []
