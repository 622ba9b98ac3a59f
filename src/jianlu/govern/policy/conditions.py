"""Conditions of rule packs: when a pack, a clause or an obligation applies. Data, never code.

A condition is a tree of tests over facts with a small closed set of operators. Evaluation is three-valued (Kleene): a fact
that the case does not state matters only when the answer depends on it, and then its name is reported, never a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.facts import FACTS

DEPTH_MAX = 8
"""Nesting of a condition: a rule that needs more is no longer read by a person."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a fact; a number operand may name a dated value of the pack (`value`)."""

    fact: str
    operator: str
    operand: Any
    value: str = ""


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when one part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Named:
    """The pack's condition of that name."""

    name: str


Condition = Comparison | AllOf | AnyOf | Not | Named


@dataclass(frozen=True, slots=True)
class Missing:
    """The answer depends on facts that the case does not state."""

    facts: tuple[str, ...]


_NUMERIC: Mapping[str, Callable[[int, int], bool]] = {
    "at_least": lambda fact, bound: fact >= bound,
    "more_than": lambda fact, bound: fact > bound,
    "at_most": lambda fact, bound: fact <= bound,
    "less_than": lambda fact, bound: fact < bound,
}
_TEXTUAL = ("is", "one_of", "starts_with", "has")
OPERATORS = (*_TEXTUAL, *_NUMERIC, "known")
"""Every operator: `specs/packs.md` says what each one takes."""


def parse_condition(fields: object, *, depth: int = 0) -> Condition:
    """The condition that a TOML table states; InvalidError for an unknown key, fact, operator or operand."""
    if not isinstance(fields, dict) or depth > DEPTH_MAX:
        raise InvalidError("a condition must be a table, and nested no deeper than 8")
    keys = set(fields)
    if keys in ({"all"}, {"any"}):
        parts = fields[keys.pop()]
        if not isinstance(parts, list) or not parts:
            raise InvalidError("all and any take a non-empty list of conditions")
        made = tuple(parse_condition(part, depth=depth + 1) for part in parts)
        return AllOf(made) if "all" in fields else AnyOf(made)
    if keys == {"not"}:
        return Not(parse_condition(fields["not"], depth=depth + 1))
    if keys == {"condition"} and isinstance(fields["condition"], str):
        return Named(fields["condition"])
    return _parse_test(fields)


def _parse_test(fields: Mapping[str, Any]) -> Comparison:
    operators = [key for key in fields if key in OPERATORS]
    if set(fields) != {"fact", *operators} or len(operators) != 1:
        raise InvalidError(f"a test takes `fact` and one of {', '.join(OPERATORS)}; found {', '.join(sorted(fields))}")
    fact, operator = fields["fact"], operators[0]
    form = FACTS.get(fact) if isinstance(fact, str) else None
    if form is None:
        raise InvalidError(f"a condition asks for {fact}, which is not a known fact")
    operand = fields[operator]
    if operator in _NUMERIC:
        if isinstance(operand, dict) and set(operand) == {"value"} and isinstance(operand["value"], str):
            return Comparison(fact, operator, 0, operand["value"])
        if not form.is_number or not isinstance(operand, int) or isinstance(operand, bool):
            raise InvalidError(f"{operator} compares a number with a number: {fact}")
        return Comparison(fact, operator, operand)
    _check_operand(fact, operator, operand)
    return Comparison(fact, operator, tuple(operand) if isinstance(operand, list) else operand)


def _check_operand(fact: str, operator: str, operand: object) -> None:
    form = FACTS[fact]
    wanted: Sequence[object] = operand if operator == "one_of" and isinstance(operand, list) else [operand]
    if operator == "known" or (operator == "is" and form.form == "flag"):
        fits = isinstance(operand, bool)
    elif operator == "starts_with":
        prefixes = operand if isinstance(operand, list) else [operand]
        fits = form.form == "place" and bool(prefixes) and all(isinstance(prefix, str) and prefix for prefix in prefixes)
    elif operator == "has":
        fits = form.form == "codes" and operand in form.codes
    elif operator == "one_of" and not isinstance(operand, list):
        fits = False
    else:
        fits = form.form == "code" and all(code in form.codes for code in wanted)
    if not fits:
        raise InvalidError(f"{operator} does not fit {fact}, or its operand is not one that {fact} can have")


def named_in(condition: Condition) -> set[str]:
    """Names of the pack's conditions that `condition` refers to."""
    if isinstance(condition, Named):
        return {condition.name}
    return set().union(*(named_in(part) for part in _parts(condition)))


def values_in(condition: Condition) -> set[str]:
    """Names of the pack's dated values that `condition` refers to."""
    if isinstance(condition, Comparison):
        return {condition.value} if condition.value else set()
    return set().union(*(values_in(part) for part in _parts(condition)))


def _parts(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, AllOf | AnyOf):
        return condition.parts
    return (condition.part,) if isinstance(condition, Not) else ()


def evaluate(
    condition: Condition,
    facts: Mapping[str, object],
    *,
    named: Mapping[str, Condition],
    amount: Callable[[str], int],
) -> bool | Missing:
    """Whether `condition` holds for `facts`; Missing with the names when that depends on facts not stated. Pure.

    `named` are the pack's conditions, `amount` gives the pack's dated value of a name on the day of the case.
    """
    if isinstance(condition, Named):
        return evaluate(named[condition.name], facts, named=named, amount=amount)
    if isinstance(condition, Not):
        inner = evaluate(condition.part, facts, named=named, amount=amount)
        return inner if isinstance(inner, Missing) else not inner
    if isinstance(condition, Comparison):
        return _test(condition, facts, amount)
    answers = [evaluate(part, facts, named=named, amount=amount) for part in condition.parts]
    decisive = isinstance(condition, AnyOf)
    if decisive in [answer for answer in answers if isinstance(answer, bool)]:
        return decisive
    absent = tuple(dict.fromkeys(name for answer in answers if isinstance(answer, Missing) for name in answer.facts))
    return Missing(absent) if absent else not decisive


def _test(test: Comparison, facts: Mapping[str, object], amount: Callable[[str], int]) -> bool | Missing:
    if test.operator == "known":
        return (test.fact in facts) is bool(test.operand)
    if test.fact not in facts:
        return Missing((test.fact,))
    fact = facts[test.fact]
    if test.operator in _NUMERIC:
        bound = amount(test.value) if test.value else test.operand
        return isinstance(fact, int) and _NUMERIC[test.operator](fact, bound)
    if test.operator == "starts_with":
        prefixes = test.operand if isinstance(test.operand, tuple) else (test.operand,)
        return isinstance(fact, str) and fact.startswith(prefixes)
    if test.operator == "has":
        return isinstance(fact, tuple) and test.operand in fact
    wanted: tuple[object, ...] = test.operand if test.operator == "one_of" else (test.operand,)
    return fact in wanted
