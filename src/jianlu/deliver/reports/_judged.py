"""Rows of the report about what was judged: obligations in the order of the conversation, clauses, and what is not met.

Nothing is judged here: the rows repeat the sealed verdicts and their reasons in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jianlu.core.formats.plan import Obligation, PlanClause
from jianlu.core.terms.findings import FindingKind
from jianlu.core.terms.verdicts import ClauseVerdict, Evidence, ObligationVerdict, Reason, Verdict
from jianlu.core.verdicts.reasons import clock_text, reason_text
from jianlu.deliver.plans.labels import CONFIDENCES, MARKS, word
from jianlu.deliver.plans.sentences import sentence, speaker
from jianlu.deliver.reports.model import CaseRecord, Heard, Moment, Row
from jianlu.deliver.reports.words import words

_SHOWN_MAX = 6
"""Time codes and words shown in one row; the rest is in verdicts.json."""


def moment(from_ms: int, to_ms: int) -> Moment:
    """A stretch as text with tenths of a second, its start in seconds for a link."""
    return Moment(f"{clock_text(from_ms)[:-2]}–{clock_text(to_ms)[:-2]}", f"{from_ms / 1000:.1f}")


def obligation_rows(record: CaseRecord, lang: str, obligations: Sequence[Obligation]) -> tuple[Row, ...]:
    """One row for each distinct demand among `obligations`, with every clause that makes it."""
    answers = {answer.obligation: answer for clause in record.clauses for answer in clause.obligations}
    merged: dict[str, list[Obligation]] = {}
    for obligation in obligations:
        merged.setdefault(sentence(record.plan, obligation, lang), []).append(obligation)
    rows = []
    for text, group in merged.items():
        found = [answers[o.id] for o in group if o.id in answers]
        if not found:
            continue
        worst = min(found, key=lambda answer: _ORDER[answer.verdict])
        stated = dict.fromkeys(f"{o.clause} {record.plan.clause_of(o.clause_key).citation}" for o in group)
        basis = ("；" if lang == "zh" else "; ").join(stated)
        rows.append(_row(record, lang, text[:1].upper() + text[1:], basis, worst, (), quotes=True))
    return tuple(rows)


def clause_rows(record: CaseRecord, lang: str) -> tuple[Row, ...]:
    """One row for each clause that is judged."""
    rows = []
    for clause in record.clauses:
        stated = record.plan.clause_of(f"{clause.pack}:{clause.clause}")
        notes = (words(clause.basis.value, lang), confidence_text(stated, lang))
        rows.append(_row(record, lang, stated.title[lang], f"{stated.clause} {stated.citation}", clause, notes))
    return tuple(rows)


def unmet_rows(record: CaseRecord, lang: str) -> tuple[Row, ...]:
    """The clauses that are not met or not evidenced, the former first."""
    rows = clause_rows(record, lang)
    unmet = [row for row in rows if row.verdict != Verdict.MET.value]
    return tuple(sorted(unmet, key=lambda row: _ORDER[Verdict(row.verdict)]))


def confidence_text(clause: PlanClause, lang: str) -> str:
    """How sure we are of the clause's own text."""
    return f"{word(CONFIDENCES, clause.confidence, lang)} ({word(MARKS, clause.mark, lang)})"


_ORDER: Mapping[Verdict, int] = {Verdict.NOT_MET: 0, Verdict.NOT_EVIDENCED: 1, Verdict.MET: 2}


def _row(
    record: CaseRecord,
    lang: str,
    title: str,
    basis: str,
    answer: ObligationVerdict | ClauseVerdict,
    notes: tuple[str, ...],
    *,
    quotes: bool = False,
) -> Row:
    shown = _distinct(answer.evidence)[:_SHOWN_MAX]
    heard = [one for one in (_heard(record, lang, e) for e in shown) if one is not None] if quotes else []
    return Row(
        title=title,
        basis=basis,
        verdict=answer.verdict.value,
        answer=words(answer.verdict.value, lang),
        when=tuple(dict.fromkeys(moment(e.from_ms, e.to_ms) for e in shown)),
        heard=tuple(heard),
        reasons=tuple(dict.fromkeys(reason_words(record, lang, reason) for reason in answer.reasons)),
        notes=notes,
    )


def reason_words(record: CaseRecord, lang: str, reason: Reason) -> str:
    """Why, in words: phrases by what they say, steps by what they demand."""
    says = {phrase.id: phrase.says for phrase in record.plan.phrases}
    steps = {str(o.params.get("step")): sentence(record.plan, o, lang) for o in record.plan.obligations if "step" in o.params}
    return reason_text(reason, lang, name_of=lambda about: says.get(about) or steps.get(about) or about)


def _distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    return list({(e.track, e.from_ms, e.to_ms): e for e in evidence}.values())


def _heard(record: CaseRecord, lang: str, evidence: Evidence) -> Heard | None:
    """What was said there: the phrase as heard, or for an answer the words recognised on that track at that time."""
    said = [
        finding
        for inspection in record.inspections
        for finding in inspection.findings
        if finding.kind in (FindingKind.PHRASE, FindingKind.UTTERANCE) and finding.track == evidence.track
    ]
    phrase = next((finding for finding in said if finding.id == evidence.finding), None)
    if phrase is not None:
        text = str(phrase.value.get("heard", phrase.value.get("text", "")))
    else:
        spoken = [
            f for f in said if f.kind is FindingKind.UTTERANCE and f.from_ms < evidence.to_ms and evidence.from_ms < f.to_ms
        ]
        text = " ".join(str(finding.value.get("text", "")) for finding in spoken)
    is_whole_session = evidence.from_ms == 0
    if not text or (phrase is None and is_whole_session):
        return None
    return Heard(moment(evidence.from_ms, evidence.to_ms), speaker(record.plan, evidence.track, lang), text)
