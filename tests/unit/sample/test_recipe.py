"""The edits of a recipe: each gives a new session and refuses what makes no sense."""

from __future__ import annotations

import pytest

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.entry.sample.recipe import DEFAULT, Encoding, Recipe, Span, agent, customer


def words(recipe: Recipe) -> list[str]:
    return [line.utterance for line in recipe.lines]


def test_the_lawful_sale_has_every_line_in_order_and_in_its_own_voice() -> None:
    said = words(DEFAULT)
    assert [line for line in said if line.startswith("a")] == sorted([*(f"a{n:02d}" for n in range(1, 15)), "a03b"])
    assert [line for line in said if line.startswith("c")] == ["c02", "c04", "c11", "c12", "c13"]
    assert all(line.role == line.voice for line in DEFAULT.lines)
    assert all(said.index(f"c{n}") == said.index(f"a{n}") + 1 for n in ("02", "04", "11", "12", "13"))


def test_a_line_can_be_left_out() -> None:
    assert words(DEFAULT.without("a09", "c02")) == [line for line in words(DEFAULT) if line not in {"a09", "c02"}]


def test_a_line_can_be_replaced_by_several() -> None:
    said = words(DEFAULT.replacing("c02", customer("xc02_no"), agent("a02")))
    assert said[1:5] == ["a02", "xc02_no", "a02", "a03"]


def test_a_line_can_be_said_later() -> None:
    said = words(DEFAULT.moving_after("a02", "a05"))
    assert said.index("a02") == said.index("a05") + 1
    assert len(said) == len(DEFAULT.lines)


def test_other_people_can_say_the_same_words() -> None:
    other = DEFAULT.in_voices({"agent": "agent_other"})
    assert {line.voice for line in other.lines} == {"agent_other", "customer"}
    assert {line.role for line in other.lines} == {"agent", "customer"}


def test_an_edit_leaves_the_recipe_that_it_began_with_alone() -> None:
    before = words(DEFAULT)
    DEFAULT.without("a01").adding_after("a02", agent("xa_promise")).with_pauses(500)
    assert words(DEFAULT) == before


def test_a_line_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(NotFoundError, match="no line a99"):
        DEFAULT.without("a99")


@pytest.mark.parametrize(("from_ms", "to_ms"), [(5, 5), (9, 3), (-1, 3)])
def test_an_empty_span_is_refused(from_ms: int, to_ms: int) -> None:
    with pytest.raises(InvalidError, match="is empty"):
        Span(from_ms, to_ms)


@pytest.mark.parametrize(
    ("container", "video", "audio"),
    [("avi", "h264", "aac"), ("webm", "h264", "opus"), ("webm", "vp9", "aac"), ("mp4", "mjpeg", "aac")],
)
def test_a_container_that_cannot_hold_the_codec_is_refused(container: str, video: str, audio: str) -> None:
    with pytest.raises(InvalidError, match="choose"):
        Encoding(container, video, audio)
