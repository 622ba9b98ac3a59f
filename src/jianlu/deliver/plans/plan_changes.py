"""What changes between the plans of two cases, and why: packs, clauses, demands, terms of retention, conflicts, by language.

For whoever asks what another place, age, product or day would change. The plans are the very ones that would be frozen; the
grounds are `govern/policy/grounds.py`. As text: `render_changes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from jianlu.core.formats.plan import Language, Plan, PlanClause, Retention
from jianlu.deliver.plans.condition_words import said_condition
from jianlu.deliver.plans.labels import LANGS, PARTS, word
from jianlu.deliver.plans.plan_words import stated_facts
from jianlu.deliver.plans.retention_words import decision_text, term_text, until_text
from jianlu.deliver.plans.sentences import sentence
from jianlu.govern.policy import amount_on, freeze_plan
from jianlu.govern.policy.grounds import Grounds, clause_grounds, pack_grounds
from jianlu.govern.policy.model import CaseFacts, Clause, Pack

ADDED, REMOVED = "added", "removed"
"""In the later plan only; in the earlier plan only."""


def plan_changes(before: CaseFacts, after: CaseFacts, packs: Sequence[Pack], languages: Mapping[str, Language]) -> dict[str, Any]:
    """The document of changes from the plan of `before` to that of `after`; empty lists where nothing changed.

    Raises InvalidError as `freeze_plan` does, for a fact on which either plan depends and which its case does not state.
    """
    old, new = freeze_plan(before, packs, languages), freeze_plan(after, packs, languages)
    telling = _Telling({pack.id: pack for pack in packs}, before, after)
    return {
        "facts": _facts(old, new),
        "packs": telling.packs(old, new),
        "clauses": telling.clauses(old, new),
        "demands": _demands(old, new),
        "retention": _retention(old, new),
        "conflicts": _sided(_conflicts(old), _conflicts(new)),
    }


def _sided(old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries that one side alone has: those added first, each in its plan's order."""
    added = [{"kind": ADDED, **entry} for key, entry in new.items() if key not in old]
    return added + [{"kind": REMOVED, **entry} for key, entry in old.items() if key not in new]


def _facts(old: Plan, new: Plan) -> list[dict[str, Any]]:
    before, after = stated_facts(old), stated_facts(new)
    found = []
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one != other:
            label = (one or other or {})["label"]
            found.append({"name": name, "label": label, "before": one and one["value"], "after": other and other["value"]})
    return found


def _demands(old: Plan, new: Plan) -> list[dict[str, Any]]:
    return _sided(_said_demands(old), _said_demands(new))


def _said_demands(plan: Plan) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for obligation in plan.obligations:
        if obligation.kind != "retain_for":
            said = _both(partial(sentence, plan, obligation))
            entry = found.setdefault(said["zh"], {"text": said, "clauses": []})
            if obligation.clause_key not in entry["clauses"]:
                entry["clauses"].append(obligation.clause_key)
    return found


def _conflicts(plan: Plan) -> dict[str, dict[str, Any]]:
    return {
        each.code: {
            "code": each.code,
            "text": dict(each.text),
            "resolution": dict(each.resolution),
            "clauses": list(each.clauses),
        }
        for each in plan.conflicts
    }


def _retention(old: Plan, new: Plan) -> list[dict[str, Any]]:
    """What differs in how long parts are kept, parts that change alike together: both decisions, and the terms that one side alone has."""
    before, after = ({each.part: each for each in plan.retention} for plan in (old, new))
    found: list[dict[str, Any]] = []
    for part in PARTS:
        one, other = before.get(part), after.get(part)
        if one != other:
            terms = _sided(_terms(one), _terms(other))
            change = {"before": _decision(one), "after": _decision(other), "terms": terms}
            alike = next((each for each in found if {name: each[name] for name in change} == change), None)
            if alike is None:
                found.append(alike := {"parts": [], **change})
            alike["parts"].append({"part": part, "label": _both(partial(word, PARTS, part))})
    return found


def _decision(kept: Retention | None) -> dict[str, str] | None:
    return _both(partial(decision_text, kept.until, kept.clause)) if kept else None


def _terms(kept: Retention | None) -> dict[str, dict[str, Any]]:
    return {
        f"{term.clause} {term_text(term, 'zh')} {term.until}": {
            "text": _both(partial(term_text, term)),
            "until": _both(partial(until_text, term.until)),
            "clause": term.clause,
        }
        for term in (kept.terms if kept else ())
    }


class _Telling:
    """Packs and clauses that came or went, with the reason."""

    def __init__(self, packs: Mapping[str, Pack], before: CaseFacts, after: CaseFacts) -> None:
        self._packs, self._before, self._after = packs, before, after

    def packs(self, old: Plan, new: Plan) -> list[dict[str, Any]]:
        return _sided(
            {each.id: self._pack(each.id, old.clauses) for each in old.packs},
            {each.id: self._pack(each.id, new.clauses) for each in new.packs},
        )

    def _pack(self, pack_id: str, clauses: Iterable[PlanClause]) -> dict[str, Any]:
        pack = self._packs[pack_id]
        own = [clause.clause for clause in clauses if clause.pack == pack_id]
        grounds = pack_grounds(pack, self._before, self._after)
        why = self._why(pack, grounds)
        if not why:  # the pack applies to both, and each of its clauses to one only
            why = [text for each in pack.clauses if each.id in own for text in self._clause_why(pack, each)]
        return {"id": pack_id, "title": dict(pack.title), "clauses": own, "why": _once(why)}

    def clauses(self, old: Plan, new: Plan) -> list[dict[str, Any]]:
        """Clauses of packs that are in both plans; those of a pack that came or went are listed with it."""
        kept = {each.id for each in old.packs} & {each.id for each in new.packs}
        return _sided(self._of(old, kept), self._of(new, kept))

    def _of(self, plan: Plan, kept: set[str]) -> dict[str, dict[str, Any]]:
        return {each.key: self._clause(each) for each in plan.clauses if each.pack in kept}

    def _clause(self, clause: PlanClause) -> dict[str, Any]:
        pack = self._packs[clause.pack]
        stated = next(each for each in pack.clauses if each.id == clause.clause)
        why = _once(self._clause_why(pack, stated))
        return {"clause": clause.key, "citation": clause.citation, "title": dict(clause.title), "why": why}

    def _clause_why(self, pack: Pack, clause: Clause) -> list[dict[str, str]]:
        grounds = clause_grounds(pack, clause, self._before, self._after)
        return [*([_dated(clause, self._before, self._after)] if grounds.is_dated else []), *self._why(pack, grounds)]

    def _why(self, pack: Pack, grounds: Grounds) -> list[dict[str, str]]:
        found = []
        for conditions, zh, en in ((grounds.held, "成立", "now holds"), (grounds.failed, "不再成立", "no longer holds")):
            for condition in conditions:
                said = _both(
                    partial(
                        said_condition,
                        condition,
                        named=pack.conditions,
                        amount=lambda value: amount_on(pack, value, self._after.on),
                    )
                )
                found.append({"zh": f"{zh}：{said['zh']}", "en": f"{en}: {said['en']}"})
        return found


def _dated(clause: Clause, before: CaseFacts, after: CaseFacts) -> dict[str, str]:
    """Which of the clause's dates lies between the days of the two cases."""
    low, high = sorted((before.on, after.on))
    if low < clause.effective_from <= high:
        day = clause.effective_from.isoformat()
        return {"zh": f"自 {day} 起施行", "en": f"in force from {day}"}
    day = clause.effective_to.isoformat() if clause.effective_to else ""
    return {"zh": f"自 {day} 起不再施行", "en": f"no longer in force from {day}"}


def _once(texts: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return list({text["zh"]: text for text in texts}.values())


def _both(said: Callable[..., str]) -> dict[str, str]:
    return {lang: said(lang=lang) for lang in LANGS}
