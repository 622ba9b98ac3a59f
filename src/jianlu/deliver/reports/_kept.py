"""The tables of retention (parts kept alike in one row, each with all its terms) and of handling (level and place as events state them).

How terms are computed is `govern/policy/retain.py`; nothing is computed here.
"""

from __future__ import annotations

from jianlu.core.formats.plan import Retention, RetentionTerm
from jianlu.core.terms.handling import DEFAULT
from jianlu.deliver.plans.handling_words import stated_in
from jianlu.deliver.plans.labels import PARTS, TRIGGERS, word
from jianlu.deliver.reports.model import CaseRecord, Table
from jianlu.deliver.reports.words import words

_NO_DATES = ("open", "none")


def retention_table(record: CaseRecord, lang: str) -> Table:
    """One row for parts with the same end and the same terms; a term a line."""
    groups: dict[tuple[str, str, tuple[RetentionTerm, ...]], list[Retention]] = {}
    for retention in record.plan.retention:
        groups.setdefault((retention.until, retention.clause, retention.terms), []).append(retention)
    head = tuple(words(key, lang) for key in ("h_part", "h_until", "h_clause", "h_terms"))
    comma = "、" if lang == "zh" else ", "
    rows = []
    for (until, clause, terms), group in groups.items():
        parts = comma.join(word(PARTS, retention.part, lang) for retention in group)
        decided = words(f"kept_{until}", lang) if until in _NO_DATES else until
        rows.append((parts, decided, clause.partition(":")[2], "\n".join(_term(term, lang) for term in terms)))
    return Table(head, tuple(rows))


def handling_table(record: CaseRecord, lang: str) -> Table | None:
    """One row for what a clause levels or confines alike, with both clauses; None where no event states a level."""
    head = tuple(words(key, lang) for key in ("h_part", "h_level", "h_stored", "h_clause"))
    groups: dict[tuple[str, str, str], list[str]] = {}
    for each in stated_in(record.events):
        by_default = words("by_default", lang)
        named = (by_default if each.clause == DEFAULT else each.clause, each.confined_by)
        clauses = "\n".join(dict.fromkeys(clause.partition(":")[2] or clause for clause in named if clause))
        groups.setdefault((each.level_text(lang), each.place_text(lang), clauses), []).append(each.title(lang))
    comma = "、" if lang == "zh" else ", "
    rows = tuple((comma.join(dict.fromkeys(titles)), *key) for key, titles in groups.items())
    return Table(head, rows) if rows else None


def _term(term: RetentionTerm, lang: str) -> str:
    trigger = word(TRIGGERS, term.trigger, lang)
    units = ((term.years, "年", "years"), (term.months, "个月", "months"))
    length = " ".join(f"{count} {chinese if lang == 'zh' else english}" for count, chinese, english in units if count)
    until = words(f"term_{term.until}", lang) if term.until in _NO_DATES else term.until
    key = "term_after" if length else "term_at"
    return words(key, lang, trigger=trigger, length=length, until=until, clause=term.clause.partition(":")[2])
