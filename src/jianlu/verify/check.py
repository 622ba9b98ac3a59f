"""Verifies one package: `specs/package.md` section 4, in its order, gathering every problem instead of stopping at the first.

The checks themselves are in `container`, `history`, `objects` and `meaning`; here is their order and what follows from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from jianlu.core.errors import InvalidError, JianluError
from jianlu.core.formats.event import Event
from jianlu.core.formats.note import parse_verifier_key
from jianlu.core.formats.package import WITHHELD, Manifest
from jianlu.core.formats.plan import Plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.verdicts import ClauseVerdict, Evidence, Reason, Verdict
from jianlu.verify._archive import Archive
from jianlu.verify._problem import problem_at
from jianlu.verify.anchors import Vouched, check_anchors
from jianlu.verify.container import check_entries, check_signature, read_manifest
from jianlu.verify.history import History, check_history, check_saved
from jianlu.verify.meaning import Meaning, check_meaning
from jianlu.verify.model import Gap, Problem, Result, SecondSignature, Signer
from jianlu.verify.objects import Part, check_documents, check_recording, check_sealed, read_parts, read_salts
from jianlu.verify.problems import Code
from jianlu.verify.resealed import with_newest_forms
from jianlu.verify.second_signatures import check_second_signatures
from jianlu.verify.trust import SavedCheckpoint, Trust

PROBLEMS_MAX = 10_000
"""Problems reported: beyond that nobody reads on, and hostile input must not fill the memory."""

Say = Callable[[str], None]
"""Told the name of each stage as it begins, for progress."""


def check_package(
    path: Path, *, trust: Trust | None = None, saved: SavedCheckpoint | None = None, say: Say | None = None
) -> Result:
    """The answer for the package at `path`: see `model.Result`.

    Guarantees: reads nothing but `path`; ends, in memory and time bounded by the file's size and `core.limits`, whatever the
    bytes; raises only NotFoundError (no such file); everything wrong with the content is a problem in the result.
    """
    say = say or _silent
    try:
        archive = Archive(path)
    except InvalidError as error:
        return Result((problem_at(Code.CONTAINER, detail=str(error)),), ())
    with archive:
        say("container")
        try:
            manifest, manifest_digest = read_manifest(archive)
        except JianluError as error:
            return Result((problem_at(Code.MANIFEST, path="manifest.json", detail=str(error)),), ())
        problems = _Problems()
        problems += check_signature(archive, manifest, manifest_digest, trust)
        say("digests")
        measured = archive.measure(list(archive.entries))
        problems += check_entries(archive, manifest, measured)
        history = History()
        say("ledger")
        vouched = Vouched()
        _check_ledger(archive, manifest, (trust, saved), history, problems, vouched)
        seconds: list[SecondSignature] = []
        problems += check_second_signatures(archive, manifest, trust, history, seconds)
        say("recording")
        named, malformed = read_parts(history.events)
        salts, unreadable = read_salts(archive)
        named, resealed, mismatched = with_newest_forms(archive, named, history.resealed, manifest.case)
        parts = [part for part in named if kind_of(part.object) != WITHHELD]
        problems += [*malformed, *unreadable, *mismatched]
        problems += check_sealed(archive, parts, measured)
        problems += check_recording(archive, parts, salts)
        problems += check_documents(parts, salts, measured)
        say("verdicts")
        meaning = Meaning()
        problems += check_meaning(archive, history.events, measured, meaning)
    result = _result(manifest, trust, saved, history, parts, meaning, problems)
    return replace(
        result,
        stamps=tuple(vouched.stamps),
        cosignatures=tuple(vouched.cosignatures),
        witnesses_required=vouched.required,
        second_signatures=tuple(seconds),
        resealed=resealed,
        withheld=len(named) - len(parts),
    )


def _silent(stage: str) -> None:
    """No progress wanted."""


class _Problems:
    """Problems in order of discovery, bounded."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def __iadd__(self, more: Iterable[Problem]) -> _Problems:
        for problem in more:
            if len(self.found) >= PROBLEMS_MAX:
                break
            self.found.append(problem)
        return self


def _check_ledger(
    archive: Archive,
    manifest: Manifest,
    brought: tuple[Trust | None, SavedCheckpoint | None],
    history: History,
    problems: _Problems,
    vouched: Vouched,
) -> None:
    trust, saved = brought
    try:
        key = parse_verifier_key(manifest.ledger_vkey)
    except InvalidError as error:
        problems += [problem_at(Code.CHECKPOINT, path="manifest.json", detail=str(error))]
        return
    problems += check_history(archive, manifest, key, history)
    problems += check_anchors(archive, key, trust, history, vouched)
    if saved is not None:
        problems += check_saved(saved, key, history)


def _result(
    manifest: Manifest,
    trust: Trust | None,
    saved: SavedCheckpoint | None,
    history: History,
    parts: list[Part],
    meaning: Meaning,
    problems: _Problems,
) -> Result:
    placed = [_placed(problem, parts, meaning.plan) for problem in problems.found]
    is_intact = not any(problem.breaks_integrity for problem in placed)
    clauses = meaning.clauses if is_intact else tuple(_doubted(clause) for clause in meaning.clauses)
    if is_intact:
        placed += [_unmet(clause) for clause in clauses if clause.verdict is not Verdict.MET]
    signer = Signer(manifest.ledger_vkey, manifest.package_vkey, trust is not None, _saved_answer(saved, placed))
    titles = {clause.key: dict(clause.title) for clause in meaning.plan.clauses} if meaning.plan else {}
    duration_ms, names, gaps = _duration_ms(history.events), _names(meaning.plan), _gaps(history.events)
    members = _members(history.events) if is_intact else ()
    return Result(tuple(placed), clauses, manifest.tenant, manifest.case, duration_ms, signer, titles, names, gaps, members)


def _gaps(events: list[Event]) -> tuple[Gap, ...]:
    """The gaps that the case declares, in time order; malformed ones are none (continuity is judged on its own)."""
    declared = [event.body for event in events if event.type is EventType.GAP_DECLARED]
    forms = {"from_ms": int, "to_ms": int, "reason": str, "side": str}
    whole = [body for body in declared if all(isinstance(body.get(name), form) for name, form in forms.items())]
    found = [Gap(body["from_ms"], body["to_ms"], body["reason"], body["side"]) for body in whole]
    return tuple(sorted(found, key=lambda gap: (gap.from_ms, gap.to_ms, gap.side)))


def _members(events: list[Event]) -> tuple[tuple[str, str], ...]:
    """Everybody whom the record names as a member of the end-to-end encrypted call, with their key's SHA-256; malformed ones are none."""
    found: list[tuple[str, str]] = []
    for event in events:
        rows = event.body.get("members") if event.type is EventType.ENCRYPTION_SET else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, list) and len(row) == 2 and all(isinstance(each, str) for each in row):
                found.append((row[0], row[1]))
    return tuple(dict.fromkeys(found))


def _names(plan: Plan | None) -> dict[str, str]:
    """What the plan's phrases say; a step by its question or its first point."""
    if plan is None:
        return {}
    names = {phrase.id: phrase.says for phrase in plan.phrases}
    for obligation in plan.obligations:
        points = obligation.params.get("points")
        opening = obligation.params.get("question") or (points[0] if isinstance(points, list) and points else None)
        step = obligation.params.get("step")
        if isinstance(step, str) and isinstance(opening, str) and opening in names:
            names.setdefault(step, names[opening])
    return names


def _saved_answer(saved: SavedCheckpoint | None, problems: list[Problem]) -> str:
    if saved is None:
        return "not given"
    codes = {Code.CHECKPOINT_FORKED.value, Code.CHECKPOINT_AHEAD.value, Code.CHECKPOINT_UNPROVEN.value, Code.CHECKPOINT.value}
    return "not consistent" if any(problem.what in codes for problem in problems) else "consistent"


def _placed(problem: Problem, parts: list[Part], plan: Plan | None) -> Problem:
    """`problem` with segment and times when its path is a segment's, and with the clause that demands an unaltered record."""
    where, clause = problem.where, problem.clause
    if where.segment is None and where.path is not None:
        for part in parts:
            if part.path == where.path and part.place.segment is not None:
                where = replace(part.place, path=where.path)
    if clause is None and problem.breaks_integrity and plan is not None:
        clause = next((o.clause_key for o in plan.obligations if o.kind == "require_continuity"), None)
    return replace(problem, where=where, clause=clause)


def _doubted(clause: ClauseVerdict) -> ClauseVerdict:
    """The clause in a package that is not intact: nothing is evidenced by altered evidence."""
    reason = Reason("package_not_intact", "", 0, 0)
    return replace(clause, verdict=Verdict.NOT_EVIDENCED, evidence=(), reasons=(reason,), obligations=())


def _unmet(clause: ClauseVerdict) -> Problem:
    code = Code.CLAUSE_NOT_MET if clause.verdict is Verdict.NOT_MET else Code.CLAUSE_NOT_EVIDENCED
    place: Reason | Evidence | None = next(iter(clause.reasons), None) or next(iter(clause.evidence), None)
    detail = "; ".join(f"{reason.code} {reason.about}".strip() for reason in clause.reasons)
    return problem_at(
        code,
        from_ms=place.from_ms if place else None,
        to_ms=place.to_ms if place else None,
        clause=f"{clause.pack}:{clause.clause}",
        detail=detail[:500],
    )


def _duration_ms(events: list[Event]) -> int | None:
    for event in reversed(events):
        if event.type is EventType.RECORDING_ENDED:
            value = event.body.get("duration_ms")
            return value if isinstance(value, int) else None
    return None
