"""What a question means, and when something said answers it: the one definition that index, excerpts and tests share.

Words are compared as the tokens of `govern/wording`, those in which plans listen: toneless syllables, simplified and half-width before
that, numbers in one reading. A question in Chinese is answered by lines in Chinese, one without Chinese characters by English ones too.

- Spaces part terms; a case answers when every term is said in it, in one language. What stands in quotation marks is one term.
- A term is said where its tokens follow each other in one passage (`core/phrases/passages.py`): across a comma, not across a silence.
- A number in the question is said where that whole number is: 15 is not in 25. Pinyin without digits also matches numbers.
- Latin letters that can be read as pinyin are: `tou bao`, `toubao` and 投保 find the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice, product

from pypinyin import lazy_pinyin

from jianlu.core.errors import InvalidError
from jianlu.core.phrases.model import NUMBER_MARK, plain
from jianlu.core.phrases.nearness import Nearness
from jianlu.deliver.search.model import QUERY_CHARACTERS_MAX, TERMS_MAX
from jianlu.govern.wording.tokens import tokens_of

READINGS_MAX = 16
"""Ways to part run-together pinyin into syllables that are tried: `fangan` has two, nothing that people type has more than a few."""

_TOKENS_MAX = 40
_SYLLABLE_MAX = 6
_VOWELS = frozenset("aeiouv")
_PART = re.compile(r'"([^"]*)"?|(\S+)')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "「": '"', "」": '"', "『": '"', "』": '"'})
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇]")
_LATIN = re.compile(r"[A-Za-züÜ']+")


@dataclass(frozen=True, slots=True)
class Slot:
    """One token of a phrase: which tokens fill it, and whether they must be part of a number."""

    tokens: tuple[str, ...]
    is_number: bool = False

    def takes(self, heard: str) -> bool:
        """Whether the token that was heard fills it."""
        return plain(heard) in self.tokens and (not self.is_number or heard.startswith(NUMBER_MARK))


Phrase = tuple[Slot, ...]
Term = tuple[Phrase, ...]
"""Readings of what was typed, any of which will do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as one language reads it: every term must be said in it."""

    lang: str
    terms: tuple[Term, ...]


def read_question(text: str, near: Nearness | None = None) -> tuple[Reading, ...]:
    """The readings of `text`, any of which answers; with `near`, Chinese tokens that sound alike fill its slots too.

    InvalidError when there is nothing to look for in it, or too much.
    """
    if len(text) > QUERY_CHARACTERS_MAX:
        raise InvalidError(f"a search text has at most {QUERY_CHARACTERS_MAX} characters: shorten it")
    parts = [(found[1] if found[1] is not None else found[2], found[1] is not None) for found in _PART.finditer(_straight(text))]
    readings = [Reading("zh", _chinese(parts, near))]
    if not _HAN.search(text):
        readings.append(Reading("en", tuple(_told([tuple(tokens_of(part, "en"))], None) for part, _ in parts)))
    kept = tuple(Reading(r.lang, terms) for r in readings if (terms := tuple(term for term in r.terms if term)))
    if not kept:
        raise InvalidError("there is no word in the search text: write what was said")
    if any(len(reading.terms) > TERMS_MAX or _length(reading) > _TOKENS_MAX for reading in kept):
        raise InvalidError("the search text has too many words: leave out those that every session has")
    return kept


def places_in(tokens: Sequence[str], term: Term) -> list[tuple[int, int]]:
    """Where in the tokens of one passage the term is said: half-open ranges of tokens, in order, each beginning once."""
    found: dict[int, int] = {}
    words = [token.removeprefix(NUMBER_MARK) for token in tokens]
    for phrase in term:
        for start in range(len(tokens) - len(phrase) + 1):
            if words[start] not in phrase[0].tokens:
                continue
            end = start + len(phrase)
            if all(map(Slot.takes, phrase, tokens[start:end])) and not _goes_on(tokens, start, end, phrase):
                found[start] = max(found.get(start, 0), end)
    return sorted(found.items())


def _goes_on(tokens: Sequence[str], start: int, end: int, phrase: Phrase) -> bool:
    """Whether a number at the phrase's edge is only part of the number that was said."""
    before, after = tokens[start - 1 : start] if start else (), tokens[end : end + 1]
    is_longer = phrase[0].is_number and any(token.startswith(NUMBER_MARK) for token in before)
    return is_longer or (phrase[-1].is_number and any(token.startswith(NUMBER_MARK) for token in after))


def _straight(text: str) -> str:
    return text.translate(_QUOTES)


def _length(reading: Reading) -> int:
    return sum(max(len(phrase) for phrase in term) for term in reading.terms)


def _chinese(parts: Sequence[tuple[str, bool]], near: Nearness | None) -> tuple[Term, ...]:
    """Runs of parts that can be read as pinyin are one term; everything else is a term by itself."""
    terms: list[Term] = []
    for is_pinyin, run in groupby(parts, key=lambda part: _LATIN.fullmatch(part[0]) is not None and bool(_syllables_of(part[0]))):
        if is_pinyin:
            terms.append(_told(_pinyin_readings([part for part, _ in run]), near))
        else:
            terms += [_told(_plain_readings(part, is_quoted), near) for part, is_quoted in run]
    return tuple(terms)


def _plain_readings(part: str, is_quoted: bool) -> list[tuple[str, ...]]:
    words = part.split()
    if is_quoted and words and all(_LATIN.fullmatch(word) and _syllables_of(word) for word in words):
        return _pinyin_readings(words)
    return [tuple(tokens_of(part, "zh"))]


def _pinyin_readings(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Of words that can all be read as pinyin: as syllables, and as the words that they are. Whoever sets spaces has parted syllables."""
    ways = [((word.lower(),),) if len(words) > 1 and word.lower() in _all_syllables() else _syllables_of(word) for word in words]
    readings = [tuple(s for way in each for s in way) for each in islice(product(*ways), READINGS_MAX)]
    return [*readings, tuple(word.lower() for word in words)]


def _told(readings: Iterable[tuple[str, ...]], near: Nearness | None) -> Term:
    phrases = (tuple(_slot(token, near) for token in tokens) for tokens in dict.fromkeys(readings) if tokens)
    return tuple(phrases)


def _slot(token: str, near: Nearness | None) -> Slot:
    is_number = token.startswith(NUMBER_MARK)
    word = plain(token)
    return Slot(tuple(sorted(near.near_to(word))) if near is not None and not is_number else (word,), is_number)


@lru_cache(maxsize=1024)
def _syllables_of(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read a Latin word as toneless syllables, those of fewest syllables first; none when it cannot be."""
    word = word.lower().replace("ü", "v").replace("'", " ")
    ways = list(islice(product(*(sorted(_parted(piece, 0), key=len) for piece in word.split())), READINGS_MAX))
    return tuple(tuple(syllable for piece in way for syllable in piece) for way in ways if way)


def _parted(piece: str, start: int) -> Iterator[tuple[str, ...]]:
    if start == len(piece):
        yield ()
        return
    for end in range(min(len(piece), start + _SYLLABLE_MAX), start, -1):
        if piece[start:end] in _all_syllables():
            yield from ((piece[start:end], *rest) for rest in islice(_parted(piece, end), READINGS_MAX))


@lru_cache(maxsize=1)
def _all_syllables() -> frozenset[str]:
    """Every toneless syllable of the dictionary that transcripts are written with."""
    han = "".join(chr(code) for code in range(0x4E00, 0x9FA6))
    heard = (syllable for char in han for syllable in lazy_pinyin(char))
    return frozenset(s for s in heard if s.isascii() and s.isalpha() and len(s) <= _SYLLABLE_MAX and _VOWELS.intersection(s))
