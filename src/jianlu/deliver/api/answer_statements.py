"""What answers about stated days hold: the terms of a case as they are now, and what two people state.

Models only; the documents are made in `statements.py`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from jianlu.deliver.api.answer_checks import Answer, Words


class StartEntry(Answer):
    """A day that a part waits for, with the longest term that begins with it; `day` is empty until it is stated."""

    trigger: str
    title: Words
    months: int
    counts: bool
    clause: str
    day: str


class PartEntry(Answer):
    """A part of the case: the end that was set when it was closed, the end by what is stated now, and what it waits for."""

    part: str
    title: Words
    set_until: str
    until: str
    clause: str
    starts: list[StartEntry]


class WaitEntry(Answer):
    """A trigger that any term of the case waits for; `day` is empty until it is stated."""

    trigger: str
    title: Words
    day: str


class StatementEntry(Answer):
    """A day as it was stated: by whom, who approved, on what document; `replaces` is the day before, if there was one."""

    statement: str
    trigger: str
    title: Words
    day: str
    replaces: str
    evidence: str
    evidence_digest: str
    reason: str
    by_name: str
    second_name: str
    at: str


class CaseTerms(Answer):
    """The terms of a case: until when it is kept as a whole, by which clause, and by which parts and statements."""

    case: str
    until: str
    clause: str
    parts: list[PartEntry]
    waits: list[WaitEntry]
    statements: list[StatementEntry]


class LineEntry(Answer):
    """One day of a sheet. The number is masked where the caller sees no numbers."""

    case: str
    number: str
    trigger: str
    title: Words
    day: str
    evidence: str
    evidence_digest: str
    is_recorded: bool


class SheetEntry(Answer):
    """Days that one decision states: who asked when and why, and how far the decision is."""

    sheet: str
    request: str
    state: Literal["asked", "approved", "refused", "over", "recorded"]
    reason: str
    asked_by_name: str
    decided_by_name: str
    asked_at: str
    is_own: bool
    lines: list[LineEntry]


class SheetList(Answer):
    """The newest sheets."""

    statements: list[SheetEntry]


class LineOutcomeEntry(Answer):
    """What became of a line: empty `why` and `code` when its day is in the ledger."""

    case: str
    trigger: str
    why: str
    code: str


class SheetRecorded(Answer):
    """What became of each line that was approved."""

    sheet: str
    outcomes: list[LineOutcomeEntry]


STATEMENT_ANSWERS: dict[str, type[BaseModel] | tuple[type[BaseModel], ...]] = {
    "GET /api/v1/cases/{case}/terms": CaseTerms,
    "GET /api/v1/statements": SheetList,
    "POST /api/v1/statements": SheetEntry,
    "POST /api/v1/cases/{case}/statements": SheetEntry,
    "POST /api/v1/statements/{sheet}/record": SheetRecorded,
}
