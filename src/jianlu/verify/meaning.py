"""Checks that the documents mean what they say: packs are the plan's, phrases follow from transcripts, verdicts from everything.

`specs/package.md` 4.5 and 4.6. Nothing is believed that can be computed again; speech and faces are not recognised anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jianlu.core.errors import JianluError
from jianlu.core.formats.event import Event
from jianlu.core.formats.findings import findings_bytes, parse_findings
from jianlu.core.formats.pack import pack_digest
from jianlu.core.formats.package import PACKS_PREFIX, PLAN, VERDICTS, findings_path
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.formats.verdicts import verdicts_bytes
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspection, Inspector, Status
from jianlu.core.terms.verdicts import ClauseVerdict
from jianlu.core.verdicts.clauses import judge
from jianlu.verify._archive import Archive, Measured
from jianlu.verify._problem import problem_at
from jianlu.verify.model import Problem
from jianlu.verify.problems import Code


@dataclass(slots=True)
class Meaning:
    """What could be recomputed."""

    plan: Plan | None = None
    inspections: list[Inspection] = field(default_factory=list)
    clauses: tuple[ClauseVerdict, ...] = ()


def check_meaning(
    archive: Archive, events: Sequence[Event], measured: Mapping[str, Measured], found: Meaning
) -> Iterator[Problem]:
    """Section 4.5 and 4.6; fills `found`."""
    try:
        found.plan = parse_plan(archive.document(PLAN))
    except JianluError as error:
        yield problem_at(Code.DOCUMENT, path=PLAN, detail=str(error))
        return
    yield from _check_packs(found.plan, measured)
    yield from _read_findings(archive, events, found)
    yield from _check_phrases(found)
    try:
        found.clauses = judge(found.plan, events, found.inspections)
        content = archive.document(VERDICTS)
    except JianluError as error:
        yield problem_at(Code.DOCUMENT, path=VERDICTS, detail=str(error))
        return
    if content != verdicts_bytes(found.clauses):
        yield problem_at(Code.VERDICTS_DO_NOT_FOLLOW, path=VERDICTS)


def _check_packs(plan: Plan, measured: Mapping[str, Measured]) -> Iterator[Problem]:
    files: dict[str, dict[str, str]] = {}
    for path, real in measured.items():
        if path.startswith(PACKS_PREFIX):
            name, _, rest = path.removeprefix(PACKS_PREFIX).partition("/")
            files.setdefault(name, {})[rest] = real.sha256
    for pack in plan.packs:
        if pack_digest(files.pop(pack.id, {})) != pack.digest:
            yield problem_at(Code.PACK_ALTERED, path=f"{PACKS_PREFIX}{pack.id}")
    for extra in files:
        yield problem_at(Code.PACK_ALTERED, path=f"{PACKS_PREFIX}{extra}", detail="the plan does not name this pack")


def _read_findings(archive: Archive, events: Sequence[Event], found: Meaning) -> Iterator[Problem]:
    seen = set()
    for event in events:
        if event.type is not EventType.FINDINGS_RECORDED:
            continue
        path = findings_path(str(event.body.get("inspector")))
        try:
            inspection = parse_findings(archive.document(path))
        except JianluError as error:
            yield problem_at(Code.DOCUMENT, path=path, detail=str(error))
            continue
        if inspection.inspector.value != event.body.get("inspector") or inspection.status.value != event.body.get("status"):
            yield problem_at(Code.DOCUMENT, path=path, detail="its event says otherwise")
        if inspection.inspector in seen:
            yield problem_at(Code.DOCUMENT, path=path, detail="an inspector reported twice")
            continue
        seen.add(inspection.inspector)
        found.inspections.append(inspection)


def _check_phrases(found: Meaning) -> Iterator[Problem]:
    by_inspector = {inspection.inspector: inspection for inspection in found.inspections}
    speech, phrases = by_inspector.get(Inspector.SPEECH), by_inspector.get(Inspector.PHRASES)
    if phrases is None or found.plan is None:
        return
    path = findings_path(Inspector.PHRASES.value)
    if speech is None:
        if phrases.status is Status.RAN:
            yield problem_at(Code.PHRASES_DO_NOT_FOLLOW, path=path, detail="there is no transcript")
        return
    try:
        expected = findings_bytes(spot(found.plan, speech))
    except JianluError as error:
        yield problem_at(Code.DOCUMENT, path=findings_path(Inspector.SPEECH.value), detail=str(error))
        return
    if expected != findings_bytes(phrases):
        yield problem_at(Code.PHRASES_DO_NOT_FOLLOW, path=path)
