"""The verifier's third face: a page in a browser, in which this very program runs (decision 0105).

The check is `check.check_package`, or `certificate.check_certificate` for a file that begins with a brace, the document is that of
`--json`, byte for byte. Beside it stand the words that a page shows, in both languages, as `render.py` and `render_certificate.py` say
them. Nothing is decided here, and nothing of this is read by the other two faces.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jianlu.core.errors import JianluError
from jianlu.core.formats.certificate import is_certificate
from jianlu.core.formats.note import VerifierKey, parse_verifier_key
from jianlu.core.limits import CERTIFICATE_BYTES_MAX
from jianlu.core.terms.verdicts import ClauseVerdict, Reason
from jianlu.core.verdicts.reasons import CODE_NAMES, reason_text, track_name
from jianlu.verify.certificate import CertificateResult, check_certificate
from jianlu.verify.check import check_package
from jianlu.verify.model import Problem, Result
from jianlu.verify.problems import TEXTS, Code
from jianlu.verify.render import LANGUAGES, render
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import parse_saved, parse_trust, read_bounded

Words = dict[str, str]


def answer_for_page(
    package: str, *, trust: bytes = b"", ledger_key: str = "", saved: bytes = b"", say: Callable[[str], None] | None = None
) -> str:
    """The result for the package or certificate at the path `package`, as JSON: `document` (what `--json` prints), `exit_code`, words.

    `trust` is the content of a trust file, `ledger_key` a vkey that the person has from elsewhere, `saved` an earlier checkpoint; each may
    be empty. What is wrong with one of these, or a package that cannot be read, is `refused` instead; nothing is raised.
    """
    try:
        key = parse_verifier_key(ledger_key.strip()) if ledger_key.strip() else None
        accepted, kept = parse_trust(trust) if trust else None, parse_saved(saved) if saved else None
        if is_certificate(read_bounded(Path(package), 0)):
            if say is not None:
                say("ledger")
            found = check_certificate(read_bounded(Path(package), CERTIFICATE_BYTES_MAX), trust=accepted, saved=kept)
            return json.dumps(_certificate_answer(found, key), ensure_ascii=False)
        result = check_package(Path(package), trust=accepted, saved=kept, say=say)
    except JianluError as error:
        return json.dumps({"refused": str(error)})
    answer = {
        **_head(result, result.signer.ledger if result.signer else "", key),
        "text": {language: render(result, language) for language in LANGUAGES},
        "problems": [_problem(problem, result.titles) for problem in result.problems if problem.breaks_integrity],
        "clauses": [_clause(result, clause) for clause in result.clauses],
        "gaps": [
            {"from_ms": gap.from_ms, "to_ms": gap.to_ms, "side": _track(gap.side), "reason": _reason_of_gap(gap.reason)}
            for gap in result.gaps
        ],
    }
    return json.dumps(answer, ensure_ascii=False)


def _certificate_answer(result: CertificateResult, key: VerifierKey | None) -> dict[str, Any]:
    """As for a package, without clauses and gaps, which a certificate of destruction has none of."""
    return {
        **_head(result, result.ledger, key),
        "text": {language: render_certificate(result, language) for language in LANGUAGES},
        "problems": [_problem(problem, {}) for problem in result.problems],
        "clauses": [],
        "gaps": [],
    }


def _head(result: Result | CertificateResult, ledger: str, key: VerifierKey | None) -> dict[str, Any]:
    return {
        "document": json.dumps(result.as_document(), ensure_ascii=False, indent=2) + "\n",
        "exit_code": result.exit_code,
        "ledger_matches": None if key is None else ledger == key.text,
    }


def _problem(problem: Problem, titles: Mapping[str, Words]) -> dict[str, Any]:
    where = problem.where
    return {
        "text": dict(zip(LANGUAGES, TEXTS[Code(problem.what)], strict=True)),
        "segment": where.segment,
        "from_ms": where.from_ms,
        "to_ms": where.to_ms,
        "path": where.path,
        "detail": problem.detail,
        "clause": problem.clause,
        "title": titles.get(problem.clause or "", {}),
    }


def _clause(result: Result, clause: ClauseVerdict) -> dict[str, Any]:
    key = f"{clause.pack}:{clause.clause}"
    return {
        "key": key,
        "title": result.titles.get(key, {}),
        "verdict": clause.verdict.value,
        "basis": clause.basis.value,
        "confidence": clause.confidence,
        "evidence": [{"track": _track(e.track), "from_ms": e.from_ms, "to_ms": e.to_ms} for e in clause.evidence],
        "reasons": [_reason(result, reason) for reason in clause.reasons],
    }


def _track(track: str) -> Words:
    return {language: track_name(track, language) for language in LANGUAGES}


def _reason_of_gap(code: str) -> Words:
    return {language: CODE_NAMES.get(code, {}).get(language, code) for language in LANGUAGES}


def _reason(result: Result, reason: Reason) -> Words:
    def name_of(about: str) -> str:
        return result.names.get(about, about)

    return {language: reason_text(reason, language, name_of=name_of) for language in LANGUAGES}
