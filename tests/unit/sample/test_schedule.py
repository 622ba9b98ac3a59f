"""Where lines and sync marks fall: the truth that every other test of the sample compares with."""

from __future__ import annotations

import itertools

import pytest

from jianlu.core.errors import NotFoundError
from jianlu.entry.sample.recipe import DEFAULT, Recipe, agent, customer
from jianlu.entry.sample.schedule import FRAME_MS, GUARD_MS, MARK_MS, schedule

OTHERS = {"agent": "agent_other", "customer": "customer_other"}
SESSIONS = {
    "lawful": DEFAULT,
    "other voices": DEFAULT.in_voices(OTHERS),
    "slow": DEFAULT.with_pauses(900),
    "short": Recipe(lines=(agent("a13"), customer("c13"))),
}


@pytest.mark.parametrize("recipe", SESSIONS.values(), ids=list(SESSIONS))
def test_no_mark_comes_near_any_speech_on_any_track(recipe: Recipe) -> None:
    timeline = schedule(recipe)
    for mark in timeline.marks_ms:
        for line in timeline.lines:
            assert mark + MARK_MS + GUARD_MS <= line.from_ms or line.to_ms + GUARD_MS <= mark


@pytest.mark.parametrize("recipe", SESSIONS.values(), ids=list(SESSIONS))
def test_marks_stand_on_frames_at_both_ends_and_at_least_every_thirty_seconds(recipe: Recipe) -> None:
    timeline = schedule(recipe)
    assert timeline.marks_ms[0] == 600
    assert timeline.duration_ms - timeline.marks_ms[-1] == 600
    assert all(mark % FRAME_MS == 0 for mark in timeline.marks_ms)
    gaps = [later - earlier for earlier, later in zip(timeline.marks_ms, timeline.marks_ms[1:], strict=False)]
    assert max(gaps) <= 32_000


def test_the_lawful_sale_takes_less_than_two_minutes() -> None:
    assert 85_000 <= schedule(DEFAULT).duration_ms <= 115_000


def test_nobody_speaks_while_another_does() -> None:
    lines = schedule(DEFAULT).lines
    assert all(earlier.to_ms + 300 < later.from_ms for earlier, later in itertools.pairwise(lines))


def test_a_shift_moves_the_lines_but_not_the_marks_of_the_picture() -> None:
    plain = Recipe(lines=(agent("a13"),))
    shifted = Recipe(lines=(agent("a13"),), audio_shift_ms=300)
    assert schedule(shifted).line("a13").from_ms == schedule(plain).line("a13").from_ms + 300
    assert schedule(shifted).marks_ms == schedule(plain).marks_ms


def test_a_line_that_nobody_says_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no line c02"):
        schedule(Recipe(lines=(agent("a13"),))).line("c02")


def test_an_utterance_that_nobody_recorded_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no clip of c13"):
        schedule(Recipe(lines=(agent("c13"),)))
