"""The language data of the packs says nothing twice and contradicts itself nowhere."""

from __future__ import annotations

import tomllib

import pytest

from jianlu.core.limits import NEAR_PAIRS_MAX, PHRASE_TOKENS_MAX
from jianlu.govern.wording.tokens import tokens_of
from tests.fakes.conversation import LANGUAGES

LISTS = ("negations", "neutral", "affirmations", "refusals", "question_tails")
MAY_SHARE = [{"neutral", "affirmations"}, {"negations", "refusals"}, {"affirmations", "question_tails"}]
"""没问题 agrees and denies nothing; 不 denies and refuses; `right` agrees and asks. Any other pair would be a contradiction."""


def _entries(lang: str) -> list[tuple[str, str, tuple[str, ...]]]:
    described = tomllib.loads((LANGUAGES / f"{lang}.toml").read_text(encoding="utf-8"))
    return [(name, text, tuple(tokens_of(text, lang))) for name in LISTS for text in described[name]]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_expression_of_a_language_stands_in_lists_that_contradict_each_other(lang: str) -> None:
    senses: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for name, text, tokens in _entries(lang):
        senses.setdefault(tokens, []).append((name, text))
    doubled = {tokens: found for tokens, found in senses.items() if len(found) > 1}
    wrong = [found for found in doubled.values() if len(found) > 2 or {name for name, _ in found} not in MAY_SHARE]
    assert not wrong


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_expression_is_short_and_has_tokens_without_numbers(lang: str) -> None:
    assert all(
        0 < len(tokens) < PHRASE_TOKENS_MAX and not any(t.startswith("#") for t in tokens) for _, _, tokens in _entries(lang)
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_near_pairs_are_two_different_sounds_of_the_same_place(lang: str) -> None:
    described = tomllib.loads((LANGUAGES / f"{lang}.toml").read_text(encoding="utf-8"))
    assert len(described["near"]) <= NEAR_PAIRS_MAX
    for one, other in described["near"]:
        assert one != other
        assert one.endswith("-") == other.endswith("-")
        assert one.startswith("-") == other.startswith("-")
