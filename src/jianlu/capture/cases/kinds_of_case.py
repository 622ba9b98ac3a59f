"""Kinds of case that a template has: one with every fact stated, and that one with one fact changed at a time; each with its plan.

They are what a script is tried on before anybody has a case (`rehearsal.py`). Two facts that matter only together are not tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from jianlu.capture.cases.model import Scene
from jianlu.capture.cases.rules import Rules
from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Plan
from jianlu.govern.policy.case_file import facts_of, tracks_for
from jianlu.govern.policy.facts import FACTS

Changed = tuple[tuple[str, str], ...]
"""The fact that was changed, and to what; empty for the case with which all begin."""

SPOKEN_FACTS: Mapping[str, Any] = {
    "case.place": "CN-31",
    "case.institution": "建安银行",
    "product.name": "稳健一号",
    "product.insurer": "和安人寿保险公司",
    "product.term_years": 10,
    "product.pay_years": 5,
    "product.premium_yuan": 10_000,
    "product.cooling_off_days": 15,
    "product.waiting_days": 90,
    "product.benefits": ["满期保险金", "身故保险金"],
    "product.amount_yuan": 200_000,
    "product.rate": "百分之四点三五",
    "product.purpose": "住房装修",
    "customer.age": 45,
}
"""What is said where a script holds a fact: any name and any number does, these make whole sentences."""

_CHANGED: Mapping[str, Sequence[Any]] = {
    "customer.age": (17, 62),
    "case.place": ("CN-33-NB",),
    "session.biometrics": ([], ["face"]),
}


@dataclass(frozen=True)
class _Held:
    """A scene or rules for remembering, told apart by `key`: both are read once a process."""

    key: object
    held: Any = field(compare=False)


def plans_of(scene: Scene, rules: Rules, on: date) -> Sequence[tuple[Changed, Plan]]:
    """The plan of each kind of case, with the fact that was changed; a combination that no rule knows is no case."""
    key = (scene.id, scene.version, repr(scene.facts), scene.asks, scene.seats)
    return _plans_of(_Held(key, scene), _Held(tuple(pack.digest for pack in rules.packs), rules), _since(rules, on))


def _since(rules: Rules, on: date) -> date:
    """The first day on which the rules were what they are on that day: no clause and no number begins or ends in between."""
    clauses = [day for pack in rules.packs for each in pack.clauses for day in (each.effective_from, each.effective_to)]
    periods = [period for pack in rules.packs for value in pack.values.values() for period in value.periods]
    days = [*clauses, *(day for period in periods for day in (period.start, period.end))]
    return max((day for day in days if day is not None and day <= on), default=on)


@lru_cache(maxsize=64)
def _plans_of(scene: _Held, rules: _Held, on: date) -> Sequence[tuple[Changed, Plan]]:
    found: list[tuple[Changed, Plan]] = []
    seats = [rule.seat for rule in scene.held.seats if rule.is_required]
    for changed, stated in _kinds_of_case(scene.held):
        try:
            found.append((changed, rules.held.tried_plan_of(facts_of(on, stated, tracks_for(seats)))))
        except InvalidError:
            continue
    return found


def _kinds_of_case(scene: Scene) -> Iterator[tuple[Changed, dict[str, Any]]]:
    defaults = {name: list(value) if isinstance(value, tuple) else value for name, value in scene.facts.items()}
    whole: dict[str, Any] = {"session.medium": "video", **defaults, "session.language": "zh"}
    for name in scene.asks:
        if name in FACTS and name != "product.term_months":
            whole.setdefault(name, _any_value(name))
    if "product.term_months" in scene.asks and "product.term_years" not in whole:
        whole["product.term_months"] = 36
    yield (), whole
    for name in scene.asks:
        for value in _other_values(name):
            if value != whole.get(name):
                yield ((name, _shown(value)),), {**whole, name: value}


def _any_value(name: str) -> Any:
    form = FACTS[name]
    if name in SPOKEN_FACTS:
        return SPOKEN_FACTS[name]
    if form.form == "codes":
        return list(form.codes[:1])
    return form.codes[0] if form.codes else form.form == "flag" or max(form.least, 1)


def _other_values(name: str) -> Sequence[Any]:
    if name in _CHANGED:
        return _CHANGED[name]
    form = FACTS.get(name)
    if form is None or form.form not in ("code", "flag"):
        return ()
    return form.codes if form.form == "code" else (False,)


def _shown(value: Any) -> str:
    return "、".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
