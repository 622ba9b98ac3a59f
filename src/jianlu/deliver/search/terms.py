"""What a case is filed under: the tokens said in it as postings, and its people and verdicts as terms of the same kind.

Names, telephone numbers and verdicts stand at the case's first position, where nothing is said, under firsts that begin with `=`; so
they are as unreadable at rest as the words. English tokens carry `~`; where
numbers are said is filed once more, by itself. A case's passages lie speaker by speaker, and where each begins to be heard is filed too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jianlu.core.phrases.model import NUMBER_MARK, Passage, plain
from jianlu.deliver.search.model import Entry
from jianlu.deliver.search.postings import END, Lists, Pair, lists_of
from jianlu.govern.wording.tokens import tokens_of

LANGUAGE_MARKS = {"zh": "", "en": "~"}
VOICES: Pair = ("=voices", END)
"""Under what is filed where any speaker of a case begins to be heard."""

TAIL_DIGITS = 4
"""Of a telephone number, what people remember and say."""

_PHONE_DIGITS_MIN = 5
_CHINA = "86"
_LOCAL_DIGITS = 11


class Filed(NamedTuple):
    """The lists of one or several cases from position 0, where each begins, and where the last one ends."""

    lists: Lists
    bases: list[int]
    length: int


def file_entries(entries: Sequence[Entry]) -> Filed:
    """The lists of `entries` laid end to end."""
    firsts: list[str] = []
    seconds: list[str] = []
    positions: list[int] = []
    bases: list[int] = []
    at = 0
    for entry in entries:
        bases.append(at)
        for pair in dict.fromkeys(_facts_of(entry)):
            firsts.append(pair[0])
            seconds.append(pair[1])
            positions.append(at)
        at += 1
        track = ""
        for passage in sorted(entry.passages, key=lambda each: each.track):
            if passage.track != track:
                track = passage.track
                firsts += [VOICES[0], voice_term(track)[0]]
                seconds += [END, END]
                positions += [at, at]
            _file_passage(passage, at, firsts, seconds, positions)
            at += len(passage.heard) + 1
    return Filed(lists_of(firsts, seconds, np.array(positions, dtype=np.int64)), bases, at)


def _file_passage(passage: Passage, at: int, firsts: list[str], seconds: list[str], positions: list[int]) -> None:
    mark = LANGUAGE_MARKS.get(passage.lang)
    if mark is None:
        return
    tokens = [mark + plain(heard.token) for heard in passage.heard]
    firsts += tokens
    seconds += [*tokens[1:], END]
    positions += range(at, at + len(tokens))
    for place, heard in enumerate(passage.heard):
        if heard.token.startswith(NUMBER_MARK):
            firsts.append(mark + NUMBER_MARK)
            seconds.append(END)
            positions.append(at + place)


def customer_terms(text: str) -> tuple[Pair, ...]:
    """The terms under any of which a customer is filed whom somebody calls `text`: a name, a telephone number, its last four digits."""
    digits = _digits(text)
    if digits and not any(char.isalpha() for char in text):
        return ((f"=tail:{digits}" if len(digits) == TAIL_DIGITS else f"=phone:{digits}", END),)
    return tuple(
        (term, END) for term in dict.fromkeys((f"=name:{_name(text)}", f"=sound:{_sound(text)}")) if not term.endswith(":")
    )


def voice_term(speaker: str) -> Pair:
    """The term of where that speaker, the name of a track, begins to be heard: to the next of `VOICES` all words are theirs."""
    return f"=voice:{_folded(speaker)}", END


def verdict_term(clause: str, verdict: str) -> Pair:
    """The term of that verdict on that clause, or on any when `clause` is empty."""
    return (f"=clause:{_folded(clause)}" if clause else "=verdict", verdict)


def _facts_of(entry: Entry) -> Iterator[Pair]:
    for name, phone in entry.people:
        yield from customer_terms(name)
        if len(digits := _digits(phone)) >= _PHONE_DIGITS_MIN:
            yield f"=phone:{digits}", END
            yield f"=tail:{digits[-TAIL_DIGITS:]}", END
    for clause, verdict in entry.verdicts:
        yield verdict_term(clause, verdict)
        yield verdict_term("", verdict)


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _name(text: str) -> str:
    """Letters alone: dots between parts of a name are written in many ways."""
    return "".join(char for char in _folded(text) if char.isalnum())


def _sound(name: str) -> str:
    return "".join(plain(token) for token in tokens_of(name, "zh"))


def _digits(text: str) -> str:
    digits = "".join(char for char in unicodedata.normalize("NFKC", text) if char.isascii() and char.isdigit())
    return digits.removeprefix(_CHINA) if len(digits) == _LOCAL_DIGITS + len(_CHINA) else digits
