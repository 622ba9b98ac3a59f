"""Verdicts: met, not met or not evidenced, with the stretch of the recording that shows it.

"Not evidenced" is an honest answer and never counts as met. Reasons are codes, rendered in the reader's language by whoever
shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The three answers."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_EVIDENCED = "not_evidenced"


class Basis(StrEnum):
    """What the answer rests on."""

    AUTOMATED = "automated"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch [from_ms, to_ms) of `track` that shows the answer, and the finding that led there ("" for an event)."""

    track: str
    from_ms: int
    to_ms: int
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code of `specs/verdicts.md`, where to look, and what it is about (phrase id, track, number)."""

    code: str
    track: str
    from_ms: int
    to_ms: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class ObligationVerdict:
    """The answer for one obligation of the plan."""

    obligation: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ClauseVerdict:
    """The answer for one clause: the worst of its obligations (not met, then not evidenced, then met)."""

    pack: str
    clause: str
    verdict: Verdict
    basis: Basis
    confidence: str
    mark: str
    evidence: tuple[Evidence, ...]
    reasons: tuple[Reason, ...]
    obligations: tuple[ObligationVerdict, ...]
