"""A draft as its editor is shown it: what is wrong with it and where, what the rules still lack, and what there is to choose from.

All words in both languages. Problems are `capture/cases/script_problems.py`, lacks `capture/cases/rehearsal.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from jianlu.capture.cases.rehearsal import Lack, Rehearsal
from jianlu.capture.cases.script_problems import Problem
from jianlu.core.formats.script import EFFECTS, STEP_KINDS
from jianlu.deliver.plans.labels import CODES, CODES_OF, FACTS, LANGS, ROLES, Words, word
from jianlu.deliver.scripts import labels
from jianlu.deliver.scripts.reading import read_condition
from jianlu.govern.consent import PURPOSES
from jianlu.govern.policy.case_file import SEATS

_YES_NO = {"true": ("是", "yes"), "false": ("否", "no"), "": ("无", "none")}


def problem_words(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Each problem with its place and its words."""
    return [{"code": each.code, "at": each.at, "text": _said(labels.PROBLEMS[each.code], about=each.about)} for each in problems]


def lack_words(lacks: Iterable[Lack]) -> list[dict[str, Any]]:
    """Each lack with its clause, the step it is about, in which kind of case, and whether it keeps the script from being proposed."""
    return [_lack(each) for each in lacks]


def demand_words(rehearsal: Rehearsal) -> dict[str, Any]:
    """{demands, attested}: what the rules demand by the step of the plan, each with its clauses and the wordings read out."""
    return {
        "demands": [
            {"id": each.step, "says": list(each.says), "clauses": [_clause(*clause) for clause in each.clauses]}
            for each in rehearsal.demands
        ],
        "attested": [_clause(*clause) for clause in rehearsal.attested],
    }


def choices(content: Mapping[str, Any]) -> dict[str, Any]:
    """What an editor may choose from: kinds, seats, consents, effects, facts, conditions in use."""
    facts = {name: label for name, label in FACTS.items() if name != "case.on"}
    return {
        "kinds": _choices(labels.KINDS, STEP_KINDS),
        "seats": _choices(ROLES, SEATS),
        "consents": _choices(labels.CONSENTS, PURPOSES),
        "effects": _choices(labels.EFFECTS, EFFECTS),
        "facts": _choices(facts, facts),
        "conditions": [{"when": when, "text": read_condition(when)} for when in _conditions(content)],
    }


def _lack(lack: Lack) -> dict[str, Any]:
    found = _said(labels.LACKS[lack.code], citation=lack.citation, says=lack.says or lack.about, about=lack.about)
    for no, lang in enumerate(LANGS):
        joiner, colon = ("、", "：") if lang == "zh" else (", ", ": ")
        kinds = joiner.join(f"{word(FACTS, name, lang)}{colon}{_value(name, code, lang)}" for name, code in lack.facts)
        found[lang] += labels.ONLY_WHEN[no].format(facts=kinds) if kinds else ""
    return {
        "code": lack.code,
        "clause": _clause(lack.clause, lack.citation, lack.title),
        "step": lack.step,
        "text": found,
        "is_refused": not lack.is_known,
    }


def _value(name: str, code: str, lang: str) -> str:
    return word({**CODES, **CODES_OF.get(name, {}), **_YES_NO}, code, lang)


def _clause(key: str, citation: str, title: Mapping[str, str]) -> dict[str, Any]:
    return {"key": key, "citation": citation, "title": dict(title)}


def _choices(words: Words, codes: Iterable[str]) -> list[dict[str, Any]]:
    return [{"id": code, "label": {lang: word(words, code, lang) for lang in LANGS}} for code in codes]


def _conditions(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The conditions that the script uses, each once: another step may take one of them."""
    steps = [each for each in content.get("steps", ()) if isinstance(each, Mapping)]
    says = [step.get("say") for step in steps]
    sentences = [each for say in says if isinstance(say, list) for each in say if isinstance(each, Mapping)]
    used = [each.get("when") for each in (*steps, *sentences)]
    return list({json.dumps(when, sort_keys=True): when for when in used if isinstance(when, Mapping)}.values())


def _said(words: tuple[str, str], **about: str) -> dict[str, str]:
    return {lang: text.format(**about) for lang, text in zip(LANGS, words, strict=True)}
