"""Transcripts: from a recogniser's words to the text and the dated tokens of an utterance.

Text is simplified Chinese or English as heard; tokens are what phrases are matched in (`jianlu.govern.wording`): toneless
syllables or lower-case words, each with the time of its characters and the score of its word. No phrase is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opencc import OpenCC

from jianlu.govern.wording.tokens import token_spans
from jianlu.process.inspectors.ports import HeardWord


@dataclass(frozen=True, slots=True)
class _Character:
    """Where a character of the text lies in time."""

    from_ms: int
    to_ms: int
    score: int


class Transcriber:
    """Writes utterances in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._simplify = OpenCC("t2s") if lang == "zh" else None

    def utterance(self, words: Sequence[HeardWord]) -> dict[str, Any] | None:
        """The value of an UTTERANCE finding for `words` in time order; None when they hold nothing that can be spoken."""
        text, characters = self._laid_out(words)
        tokens = []
        for token, start, end in token_spans(text, self.lang):
            span = characters[start:end]
            if span:
                score = min(character.score for character in span)
                tokens.append((token, span[0].from_ms, span[-1].to_ms, score, start, end))
        if not tokens:
            return None
        return {"lang": self.lang, "text": text.strip(), "tokens": _spread(tokens)}

    def _laid_out(self, words: Sequence[HeardWord]) -> tuple[str, list[_Character]]:
        """The text, simplified, and the time of each of its characters: a word's time in equal parts."""
        heard = [word.text for word in words]
        simple = [self._simplified(text) for text in heard]
        whole = self._simplified("".join(heard))
        if len(whole) == sum(map(len, simple)):  # with its context, which decides between readings of one character
            at = 0
            for number, text in enumerate(simple):
                simple[number] = whole[at : at + len(text)]
                at += len(text)
        characters: list[_Character] = []
        for word, text in zip(words, simple, strict=True):
            characters.extend(_parts(word, len(text)))
        return "".join(simple), characters

    def _simplified(self, text: str) -> str:
        return text if self._simplify is None else str(self._simplify.convert(text))


def _parts(word: HeardWord, count: int) -> list[_Character]:
    """`count` equal parts of a word's time."""
    edges = [word.from_ms + (word.to_ms - word.from_ms) * number // max(1, count) for number in range(count + 1)]
    return [_Character(edges[number], edges[number + 1], word.score) for number in range(count)]


def _spread(tokens: Sequence[tuple[str, int, int, int, int, int]]) -> list[list[Any]]:
    """Tokens that share their characters (a numeral's reading) divide the time between them."""
    spread: list[list[Any]] = []
    number = 0
    while number < len(tokens):
        sharing = 1
        while number + sharing < len(tokens) and tokens[number + sharing][4:] == tokens[number][4:]:
            sharing += 1
        _, from_ms, to_ms, score, _, _ = tokens[number]
        for part in range(sharing):
            edges = [from_ms + (to_ms - from_ms) * edge // sharing for edge in (part, part + 1)]
            spread.append([tokens[number + part][0], *edges, score])
        number += sharing
    return spread
