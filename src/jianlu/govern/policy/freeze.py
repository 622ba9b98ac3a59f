"""From packs and the facts of a case to its plan: which clauses apply, what they demand, how long what is kept. Pure.

The same case, packs and languages give the same plan, byte for byte. Nothing is hidden: clauses out of scope are listed with
the reason, conflicts with what the plan does about them. Packs are `load_packs.py`, the document is `core/formats/plan.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Conflict, Language, Obligation, Phrase, Plan, PlanClause, PlanPack, settled_plan
from jianlu.govern.policy._values import amount_on
from jianlu.govern.policy._wordings import compile_wording, joined
from jianlu.govern.policy.conditions import Condition, Missing, evaluate
from jianlu.govern.policy.facts import nested_facts
from jianlu.govern.policy.handle import solve_handling
from jianlu.govern.policy.model import CaseFacts, Clause, ConflictRule, Demand, FactValue, Pack
from jianlu.govern.policy.obligations.cameras import on_every_camera
from jianlu.govern.policy.obligations.form import Compiling, compile_fields
from jianlu.govern.policy.obligations.kinds import KINDS
from jianlu.govern.policy.order import Staged, ordered
from jianlu.govern.policy.retain import Candidate, solve_retention
from jianlu.govern.wording.tokens import tokens_of


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

    case: CaseFacts
    packs: list[PlanPack] = field(default_factory=list)
    clauses: list[PlanClause] = field(default_factory=list)
    phrases: dict[str, Phrase] = field(default_factory=dict)
    staged: list[Staged] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


def freeze_plan(case: CaseFacts, packs: Sequence[Pack], languages: Mapping[str, Language]) -> Plan:
    """The plan of `case`: every clause of `packs` that is in force on its day and applies to its facts, merged; as its document says it.

    Raises InvalidError when a fact on which a rule depends is not stated (naming the key), when a pack has no wording in the
    session's language, when order rules of merged packs contradict each other, or when no rule applies at all.
    """
    return settled_plan(merge_plan(case, packs, languages))


def merge_plan(case: CaseFacts, packs: Sequence[Pack], languages: Mapping[str, Language]) -> Plan:
    """As `freeze_plan`, of which no document is made: what a script is tried on by the dozen; raises the same."""
    draft = _Draft(case)
    packs = sorted(packs, key=lambda pack: pack.id)
    for pack in packs:
        _add_pack(draft, pack)
    if not draft.clauses:
        raise InvalidError("no rule pack applies to this case: check [case] place, channel and on, and the product's kind")
    _join_questions(draft)
    langs = sorted({phrase.lang for phrase in draft.phrases.values()} | _session_language(case))
    if lost := [lang for lang in langs if lang not in languages]:
        raise InvalidError(f"there are no language rules for {', '.join(lost)}: add packs/_language/{lost[0]}.toml")
    return Plan(
        facts=nested_facts(case.on, case.facts) | {"dates": {name: day.isoformat() for name, day in sorted(case.dates.items())}},
        tracks=case.tracks,
        packs=tuple(draft.packs),
        clauses=tuple(draft.clauses),
        phrases=tuple(draft.phrases[phrase] for phrase in sorted(draft.phrases)),
        languages=tuple(languages[lang] for lang in langs),
        obligations=ordered(draft.staged),
        retention=solve_retention(draft.candidates, on=case.on, dates=case.dates),
        handling=solve_handling([staged.obligation for staged in draft.staged]),
        conflicts=tuple(_conflict(rule) for pack in packs for rule in pack.conflicts if _conflict_applies(draft, pack, rule)),
    )


def _session_language(case: CaseFacts) -> set[str]:
    return {str(case.facts["session.language"])} if "session.language" in case.facts else set()


def _add_pack(draft: _Draft, pack: Pack) -> None:
    if not _holds(pack, pack.applies, draft.case, "the pack"):
        return
    clauses = [clause for clause in pack.clauses if _clause_applies(pack, clause, draft.case)]
    if not clauses:
        return
    draft.packs.append(PlanPack(pack.id, pack.version, pack.digest, pack.title, pack.source))
    for clause in clauses:
        draft.clauses.append(_plan_clause(pack, clause))
        for demand in clause.demands:
            if demand.when is None or _holds(pack, demand.when, draft.case, clause.id):
                _add_demand(draft, pack, clause, demand)


def _clause_applies(pack: Pack, clause: Clause, case: CaseFacts) -> bool:
    if not _in_force(clause.effective_from, clause.effective_to, case.on):
        return False
    if clause.when is not None and not _holds(pack, clause.when, case, clause.id):
        return False
    # A clause all of whose obligations are conditional on facts that do not hold demands nothing of this case.
    demands = [demand.when is None or _holds(pack, demand.when, case, clause.id) for demand in clause.demands]
    return any(demands) or not clause.demands


def _in_force(start: date, end: date | None, on: date) -> bool:
    return start <= on and (end is None or on < end)


def _holds(pack: Pack, condition: Condition, case: CaseFacts, where: str) -> bool:
    answer = evaluate(condition, case.facts, named=pack.conditions, amount=lambda value: amount_on(pack, value, case.on))
    if isinstance(answer, Missing):
        section, key = answer.facts[0].split(".")
        raise InvalidError(
            f"the case does not state `{key}` in [{section}], on which {pack.id} ({where}) depends: add it to the case file"
        )
    return answer


def _plan_clause(pack: Pack, clause: Clause) -> PlanClause:
    return PlanClause(
        pack=pack.id,
        clause=clause.id,
        citation=clause.citation,
        title=clause.title,
        source=clause.source,
        effective_from=clause.effective_from.isoformat(),
        effective_to=clause.effective_to.isoformat() if clause.effective_to else "",
        confidence=clause.confidence,
        mark=clause.mark,
        status=clause.status,
        note=clause.note,
    )


def _add_demand(draft: _Draft, pack: Pack, clause: Clause, demand: Demand) -> None:
    kind = KINDS[demand.kind]
    using = Compiling(
        amount=lambda value: amount_on(pack, value, draft.case.on),
        phrase_ids=lambda phrase: _use_phrase(draft, pack, phrase),
    )
    params = compile_fields(kind, demand.fields, using)
    if demand.kind != "retain_for":
        name = params["step"] if kind.is_step else demand.kind
        for own in on_every_camera(params, draft.case.tracks):
            draft.staged.append(Staged(_obligation(draft, pack, clause, demand.kind, str(name), own), demand.stage))
        return
    for part in params.pop("parts"):
        clause_key = f"{pack.id}:{clause.id}"
        draft.candidates.append(
            Candidate(part, clause_key, params["trigger"], params["years"], params["months"], tuple(params["counts_when"]))
        )
        if all(staged.obligation.id != f"{clause_key}/retain_{part}" for staged in draft.staged):
            obligation = _obligation(draft, pack, clause, demand.kind, f"retain_{part}", {"part": part})
            draft.staged.append(Staged(obligation, demand.stage))


def _obligation(draft: _Draft, pack: Pack, clause: Clause, kind: str, name: str, params: dict[str, Any]) -> Obligation:
    obligation_id = f"{pack.id}:{clause.id}/{name}"
    twice = sum(staged.obligation.id.partition("#")[0] == obligation_id for staged in draft.staged)
    return Obligation(f"{obligation_id}#{twice + 1}" if twice else obligation_id, pack.id, clause.id, kind, params)


@lru_cache(maxsize=8192)
def _spelled(text: str, lang: str) -> tuple[str, ...]:
    """Spelling is pure and slow; the same wordings return with every case."""
    return tuple(tokens_of(text, lang))


def _join_questions(draft: _Draft) -> None:
    """Consents of one step are one act, whichever packs demand it: their questions become one phrase with all variants."""
    asked: dict[str, list[str]] = {}
    for staged in draft.staged:
        if staged.obligation.kind == "require_consent":
            asked.setdefault(staged.step, []).append(staged.obligation.params["question"])
    renamed: dict[str, str] = {}
    for questions in asked.values():
        distinct = sorted(set(questions))
        draft.phrases[distinct[0]] = joined([draft.phrases[question] for question in distinct])
        renamed |= dict.fromkeys(distinct[1:], distinct[0])
    for number, staged in enumerate(draft.staged):
        question = staged.obligation.params.get("question")
        if question in renamed:
            params = {**staged.obligation.params, "question": renamed[question]}
            draft.staged[number] = replace(staged, obligation=replace(staged.obligation, params=params))
    draft.phrases = {phrase: entry for phrase, entry in draft.phrases.items() if phrase not in renamed}


def _use_phrase(draft: _Draft, pack: Pack, phrase: str) -> tuple[str, ...]:
    lang: FactValue | None = draft.case.facts.get("session.language")
    if lang is None:
        raise InvalidError(f"the case does not state `language` in [session], on which the words of {pack.id} depend: add it")
    wording = pack.wordings.get((phrase, str(lang)))
    if wording is None:
        raise InvalidError(f"{pack.id} has no wording of {phrase} in the session's language {lang}: add it to its phrases.toml")
    made = compile_wording(wording, pack.id, draft.case.facts, _spelled)
    draft.phrases.update({entry.id: entry for entry in made})
    return tuple(entry.id for entry in made)


def _conflict_applies(draft: _Draft, pack: Pack, rule: ConflictRule) -> bool:
    in_plan = {clause.key for clause in draft.clauses}
    if not set(rule.clauses) <= in_plan:
        return False
    return rule.when is None or _holds(pack, rule.when, draft.case, rule.code)


def _conflict(rule: ConflictRule) -> Conflict:
    return Conflict(rule.code, rule.clauses, rule.text, rule.resolution)
