"""What a report is made from, and the content that both renderers are given: plain text in the reader's language, no markup.

Frozen values only; putting a case into them is `content.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Script
from jianlu.core.terms.findings import Inspection
from jianlu.core.terms.verdicts import ClauseVerdict

LANGS = ("zh", "en")


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """The sealed documents of a case and what a package adds: when it was made and by which ledger and verifier it is checked.

    A live session has its script, and what was written in it by the object that holds each message.
    """

    tenant: str
    case: str
    plan: Plan
    events: Sequence[Event]
    inspections: Sequence[Inspection]
    clauses: Sequence[ClauseVerdict]
    created_at: str
    ledger: str
    tree_size: int
    root: str
    verifier_digest: str
    script: Script | None = None
    messages: Mapping[str, str] = field(default_factory=dict)
    stamps: Sequence[tuple[str, str]] = ()
    """Authority and instant of each token in the package that covers the whole case."""

    witnesses: Sequence[str] = ()
    """Those who cosigned an anchor in the package that covers the whole case."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of the recording: as text, and its start in seconds for a link."""

    text: str
    seconds: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Words as the recogniser wrote them: when, who, what."""

    when: Moment
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A judged thing: what was demanded, by what, the answer and why. `verdict` is the code, for colour; `answer` the word."""

    title: str
    basis: str
    verdict: str
    answer: str
    when: tuple[Moment, ...]
    heard: tuple[Heard, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table; a line break in a cell is kept."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part: an introduction, then rows, a table, words heard or paragraphs, whichever it has."""

    id: str
    title: str
    intro: str = ""
    rows: tuple[Row, ...] = ()
    table: Table | None = None
    heard: tuple[Heard, ...] = ()
    paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The whole report in one language; `verdict` is "complete" or "incomplete", `created_at` an instant and `made` the same for people."""

    lang: str
    title: str
    subtitle: str
    created_at: str
    verdict: str
    conclusion: str
    counts: tuple[tuple[str, str, str], ...]
    cover: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    signatures: tuple[str, ...]
    made: str
    footer: str
    page_word: str
