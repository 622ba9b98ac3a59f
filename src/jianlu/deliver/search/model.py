"""The nouns of search: what is entered of a case, what is asked, and what is answered. Frozen values only.

What matches is defined in `matching.py` and nowhere else: the index and a reading of every transcript must give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jianlu.core.phrases.model import Passage

QUERY_CHARACTERS_MAX = 200
TERMS_MAX = 12
"""Phrases of one query: more is no question but an attack on the index."""

PAGE_HITS = 20
"""Cases on one page of results: each costs an opened key."""

PAGES_MAX = 500
"""Ten thousand results: whoever turns further should ask a narrower question."""


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance as it is shown: on which track, when in session time, its text and language."""

    track: str
    lang: str
    from_ms: int
    to_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What search knows of a case: plain facts for filters, sealed particulars for the page, and everything that was said.

    `began_at` is the instant by which "when" is asked and results are ordered; `people` are names with telephone numbers, none of which
    is kept in the clear; `verdicts` are clause key and verdict; tokens of `passages` name lines by their place in `lines`.
    """

    case: str
    began_at: str
    agent: str = ""
    created_by: str = ""
    product: str = ""
    scene: str = ""
    language: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)
    people: tuple[tuple[str, str], ...] = ()
    verdicts: tuple[tuple[str, str], ...] = ()
    lines: tuple[Line, ...] = ()
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked; every part that is not empty must hold.

    `text` is what was said (`matching.read_question`); with `near` sounds that speakers exchange count too; with `speaker` only what
    was said on the track of that name. `customer` is a whole name,
    a telephone number or its last four digits; `from_at` is the first instant, `until_at` the first one after.
    """

    text: str = ""
    near: bool = False
    speaker: str = ""
    customer: str = ""
    number: str = ""
    agent: str = ""
    product: str = ""
    scene: str = ""
    from_at: str = ""
    until_at: str = ""
    clause: str = ""
    verdict: str = ""
    newest_first: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line in which something was found: when the first found word is said, and which characters to mark."""

    line: Line
    at_ms: int
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A case that was found: how often the words are in it, and the first lines that hold them."""

    case: str
    began_at: str
    agent: str
    product: str
    scene: str
    card: Mapping[str, Any]
    verdicts: tuple[tuple[str, str], ...]
    count: int
    excerpts: tuple[Excerpt, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found; `total` counts every case that fits and that the asker may see.

    By cursor `next` is that of the page behind, empty on the last; `page` and `pages` are 0 then.
    """

    hits: tuple[Hit, ...]
    total: int
    page: int
    pages: int
    next: str = ""
