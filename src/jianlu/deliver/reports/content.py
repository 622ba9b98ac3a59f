"""Puts a case into the report's sections, in one language. Pure: the same record gives the same content.

What the words are is in `words.toml`, how they look in `html.py` and `pdf.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jianlu.core.formats.plan import PlanClause
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.reasons import clock_text
from jianlu.deliver.plans.labels import CODES, CODES_OF, FACTS, HEADINGS, word
from jianlu.deliver.plans.sentences import speaker
from jianlu.deliver.reports._judged import clause_rows, obligation_rows, unmet_rows
from jianlu.deliver.reports._kept import handling_table, retention_table
from jianlu.deliver.reports._measured import engine_table, gap_table, measure_table, transcript
from jianlu.deliver.reports._session import session_sections
from jianlu.deliver.reports.model import CaseRecord, ReportContent, Section
from jianlu.deliver.reports.words import words

_STEPS = ("require_step", "require_consent")
_ELSEWHERE = (*_STEPS, "retain_for", "require_attestation")
_SECONDS_SHOWN = 19
"""Characters of an instant that a person needs: up to the second."""


def report_content(record: CaseRecord, lang: str) -> ReportContent:
    """The report of `record` in "zh" or "en"; every clause of the plan is in it."""
    counts = {verdict: sum(clause.verdict is verdict for clause in record.clauses) for verdict in Verdict}
    is_complete = bool(record.clauses) and counts[Verdict.MET] == len(record.clauses)
    totals = {"total": len(record.clauses), **{verdict.value: count for verdict, count in counts.items()}}
    return ReportContent(
        lang=lang,
        title=words("title", lang),
        subtitle=words("subtitle", lang),
        created_at=record.created_at,
        verdict="complete" if is_complete else "incomplete",
        conclusion=words("complete" if is_complete else "incomplete", lang, **totals) + _continuity(record, is_complete, lang),
        counts=tuple((verdict.value, words(verdict.value, lang), str(counts[verdict])) for verdict in Verdict),
        cover=tuple(_cover(record, lang)),
        sections=tuple(_filled(section, lang) for section in _sections(record, lang)),
        signatures=tuple(words(key, lang) for key in ("sign_opinion", "sign_reviewer", "sign_signature", "sign_date")),
        made=_instant(record.created_at),
        footer=f"{record.tenant}/{record.case}",
        page_word=words("page", lang),
    )


def _has_ended(record: CaseRecord) -> bool:
    return any(event.type is EventType.RECORDING_ENDED for event in record.events)


def _continuity(record: CaseRecord, is_complete: bool, lang: str) -> str:
    """Said of a complete case alone, and only where a clause demanded that the recording has no gap."""
    is_demanded = any(obligation.kind == "require_continuity" for obligation in record.plan.obligations)
    return words("continuous", lang) if is_complete and is_demanded and gap_table(record, lang) is None else ""


def _cover(record: CaseRecord, lang: str) -> Iterator[tuple[str, str]]:
    yield words("tenant", lang), record.tenant
    yield words("case", lang), record.case
    for name in FACTS:
        section, _, key = name.partition(".")
        facts = record.plan.facts.get(section)
        if isinstance(facts, dict) and key in facts and not (key == "term_months" and "term_years" in facts):
            yield word(FACTS, name, lang), _fact(name, facts[key], lang)
    ended = [event for event in record.events if event.type is EventType.RECORDING_ENDED]
    if ended:
        yield words("duration", lang), clock_text(ended[0].body["duration_ms"])
        yield words("recorded", lang), _instant(ended[0].at)
    yield words("created", lang), _instant(record.created_at)


def _instant(text: str) -> str:
    return text[:_SECONDS_SHOWN].replace("T", " ") + " UTC"


def _fact(name: str, value: object, lang: str) -> str:
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if isinstance(value, list):
        return ("、" if lang == "zh" else ", ").join(_fact(name, entry, lang) for entry in value) or words("none", lang)
    return word({**CODES, **CODES_OF.get(name, {})}, str(value), lang)


def _filled(section: Section, lang: str) -> Section:
    """A section with nothing in it says so."""
    table = section.table if section.table is not None and section.table.rows else None
    has_content = bool(section.rows or table or section.heard or section.paragraphs)
    return replace(section, table=table, paragraphs=section.paragraphs if has_content else (words("none", lang),))


def _sections(record: CaseRecord, lang: str) -> Iterator[Section]:
    plan = record.plan
    attention = unmet_rows(record, lang)
    nothing = () if attention else (words("s_findings_none" if record.clauses else "s_findings_empty", lang),)
    yield Section("attention", words("s_findings", lang), rows=attention, paragraphs=nothing)
    steps = obligation_rows(record, lang, [o for o in plan.obligations if o.kind in _STEPS])
    yield Section("steps", words("s_steps", lang), intro=words("s_steps_intro", lang), rows=steps)
    throughout = obligation_rows(record, lang, [o for o in plan.obligations if o.kind not in _ELSEWHERE])
    yield Section("throughout", words("s_throughout", lang), rows=throughout)
    yield Section("clauses", words("s_clauses", lang), intro=words("s_clauses_intro", lang), rows=clause_rows(record, lang))
    yield from session_sections(record, lang)
    gaps = gap_table(record, lang)
    no_gaps = words("s_gaps_none" if _has_ended(record) else "s_gaps_unended", lang)
    yield Section("gaps", words("s_gaps", lang), table=gaps, paragraphs=() if gaps else (no_gaps,))
    yield Section("measures", words("s_measures", lang), table=measure_table(record, lang))
    yield Section("attestations", words("s_attestations", lang), paragraphs=tuple(_attestations(record, lang)))
    yield Section("retention", words("s_retention", lang), table=retention_table(record, lang))
    yield Section("handling", word(HEADINGS, "handling", lang), table=handling_table(record, lang))
    conflicts = tuple(f"{conflict.text[lang]} → {conflict.resolution[lang]}" for conflict in plan.conflicts)
    yield Section("conflicts", words("s_conflicts", lang), paragraphs=conflicts)
    left_out = [clause for clause in plan.clauses if clause.status == "out_of_scope"]
    scope = tuple(_scope(clause, lang) for clause in left_out)
    yield Section("scope", words("s_scope", lang), paragraphs=scope)
    yield Section("engines", words("s_engines", lang), table=engine_table(record, lang))
    yield Section("proof", words("s_proof", lang), paragraphs=tuple(_proof(record, lang)))
    limits = tuple(words(key, lang) for key in ("l_identity", "l_words", "l_before", "l_clauses", "l_signer"))
    yield Section("limits", words("s_limits", lang), paragraphs=limits)
    heard, note = transcript(record, lang)
    yield Section("transcript", words("s_transcript", lang), heard=heard, paragraphs=(note,) if note else ())


def _scope(clause: PlanClause, lang: str) -> str:
    note = clause.note.get(lang, "")
    return words("left_out", lang, basis=f"{clause.clause} {clause.citation}", title=clause.title[lang], note=note).strip()


def _attestations(record: CaseRecord, lang: str) -> Iterator[str]:
    found = [event for event in record.events if event.type is EventType.ATTESTATION_RECORDED]
    for event in found:
        body = event.body
        who = speaker(record.plan, body["by"], lang)
        clause = next((c for c in record.plan.clauses if c.key == body["clause"]), None)
        title = clause.title[lang] if clause else body["clause"]
        span = f"{clock_text(body['from_ms'])}–{clock_text(body['to_ms'])}"
        yield words("statement", lang, span=span, title=title, who=who, document=f"documents/{body['object']}")


def _proof(record: CaseRecord, lang: str) -> Iterator[str]:
    yield words("p_ledger", lang, events=len(record.events), ledger=record.ledger, size=record.tree_size, root=record.root)
    yield from _vouched(record, lang)
    segments = sum(event.type is EventType.SEGMENT_SEALED for event in record.events)
    yield words("p_segments", lang, segments=segments)
    yield words("p_packs", lang, packs=", ".join(f"{p.id} {p.version} ({p.digest[:16]}…)" for p in record.plan.packs))
    yield words("p_check", lang)
    yield words("p_verifier", lang, digest=record.verifier_digest)


def _vouched(record: CaseRecord, lang: str) -> Iterator[str]:
    """What authorities and witnesses say of the whole case; the earliest of all tokens is the time by which it existed."""
    names = ", ".join(dict.fromkeys(name for name, _ in record.stamps))
    if record.stamps:
        count = len({name for name, _ in record.stamps})
        yield words("p_stamped", lang, count=count, names=names, when=min(at for _, at in record.stamps))
    else:
        yield words("p_not_stamped", lang)
    if record.witnesses:
        yield words("p_cosigned", lang, count=len(record.witnesses), names=", ".join(record.witnesses))
    else:
        yield words("p_not_cosigned", lang)
