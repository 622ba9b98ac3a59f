"""What the search answers: cases that fit, and of each the first lines that hold what was asked.

The route is `search.py`; nothing is decided here.
"""

from __future__ import annotations

from typing import Literal

from jianlu.deliver.api.answer_checks import Answer
from jianlu.deliver.api.answer_review import CaseLinks


class FoundLine(Answer):
    """A line that holds what was asked: who says it, from when to when, at which millisecond the first found word begins.

    `marks` are ranges of characters of `text`, half-open; empty where the text cannot be laid over what was heard.
    """

    role: str
    lang: str
    from_ms: int
    to_ms: int
    at_ms: int
    text: str
    marks: list[list[int]]
    playback: str


class VerdictCounts(Answer):
    """How many clauses there are of each verdict."""

    met: int
    not_met: int
    not_evidenced: int


class FoundCase(Answer):
    """A case that fits. `count` is how often what was asked is said, `lines_total` in how many lines; `lines` are the first of them.

    Lines are withheld from those who may find the case and not play it.
    """

    case: str
    number: str
    title: str
    template: str
    product: str
    customer: str
    agent: str
    began_at: str
    state: str
    verdicts: VerdictCounts
    not_met: list[str]
    count: int
    lines_total: int
    lines: list[FoundLine]
    is_withheld: bool
    playback: str
    links: CaseLinks | None


class SearchResult(Answer):
    """One page of results: `total` counts every case that fits and that the caller may find; by cursor `next` is empty on the last."""

    hits: list[FoundCase]
    total: int
    page: int
    pages: int
    next: str
    order: Literal["hits", "newest"]
