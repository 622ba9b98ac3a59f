"""A plan in words for a page: facts, packs, demands with their clauses, retention, conflicts, what is not judged. Chinese and English.

The sentences are `sentences.py`, the words `labels.py`, as in the text of `render.py`; nothing is left out that is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from jianlu.core.formats.plan import Obligation, Plan, PlanClause, Retention
from jianlu.deliver.plans.labels import (
    CODES,
    CODES_OF,
    CONFIDENCES,
    FACTS,
    HEADINGS,
    LANGS,
    MARKS,
    PARTS,
    READING,
    TRIGGERS,
    word,
)
from jianlu.deliver.plans.sentences import sentence

Texts = Mapping[str, str]
_STEPS = ("require_step", "require_consent")
_ATTESTED = ("require_attestation",)


def plan_document(plan: Plan) -> dict[str, Any]:
    """The whole plan as a page shows it; every text in both languages."""
    steps = [each for each in plan.obligations if each.kind in _STEPS]
    attested = [each for each in plan.obligations if each.kind in _ATTESTED]
    throughout = [each for each in plan.obligations if each.kind not in (*_STEPS, *_ATTESTED, "retain_for")]
    return {
        "on": str(plan.facts.get("case", {}).get("on", "")),
        "facts": list(stated_facts(plan).values()),
        "packs": [
            {"id": p.id, "version": p.version, "digest": p.digest, "title": dict(p.title), "source": p.source} for p in plan.packs
        ],
        "sections": [
            {"code": code, "heading": _pair(HEADINGS[code]), "demands": _demands(plan, found)}
            for code, found in (("steps", steps), ("throughout", throughout), ("attested", attested))
            if found
        ],
        "retention": [_retention(each) for each in plan.retention],
        "conflicts": [
            {"code": each.code, "clauses": list(each.clauses), "text": dict(each.text), "resolution": dict(each.resolution)}
            for each in plan.conflicts
        ],
        "out_of_scope": [_clause(each) for each in plan.clauses if each.status == "out_of_scope"],
        "reading": [_pair(words) for words in READING.values()],
    }


def stated_facts(plan: Plan) -> dict[str, dict[str, Any]]:
    """Facts and dates of the plan's case by name, each with its label and its value in words."""
    stated = {
        f"{section}.{key}": value for section, keys in plan.facts.items() if section != "dates" for key, value in keys.items()
    }
    shown = {
        name: {"label": _pair(FACTS[name]), "value": _both(partial(_fact, name, stated[name]))}
        for name in FACTS
        if name in stated
    }
    dates = {
        f"dates.{name}": {"label": _both(partial(word, TRIGGERS, name)), "value": _same(str(day))}
        for name, day in plan.facts.get("dates", {}).items()
    }
    return shown | dates


def _fact(name: str, value: object, lang: str) -> str:
    zh = lang == "zh"
    if isinstance(value, bool):
        return ("是" if value else "否") if zh else ("yes" if value else "no")
    if isinstance(value, list):
        return ("、" if zh else ", ").join(_fact(name, entry, lang) for entry in value) or ("无" if zh else "none")
    return word({**CODES, **CODES_OF.get(name, {})}, str(value), lang)


def _demands(plan: Plan, obligations: Sequence[Obligation]) -> list[dict[str, Any]]:
    """Each distinct demand once, with every clause that makes it."""
    merged: dict[str, list[Obligation]] = {}
    for obligation in obligations:
        merged.setdefault(sentence(plan, obligation, "zh"), []).append(obligation)
    return [
        {
            "text": _both(partial(sentence, plan, group[0])),
            "clauses": [_clause(plan.clause_of(key)) for key in dict.fromkeys(each.clause_key for each in group)],
        }
        for group in merged.values()
    ]


def _clause(clause: PlanClause) -> dict[str, Any]:
    return {
        "pack": clause.pack,
        "clause": clause.clause,
        "citation": clause.citation,
        "title": dict(clause.title),
        "mark": _both(partial(word, MARKS, clause.mark)),
        "confidence": _both(partial(word, CONFIDENCES, clause.confidence)),
        "effective_from": clause.effective_from,
        "note": dict(clause.note),
    }


def _retention(retention: Retention) -> dict[str, Any]:
    return {
        "part": _both(partial(word, PARTS, retention.part)),
        "until": retention.until,
        "clause": retention.clause,
        "terms": [
            {
                "trigger": _both(partial(word, TRIGGERS, term.trigger)),
                "years": term.years,
                "months": term.months,
                "until": term.until,
                "clause": term.clause,
            }
            for term in retention.terms
        ],
    }


def _both(said: Any) -> dict[str, str]:
    return {lang: said(lang) for lang in LANGS}


def _pair(words: tuple[str, str]) -> dict[str, str]:
    return dict(zip(LANGS, words, strict=True))


def _same(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGS, text)
