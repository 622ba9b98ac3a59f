"""Text to tokens, for phrases and transcripts alike: what a plan listens for and what was heard are spelled the same way.

Chinese becomes toneless pinyin (ü is v), Latin words lower case; punctuation goes, numbers come in one reading and carry the
mark of `core.phrases.model.NUMBER_MARK`. The pinyin dictionary is pypinyin's, the simplification OpenCC's. No matching here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from opencc import OpenCC
from pypinyin import lazy_pinyin

from jianlu.core.errors import InvalidError
from jianlu.core.phrases.model import NUMBER_MARK
from jianlu.govern.wording.english import english_spans
from jianlu.govern.wording.numerals import Sign, spell_numbers

LANGUAGES = ("zh", "en")
"""Languages that have a spelling here."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
# pypinyin writes the hum 嗯 without a vowel; recognisers write it 嗯 or 恩.
_SYLLABLES = {"n": "en", "ng": "en", "m": "en", "hm": "heng", "hng": "heng"}


class TokenSpan(NamedTuple):
    """A token and the half-open range of characters of the source text that it stands for."""

    token: str
    start: int
    end: int


def tokens_of(text: str, lang: str) -> list[str]:
    """The tokens of `text` in `lang` ("zh" or "en"), in order; raises InvalidError for another language.

    The same number written in any way gives the same tokens. Text without words gives [].
    """
    return [span.token for span in token_spans(text, lang)]


def token_spans(text: str, lang: str) -> list[TokenSpan]:
    """As `tokens_of`, each with its characters in `text`; the syllables of one written number share its range.

    Ranges never go backwards. Raises InvalidError for a language without a spelling.
    """
    if lang == "zh":
        return _chinese_spans(text)
    if lang == "en":
        return [TokenSpan(*span) for span in english_spans(text)]
    raise InvalidError(f"there is no spelling for the language {lang!r}: use one of {', '.join(LANGUAGES)}")


def token_ranges(text: str, lang: str) -> list[tuple[int, int]]:
    """The ranges of `token_spans` without their tokens, which costs a fraction: for marking what is known to be there."""
    if lang != "zh":
        return [(span.start, span.end) for span in token_spans(text, lang)]
    signs = spell_numbers(_folded(text))
    reading = "".join(sign.char for sign in signs)
    words = {word.start(): word.end() for word in _WORD.finditer(reading)}
    ranges = [(signs[start].start, signs[end - 1].end) for start, end in words.items()]
    return sorted(ranges + [(sign.start, sign.end) for sign in signs if _HAN.match(sign.char)])


def normalise(text: str, lang: str) -> str:
    """`text` as it is read aloud: simplified, half-width, numbers in words; idempotent. Raises InvalidError as `tokens_of`."""
    if lang == "zh":
        return "".join(sign.char for sign in spell_numbers(_folded(text)))
    return " ".join(token.removeprefix(NUMBER_MARK) for token in tokens_of(text, lang))


def _chinese_spans(text: str) -> list[TokenSpan]:
    signs = spell_numbers(_folded(text))
    reading = "".join(sign.char for sign in signs)
    spans: list[TokenSpan] = []
    at = 0
    while at < len(signs):
        if word := _WORD.match(reading, at):
            spans.append(TokenSpan(word[0], signs[at].start, signs[word.end() - 1].end))
            at = word.end()
        elif _HAN.match(reading[at]):
            end = at
            while end < len(signs) and _HAN.match(reading[end]):
                end += 1
            spans += _syllables(signs[at:end])
            at = end
        else:
            at += 1
    return spans


def _syllables(signs: list[Sign]) -> list[TokenSpan]:
    syllables = lazy_pinyin("".join(sign.char for sign in signs), errors=_as_they_are)
    return [
        TokenSpan((NUMBER_MARK if sign.number else "") + _SYLLABLES.get(syllable, syllable), sign.start, sign.end)
        for sign, syllable in zip(signs, syllables, strict=True)
    ]


def _as_they_are(chars: str) -> str:
    """Characters without a reading stand for themselves; pypinyin takes a list as one entry per character."""
    return list(chars)  # type: ignore[return-value]


def _folded(text: str) -> list[Sign]:
    """Characters of `text` in half width, lower case and simplified script, each with its place in `text`."""
    signs = [
        Sign(char, place, place + 1, False)
        for place, source in enumerate(text)
        for char in unicodedata.normalize("NFKC", source).lower().replace("’", "'")
    ]
    together = "".join(sign.char for sign in signs)
    simple = _simplified()(together)
    if len(simple) != len(together):  # a phrase that OpenCC would shorten or lengthen: go character by character
        simple = "".join(changed if len(changed := _simplified()(char)) == 1 else char for char in together)
    return [Sign(char, sign.start, sign.end, False) for char, sign in zip(simple, signs, strict=True)]


@lru_cache(maxsize=1)
def _simplified() -> Callable[[str], str]:
    converter = OpenCC("t2s")
    return lambda text: str(converter.convert(text))
