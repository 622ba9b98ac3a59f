"""Finding a language's fixed expressions (denials, answers, question words) in tokens: leftmost first, longest first.

The longest entry of any list wins at a place, so that `不同意` is a refusal and `没问题` is no denial. Entries match exactly,
number marks aside; answers of two and more tokens also by near tokens (`志愿` for `自愿`). Meaning: `polarity.py`, `replies.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jianlu.core.formats.plan import Language
from jianlu.core.phrases.model import plain
from jianlu.core.phrases.nearness import Nearness


class Sense(StrEnum):
    """What an expression can do."""

    NEGATION = "negation"
    NEUTRAL = "neutral"
    AFFIRMATION = "affirmation"
    REFUSAL = "refusal"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Expression:
    """Tokens [first, last) that are an entry of the language, with all the senses that it has."""

    first: int
    last: int
    senses: frozenset[Sense]


class Lexicon:
    """The entries of one language for some of the senses, as a tree of tokens. Scanning costs tokens x longest entry.

    `alike` are entries that near tokens may also spell; where both fit, the longer wins, then the exact one.
    """

    def __init__(
        self,
        entries: Iterable[tuple[Sense, Sequence[str]]],
        alike: Iterable[tuple[Sense, Sequence[str]]] = (),
        nearness: Nearness | None = None,
    ) -> None:
        self._root: dict[str, Any] = _tree(entries)
        self._alike: dict[str, Any] = _tree(entry for entry in alike if len(entry[1]) > 1)
        self._nearness = nearness

    def scan(self, tokens: Sequence[str]) -> list[Expression]:
        """All expressions, not overlapping, from left to right."""
        found: list[Expression] = []
        at = 0
        while at < len(tokens):
            expression = self._longest(tokens, at)
            if expression is None:
                at += 1
            else:
                found.append(expression)
                at = expression.last
        return found

    def _longest(self, tokens: Sequence[str], first: int) -> Expression | None:
        exact = _deepest([self._root], tokens, first, None)
        if self._nearness is None:
            return exact
        near = _deepest([self._alike], tokens, first, self._nearness)
        return near if near is not None and (exact is None or near.last > exact.last) else exact


def _tree(entries: Iterable[tuple[Sense, Sequence[str]]]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for sense, tokens in entries:
        node = root
        for token in tokens:
            node = node.setdefault(plain(token), {})
        if tokens:
            node.setdefault("", set()).add(sense)
    return root


def _deepest(nodes: list[dict[str, Any]], tokens: Sequence[str], first: int, nearness: Nearness | None) -> Expression | None:
    """The longest entry from token `first` on, following every branch that sounds like what was heard."""
    found, at = None, first
    while nodes and at < len(tokens):
        heard = plain(tokens[at])
        wanted = [heard] if nearness is None else sorted(nearness.near_to(heard))
        nodes = [node[token] for node in nodes for token in wanted if token in node]
        at += 1
        senses = frozenset().union(*(node.get("", ()) for node in nodes))
        if senses:
            found = Expression(first, at, senses)
    return found


def polarity_lexicon(language: Language) -> Lexicon:
    """The entries that decide whether a phrase is denied: denials, neutral expressions and question words (`是不是`)."""
    return Lexicon(
        [(Sense.NEGATION, entry) for entry in language.negations]
        + [(Sense.NEUTRAL, entry) for entry in language.neutral]
        + [(Sense.QUESTION, entry) for entry in language.question_tails]
    )


def reply_lexicon(language: Language) -> Lexicon:
    """The entries that decide what an answer says: all of the language, agreement and refusal also by near tokens."""
    answers = [(Sense.AFFIRMATION, entry) for entry in language.affirmations] + [(Sense.REFUSAL, e) for e in language.refusals]
    return Lexicon(
        [(Sense.NEGATION, entry) for entry in language.negations]
        + [(Sense.NEUTRAL, entry) for entry in language.neutral]
        + [(Sense.QUESTION, entry) for entry in language.question_tails]
        + answers,
        answers,
        Nearness(language.near),
    )
