"""The findings document: `specs/findings.md`, `jianlu/findings/v1`. One canonical JSON document per inspector and case.

Parsing accepts nothing but that canonical form; whether an engine was right is not for a format to say.
"""

from __future__ import annotations

from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, listed, parse_canonical
from jianlu.core.limits import FINDINGS_MAX
from jianlu.core.terms.digests import is_digest
from jianlu.core.terms.findings import Coverage, Engine, Finding, FindingKind, Inspection, Inspector, Status

FORMAT = "jianlu/findings/v1"


def findings_bytes(inspection: Inspection) -> bytes:
    """The canonical document of `inspection`; raises InvalidError when it would not parse back."""
    content = canonical_bytes(
        {
            "format": FORMAT,
            "inspector": inspection.inspector.value,
            "status": inspection.status.value,
            "reason": inspection.reason,
            "engine": _engine_fields(inspection.engine),
            "covered": [[c.track, c.from_ms, c.to_ms] for c in inspection.covered],
            "findings": [_finding_fields(finding) for finding in inspection.findings],
        }
    )
    parse_findings(content)
    return content


def parse_findings(content: bytes) -> Inspection:
    """The inspection that `content` records; raises InvalidError for anything else."""
    fields = parse_canonical(content)
    try:
        if fields["format"] != FORMAT or len(fields) != 7 or len(fields["findings"]) > FINDINGS_MAX:
            raise InvalidError("not a version 1 findings document")
        return Inspection(
            inspector=Inspector(fields["inspector"]),
            status=Status(fields["status"]),
            reason=_text(fields["reason"]),
            engine=_engine(fields["engine"]),
            covered=tuple(Coverage(_text(t), *_range(a, b)) for t, a, b in listed(fields["covered"])),
            findings=tuple(_finding(entry) for entry in listed(fields["findings"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("a findings document lacks a field or has one of the wrong form") from error


def _engine_fields(engine: Engine) -> dict[str, str]:
    return {"name": engine.name, "version": engine.version, "model": engine.model_digest}


def _engine(fields: Any) -> Engine:
    if len(fields) != 3:
        raise InvalidError("an engine has a name, a version and a model")
    model = _text(fields["model"])
    if model and not is_digest(model):
        raise InvalidError("an engine's model must be named by SHA-256")
    return Engine(_text(fields["name"]), _text(fields["version"]), model)


def _finding_fields(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "kind": finding.kind.value,
        "track": finding.track,
        "from_ms": finding.from_ms,
        "to_ms": finding.to_ms,
        "score": finding.score,
        "threshold": finding.threshold,
        "engine": _engine_fields(finding.engine),
        "value": dict(finding.value),
    }


def _finding(fields: Any) -> Finding:
    if len(fields) != 9 or not isinstance(fields["value"], dict):
        raise InvalidError("a finding has the wrong fields")
    from_ms, to_ms = _range(fields["from_ms"], fields["to_ms"])
    return Finding(
        id=_text(fields["id"]),
        kind=FindingKind(fields["kind"]),
        track=_text(fields["track"]),
        from_ms=from_ms,
        to_ms=to_ms,
        score=_whole(fields["score"]),
        threshold=_whole(fields["threshold"]),
        engine=_engine(fields["engine"]),
        value=fields["value"],
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidError("a text is expected")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidError("a whole number is expected")
    return value


def _range(from_ms: Any, to_ms: Any) -> tuple[int, int]:
    if not 0 <= _whole(from_ms) <= _whole(to_ms):
        raise InvalidError("a time range must be 0 <= from <= to")
    return from_ms, to_ms
