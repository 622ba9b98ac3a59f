"""A script rehearsed: an agent who reads it as it stands, judged by the very rules that judge a talk, and what is lacking then.

Rehearsed are kinds of case of each template that uses the script: one with every fact stated, and that one with one fact changed at a
time. So a demand that only another kind of case has is seen too; two facts that matter only together are not tried. Of a consent the
question alone can be rehearsed, of an attestation that a step asks for it. Pure; words for readers are `deliver/scripts/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from jianlu.capture.cases.kinds_of_case import Changed, plans_of
from jianlu.capture.cases.model import Scene
from jianlu.capture.cases.rules import Rules
from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation, Phrase, Plan
from jianlu.core.formats.script import Script, Step
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.findings import Coverage, Engine, Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.verdicts.case_view import CaseView
from jianlu.govern.policy.conditions import Missing, evaluate, parse_condition
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import facts_in, filled, sentences_that_apply, steps_that_apply
from jianlu.govern.wording.tokens import tokens_of

_SENTENCE_END = re.compile(r"[。！？；，,.;!?]")
_TOKEN_MS, _COMMA_MS = 200, 350
_TEXTS_MAX = 500
_AGENT = "agent"
_Reading = tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]
_Heard = Mapping[str, frozenset[str]]
_READ = Engine("jianlu.rehearsal", "1", "")


@dataclass(frozen=True, slots=True)
class Lack:
    """What a talk would miss that follows the script word for word.

    `code`: `no_step` (no step carries out the plan's step `about`), `not_said` (the wording `says` is not in a step that carries it
    out), `forbidden` (the script says it), `no_attestation`. `clause` is `pack:clause`; `step` the script's step, empty without one.
    """

    code: str
    clause: str
    citation: str
    title: Mapping[str, str]
    about: str
    says: str
    step: str
    scene: str
    facts: Changed
    is_known: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What is lacking, wherever it was noticed."""
        return (self.code, self.clause, self.about)


@dataclass(frozen=True, slots=True)
class Demanded:
    """What the plan's step `step` demands: by which clauses (`pack:clause`, citation, title), and the wordings that an agent reads out."""

    step: str
    clauses: tuple[tuple[str, str, Mapping[str, str]], ...]
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is lacking, each once; what the rules demand; in how many kinds of case it was looked for; the templates that use the script.

    `attested` are clauses from which some plan demands an attestation, as `Demanded.clauses`.
    """

    lacks: tuple[Lack, ...]
    demands: tuple[Demanded, ...]
    attested: tuple[tuple[str, str, Mapping[str, str]], ...]
    cases: int
    scenes: tuple[str, ...]

    @property
    def refused(self) -> tuple[Lack, ...]:
        """What keeps the script from being proposed."""
        return tuple(lack for lack in self.lacks if not lack.is_known)


def rehearse(
    script: Script, conditions: Mapping[str, Any] | None, *, scenes: Mapping[str, Scene], rules: Rules, on: date
) -> Rehearsal:
    """What the script lacks on the day `on` in every kind of case for which it would hold."""
    using = [scene for scene in scenes.values() if scene.script.script == script.script]
    lacks: dict[tuple[str, str, str], Lack] = {}
    demands = _Demands()
    tried = 0
    for scene in using:
        for changed, plan in plans_of(scene, rules, on):
            known = _lacks_of(scene.script, plan, scene.id, changed)
            demands.add(plan)
            if known is None or (conditions is not None and not _holds(conditions, facts_in(plan))):
                continue
            tried += 1
            is_known = {lack.key for lack in known}
            found = _lacks_of(script, plan, scene.id, changed)
            for lack in [_unreadable(script, plan, scene.id, changed)] if found is None else found:
                lacks.setdefault(lack.key, replace(lack, is_known=lack.key in is_known))
    return Rehearsal(tuple(lacks.values()), demands.found, demands.attested, tried, tuple(scene.id for scene in using))


def require_complete(rehearsal: Rehearsal) -> None:
    """InvalidError, naming clauses and steps, when something is lacking that the template's own script has."""
    if rehearsal.refused:
        lacking = "; ".join(f"{each.citation} {each.about}".strip() for each in rehearsal.refused)
        raise InvalidError(
            f"the script does not say or do what the rules demand: {lacking[:1500]}: add it, then propose again",
            code="script_lacks",
        )


class _Demands:
    """What the plans demand, gathered."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[dict[str, tuple[str, str, Mapping[str, str]]], dict[str, None]]] = {}
        self._attested: dict[str, tuple[str, str, Mapping[str, str]]] = {}

    def add(self, plan: Plan) -> None:
        clauses = {each.key: (each.key, each.citation, each.title) for each in plan.clauses}
        says = {phrase.id: phrase.says for phrase in plan.phrases}
        for obligation in plan.obligations:
            if obligation.kind == "require_attestation":
                self._attested[obligation.clause_key] = clauses[obligation.clause_key]
            if obligation.kind in ("require_step", "require_consent"):
                by, wordings = self._of.setdefault(obligation.params["step"], ({}, {}))
                by[obligation.clause_key] = clauses[obligation.clause_key]
                wordings.update(dict.fromkeys(says[each] for each in _wanted(obligation)))

    @property
    def found(self) -> tuple[Demanded, ...]:
        """By the plan's step, in the order in which plans list them."""
        return tuple(Demanded(step, tuple(by.values()), tuple(says)) for step, (by, says) in self._of.items())

    @property
    def attested(self) -> tuple[tuple[str, str, Mapping[str, str]], ...]:
        """The clauses of attestations."""
        return tuple(self._attested.values())


def _unreadable(script: Script, plan: Plan, scene: str, changed: Changed) -> Lack:
    """Of a script that cannot be read in a case in which the template's own can be."""
    try:
        _read(steps_that_apply(script, facts_in(plan)), facts_in(plan))
    except InvalidError as error:
        return Lack("no_case", "", "", {"zh": "", "en": ""}, str(error), "", "", scene, changed)
    raise AssertionError("a script that can be read was called unreadable")


def _lacks_of(script: Script, plan: Plan, scene: str, changed: Changed) -> list[Lack] | None:
    """What it lacks in a case of that plan; None when no case is made of it, because a fact is not stated that the script says."""
    facts = facts_in(plan)
    try:
        steps = steps_that_apply(script, facts)
        read = _read(steps, facts)
    except InvalidError:
        return None
    return list(_lacking(steps, plan, _heard(read, plan), (scene, changed)))


def _lacking(steps: Sequence[Step], plan: Plan, heard: _Heard, where: tuple[str, Changed]) -> Iterator[Lack]:
    clauses = {clause.key: clause for clause in plan.clauses}
    says = {phrase.id: phrase.says for phrase in plan.phrases}

    def lack(code: str, obligation: Obligation, about: str, wording: str = "", step: str = "") -> Lack:
        clause = clauses[obligation.clause_key]
        return Lack(code, clause.key, clause.citation, clause.title, about, wording, step, *where)

    for obligation in plan.obligations:
        params = obligation.params
        if obligation.kind == "require_attestation" and not any(obligation.clause_key in step.attests for step in steps):
            yield lack("no_attestation", obligation, obligation.clause_key)
        elif obligation.kind == "forbid_phrase" and _AGENT in params["speakers"]:
            for phrase in params["phrases"]:
                for step in heard.get(phrase, ()):
                    yield lack("forbidden", obligation, phrase, says[phrase], step)
        elif obligation.kind in ("require_step", "require_consent"):
            covering = [step.id for step in steps if params["step"] in step.covers]
            wanted = _wanted(obligation)
            if not covering:
                yield lack("no_step", obligation, params["step"], "、".join(says[each] for each in wanted))
            for phrase in wanted if covering else ():
                if not heard.get(phrase, frozenset()) & set(covering):
                    yield lack("not_said", obligation, phrase, says[phrase], covering[0])


def _wanted(obligation: Obligation) -> list[str]:
    """The wordings that an agent has to read out for it; none where somebody else speaks."""
    params = obligation.params
    if obligation.kind == "require_consent":
        return [params["question"]] if params["asker"] == _AGENT else []
    return list(params["points"]) if params["speaker"] == _AGENT else []


def _read(steps: Sequence[Step], facts: Mapping[str, FactValue]) -> _Reading:
    """What the agent reads aloud, in order: each step with its sentences as they are said, after the language."""
    lang = str(facts["session.language"])
    said = tuple(
        (step.id, tuple(filled(sentence.text, facts)[lang] for sentence in sentences_that_apply(step, facts))) for step in steps
    )
    return lang, said


def _heard(read: _Reading, plan: Plan) -> _Heard:
    """In which steps each phrase of the plan is heard, not denied, when the script is read aloud."""
    lang, said = read
    found: dict[str, set[str]] = {phrase.id: set() for phrase in plan.phrases}
    for step, texts in said:
        known = _KNOWN.of((lang, texts))
        unknown = tuple(phrase for phrase in plan.phrases if phrase not in known)
        if unknown:
            hits = _hits(lang, texts, replace(plan, phrases=unknown))
            known.update({phrase: phrase.id in hits for phrase in unknown})
        for phrase in plan.phrases:
            if known[phrase]:
                found[phrase.id].add(step)
    return {phrase: frozenset(steps) for phrase, steps in found.items()}


def _hits(lang: str, texts: Sequence[str], plan: Plan) -> set[str]:
    """The plan's phrases that are heard, not denied, in texts read one after the other."""
    found: list[Finding] = []
    now = 0
    for text in texts:
        start, tokens = now, []
        for part in _SENTENCE_END.split(text):
            for token in _spelled(part, lang):
                tokens.append([token, now, now + _TOKEN_MS, 1000])
                now += _TOKEN_MS
            now += _COMMA_MS
        if tokens:
            value = {"lang": lang, "text": text, "tokens": tokens}
            found.append(Finding(f"read-{len(found)}", FindingKind.UTTERANCE, _AGENT, start, now, 1000, 0, _READ, value))
    speech = Inspection(Inspector.SPEECH, Status.RAN, "", _READ, (Coverage(_AGENT, 0, now),), tuple(found))
    case = CaseView(plan, [], [speech, spot(plan, speech)])
    return {phrase.id for phrase in plan.phrases if case.hits(phrase.id, _AGENT)}


class _Memory:
    """What was heard in which texts: an editor changes one step of many. Forgets everything when it is full."""

    def __init__(self) -> None:
        self._of: dict[object, dict[Phrase, bool]] = {}

    def of(self, texts: object) -> dict[Phrase, bool]:
        if len(self._of) >= _TEXTS_MAX:
            self._of.clear()
        return self._of.setdefault(texts, {})


_KNOWN = _Memory()


@lru_cache(maxsize=4096)
def _spelled(text: str, lang: str) -> tuple[str, ...]:
    return tuple(tokens_of(text, lang)) if text.strip() else ()


def _holds(conditions: Mapping[str, Any], facts: Mapping[str, FactValue]) -> bool:
    answer = evaluate(parse_condition(dict(conditions)), facts, named={}, amount=lambda _: 0)
    return not isinstance(answer, Missing) and answer
