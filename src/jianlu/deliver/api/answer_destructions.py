"""What answers about destruction hold: what is due, what two people decided, what became of it.

Models only; the documents are made in `destructions.py`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from jianlu.deliver.api.answer_checks import Answer


class TimeRead(Answer):
    """What day it is for those who destroy: `why` is empty when clock and ledger agree; `counts` is the instant that terms are held to."""

    why: Literal["", "moved", "behind", "ahead", "leapt", "empty", "unstamped"]
    clock: str
    ledger_at: str
    counts: str
    by: str


class DueEntry(Answer):
    """A case whose terms are over; one that is held stays. The number is masked where the caller sees no numbers."""

    case: str
    number: str
    until: str
    is_held: bool


Part = Literal["recording", "transcript", "findings", "biometric", "consent"]


class DuePartEntry(Answer):
    """A part of a case whose own term is over while the case is kept on, and the clause by which it was kept."""

    case: str
    number: str
    part: Part
    until: str
    clause: str
    is_held: bool


class NamedCase(Answer):
    """A case and its number, which is its reference once it is destroyed."""

    case: str
    number: str


class BatchEntry(Answer):
    """Cases that one decision destroys, or a part of each (empty for the whole): who asked when and why, and how far it is."""

    batch: str
    request: str
    state: Literal["asked", "approved", "refused", "over", "started"]
    part: Part | Literal[""]
    reason: str
    asked_by_name: str
    decided_by_name: str
    asked_at: str
    is_own: bool
    cases: list[NamedCase]


class StartedEntry(Answer):
    """A destruction that began: `state` is how far; `error` why it waits, where it does.

    `attested_by` is the authority whose time stamp was the first to cover its completion, `attested_at` the time that it says; both are
    empty where none does.
    """

    case: str
    part: Part | Literal[""]
    number: str
    until: str
    started_at: str
    state: Literal["waits", "goes_on", "failed", "completed"]
    error: str
    attested_by: str
    attested_at: str


class RefusedEntry(Answer):
    """Somebody asked for the destruction of a case, or of a part, that may not be destroyed."""

    case: str
    part: Part | Literal[""]
    number: str
    reason: str
    at: str


class DestructionList(Answer):
    """Everything about destruction; `hidden` due cases are those that no page shows."""

    time: TimeRead
    due: list[DueEntry]
    due_parts: list[DuePartEntry]
    hidden: int
    batches: list[BatchEntry]
    started: list[StartedEntry]
    refused: list[RefusedEntry]


class OutcomeEntry(Answer):
    """What became of one case of a decision."""

    case: str
    outcome: Literal["started", "begun", "hold", "retention", "open", "clock"]


class DestructionBegun(Answer):
    """What became of each case that was approved."""

    batch: str
    outcomes: list[OutcomeEntry]


class PlaceLooked(Answer):
    """A place that was looked at: what it could have held, and what is left of it."""

    place: str
    named: int
    left: int


class AttestedTime(Answer):
    """A time stamp over the completed destruction, at `size` entries of the ledger: whose it is, and which time it says.

    `checked` when its signature leads to the certificates that this house names for the authority. `problem` says why it does not hold,
    and is empty when it does; then `at` is empty where the time cannot be read.
    """

    authority: str
    at: str
    size: int
    checked: bool
    problem: str


class Decided(Answer):
    """By which term, for what reason, by whom and when something was destroyed; `places` are those that were looked at when it was done."""

    until: str
    clause: str
    reason: str
    by_name: str
    second_name: str
    started_at: str
    completed_at: str
    places: list[PlaceLooked]


class PartDestruction(Decided):
    """How the destruction of one part of a case stands."""

    part: Part
    state: Literal["started", "completed"]


class CaseDestruction(Decided):
    """How the destruction of one case stands: `kept` while nobody started it.

    `stamps` are the time stamps that a certificate carries if it is asked for now, `unstamped` the authorities of this house of which none
    covers the completion yet. With neither, its time is evidenced by nobody else. `parts` are those that ended before the case.
    """

    case: str
    state: Literal["kept", "started", "completed"]
    stamps: list[AttestedTime]
    unstamped: list[str]
    refused: list[RefusedEntry]
    parts: list[PartDestruction]


class Extension(Answer):
    """Until which day the case is kept now."""

    case: str
    until: str


DESTRUCTION_ANSWERS: dict[str, type[BaseModel] | tuple[type[BaseModel], ...]] = {
    "GET /api/v1/destructions": DestructionList,
    "POST /api/v1/destructions": BatchEntry,
    "POST /api/v1/destructions/{batch}/start": DestructionBegun,
    "GET /api/v1/cases/{case}/destruction": CaseDestruction,
    "POST /api/v1/cases/{case}/retention": Extension,
}
