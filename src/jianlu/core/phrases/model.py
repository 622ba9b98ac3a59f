"""The words of phrase matching: heard tokens, passages of speech, and the costs and reaches that every implementation shares.

Source of every number: `specs/findings.md`, version 1. No matching here; a change of a number is a change of the engine's version.
"""

from __future__ import annotations

from dataclasses import dataclass

ENGINE_NAME = "jianlu.phrases"
ENGINE_VERSION = "1"

NUMBER_MARK = "#"
"""First character of a token that is part of a spoken number: "15 days" and "50 days" differ by one syllable, so numbers match exactly."""

UNIT = 4
"""Cost of one inserted, missing or different token."""

NEAR = 1
"""Cost of a token that sounds alike (the plan's near pairs), or of a number's syllable that was not written as a number."""

SHORT_TOKENS = 3
"""Phrases of so few tokens match exactly or with near tokens only: one different syllable out of three is another word."""

PASSAGE_PAUSE_MS = 3000
"""A silence longer than this ends a passage: no phrase is heard across it."""

REACH_PAUSE_MS = 700
"""A question word does not act across a silence longer than this (a full stop; a comma is about half of it)."""

DENIAL_PAUSE_MS = 400
"""A denial does not act across a silence longer than this, nor across the end of an utterance: there another sentence begins."""

QUESTION_REACH = 4
"""Tokens between a phrase and the question word that belongs to it (`是不是`, `... 的吗`)."""

CLOSE_PAUSE_MS = 150
"""A pause that ends a sentence; inside one, recognisers report the words of fluent speech closer together."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One heard token: as spoken, in session time, with the recogniser's score, and the utterance (by position) it came from."""

    token: str
    from_ms: int
    to_ms: int
    score: int
    utterance: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Tokens of one track in one language without a long silence between them, in time order."""

    track: str
    lang: str
    heard: tuple[Heard, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens alone."""
        return tuple(heard.token for heard in self.heard)

    def reaches(self, left: int, right: int) -> bool:
        """Whether no long silence lies between tokens `left` and `right` (left <= right)."""
        return self._pause_ms(left, right) <= REACH_PAUSE_MS

    def is_one_sentence(self, left: int, right: int) -> bool:
        """Whether tokens `left` to `right` are of one utterance without a silence after which a denial no longer acts."""
        return self.heard[left].utterance == self.heard[right].utterance and self._pause_ms(left, right) <= DENIAL_PAUSE_MS

    def _pause_ms(self, left: int, right: int) -> int:
        return max((self.heard[i + 1].from_ms - self.heard[i].to_ms for i in range(left, right)), default=0)


@dataclass(frozen=True, slots=True)
class Match:
    """Tokens [first, last) of a passage that sound like variant `variant` of a phrase at `cost` (in quarters of a token)."""

    first: int
    last: int
    cost: int
    variant: int
    similarity: int


def plain(token: str) -> str:
    """`token` without the number mark."""
    return token[1:] if is_number(token) else token


def is_number(token: str) -> bool:
    """Whether `token` is part of a spoken number."""
    return token.startswith(NUMBER_MARK)
