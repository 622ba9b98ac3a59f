"""The verdicts document: `specs/verdicts.md`, `jianlu/verdicts/v1`. One canonical JSON document per case.

A verifier does not believe it: it recomputes the verdicts by `core.verdicts` and compares the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, listed, parse_canonical
from jianlu.core.terms.verdicts import Basis, ClauseVerdict, Evidence, ObligationVerdict, Reason, Verdict

FORMAT = "jianlu/verdicts/v1"


def verdicts_bytes(verdicts: Sequence[ClauseVerdict]) -> bytes:
    """The canonical document of `verdicts`, in their order; raises InvalidError when it would not parse back."""
    content = canonical_bytes({"format": FORMAT, "clauses": [_clause_fields(verdict) for verdict in verdicts]})
    parse_verdicts(content)
    return content


def parse_verdicts(content: bytes) -> tuple[ClauseVerdict, ...]:
    """The verdicts that `content` records; raises InvalidError for anything but a well-formed version 1 document."""
    fields = parse_canonical(content)
    try:
        if not isinstance(fields, dict) or set(fields) != {"format", "clauses"} or fields["format"] != FORMAT:
            raise InvalidError("not a version 1 verdicts document")
        clauses = tuple(_clause(entry) for entry in listed(fields["clauses"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("a verdicts document lacks a field or has one of the wrong form") from error
    if len({(clause.pack, clause.clause) for clause in clauses}) != len(clauses):
        raise InvalidError("a verdicts document answers a clause twice")
    return clauses


def _clause_fields(verdict: ClauseVerdict) -> dict[str, Any]:
    return {
        "pack": verdict.pack,
        "clause": verdict.clause,
        "verdict": verdict.verdict.value,
        "basis": verdict.basis.value,
        "confidence": verdict.confidence,
        "mark": verdict.mark,
        "evidence": [_evidence_fields(evidence) for evidence in verdict.evidence],
        "reasons": [_reason_fields(reason) for reason in verdict.reasons],
        "obligations": [
            {
                "obligation": answer.obligation,
                "verdict": answer.verdict.value,
                "evidence": [_evidence_fields(evidence) for evidence in answer.evidence],
                "reasons": [_reason_fields(reason) for reason in answer.reasons],
            }
            for answer in verdict.obligations
        ],
    }


def _evidence_fields(evidence: Evidence) -> dict[str, Any]:
    return {"track": evidence.track, "from_ms": evidence.from_ms, "to_ms": evidence.to_ms, "finding": evidence.finding}


def _reason_fields(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "track": reason.track, "from_ms": reason.from_ms, "to_ms": reason.to_ms, "about": reason.about}


def _clause(entry: Any) -> ClauseVerdict:
    _check_fields(entry, 9)
    return ClauseVerdict(
        pack=_text(entry["pack"]),
        clause=_text(entry["clause"]),
        verdict=Verdict(entry["verdict"]),
        basis=Basis(entry["basis"]),
        confidence=_text(entry["confidence"]),
        mark=_text(entry["mark"]),
        evidence=tuple(_evidence(found) for found in listed(entry["evidence"])),
        reasons=tuple(_reason(found) for found in listed(entry["reasons"])),
        obligations=tuple(_obligation(found) for found in listed(entry["obligations"])),
    )


def _obligation(entry: Any) -> ObligationVerdict:
    _check_fields(entry, 4)
    return ObligationVerdict(
        obligation=_text(entry["obligation"]),
        verdict=Verdict(entry["verdict"]),
        evidence=tuple(_evidence(found) for found in listed(entry["evidence"])),
        reasons=tuple(_reason(found) for found in listed(entry["reasons"])),
    )


def _evidence(entry: Any) -> Evidence:
    _check_fields(entry, 4)
    return Evidence(_text(entry["track"]), *_range(entry), _text(entry["finding"]))


def _reason(entry: Any) -> Reason:
    _check_fields(entry, 5)
    return Reason(_text(entry["code"]), _text(entry["track"]), *_range(entry), _text(entry["about"]))


def _check_fields(entry: Any, count: int) -> None:
    if not isinstance(entry, dict) or len(entry) != count:
        raise InvalidError("a verdict has missing or unknown fields")


def _range(entry: Any) -> tuple[int, int]:
    from_ms, to_ms = entry["from_ms"], entry["to_ms"]
    if any(not isinstance(ms, int) or isinstance(ms, bool) for ms in (from_ms, to_ms)) or not 0 <= from_ms <= to_ms:
        raise InvalidError("a time range must be 0 <= from <= to")
    return from_ms, to_ms


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidError("a text is expected")
    return value
