"""What was found, as text that the home's package key signs, and reading it back: `specs/assessment.md`.

The text is a note (C2SP signed-note), so that any reader of notes can check who signed; each line of an answer is canonical JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jianlu.core.errors import InvalidError, JianluError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.note import VerifierKey, verify_note
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.entry.assess import compliance, performance, security
from jianlu.entry.assess.model import Answer, Examined, Found, Question, not_evidenced
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import sign_note

FORMAT = "jianlu-assessment v1"
QUESTIONS = (*security.QUESTIONS, *compliance.QUESTIONS, *performance.QUESTIONS)
_HEAD_LINES = 4
_FIELDS = {"answer", "figures", "question", "reason"}


@dataclass(frozen=True, slots=True)
class Line:
    """A question by its name and what was found."""

    question: str
    found: Found


@dataclass(frozen=True, slots=True)
class Statement:
    """Which tenant's home was looked at, when, by which version of the program, and what was found."""

    tenant: str
    at: datetime
    version: str
    lines: tuple[Line, ...]

    def count(self, answer: Answer) -> int:
        """How many lines have that answer."""
        return sum(line.found.answer is answer for line in self.lines)


def assess(home: Examined, version: str, questions: Sequence[Question] = QUESTIONS) -> Statement:
    """Look now. What cannot be looked at is not evidenced, with the error's own words: an assessment never stops at a fault."""
    at = home.identity.clock.now()
    return Statement(home.tenant, at, version, tuple(Line(each.name, _look(each, home)) for each in questions))


def _look(question: Question, home: Examined) -> Found:
    try:
        return question.look(home)
    except JianluError as error:
        return not_evidenced(" ".join(f"could not be looked at: {error}".split()))


def sign(statement: Statement, signer: Signer) -> bytes:
    """The note; InvalidError when a value cannot be in one."""
    head = (FORMAT, statement.tenant, instant_text(statement.at), statement.version)
    lines = [canonical_bytes(_document(line)).decode() for line in statement.lines]
    return sign_note("".join(f"{line}\n" for line in (*head, *lines)), signer)


def read(note: bytes, keys: Sequence[VerifierKey]) -> tuple[Statement, str]:
    """The statement of a note and the name of the key among `keys` that signed it.

    IntegrityError when none did or the text was altered, InvalidError when it is no assessment.
    """
    verified = verify_note(note, keys)
    lines = verified.text.splitlines()
    if len(lines) < _HEAD_LINES or lines[0] != FORMAT:
        raise InvalidError(f"this note is no assessment: its first line is not {FORMAT!r}")
    found = tuple(_line(parse_canonical(line.encode())) for line in lines[_HEAD_LINES:])
    return Statement(lines[1], parse_instant(lines[2]), lines[3], found), verified.signatures[0].name


def _document(line: Line) -> dict[str, Any]:
    found = line.found
    return {"question": line.question, "answer": found.answer.value, "figures": dict(found.figures), "reason": found.reason}


def _line(document: Any) -> Line:
    if not isinstance(document, dict) or document.keys() != _FIELDS:
        raise InvalidError(f"a line of an assessment has the fields {', '.join(sorted(_FIELDS))}")
    question, reason, figures = document["question"], document["reason"], document["figures"]
    is_formed = isinstance(question, str) and isinstance(reason, str) and isinstance(figures, Mapping)
    if not is_formed or not all(isinstance(each, int | str) for each in figures.values()):
        raise InvalidError("a line of an assessment has texts, and numbers or texts as figures")
    if document["answer"] not in set(Answer):
        raise InvalidError(f"an answer is one of {', '.join(Answer)}")
    return Line(question, Found(Answer(document["answer"]), figures, reason))
