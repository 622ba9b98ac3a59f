"""Why a pack or a clause applies to one case and not to another: the conditions whose answer differs, or the days it is in force.

Pure. Both cases are of the same packs; how grounds are said is `deliver/plans/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.govern.policy._values import amount_on
from jianlu.govern.policy.conditions import AllOf, AnyOf, Comparison, Condition, Named, Not, evaluate
from jianlu.govern.policy.model import CaseFacts, Clause, Pack


@dataclass(frozen=True, slots=True)
class Grounds:
    """`held` hold for the later case alone, `failed` for the earlier one alone; `is_dated`: the clause is in force for one of them only."""

    held: tuple[Condition, ...] = ()
    failed: tuple[Condition, ...] = ()
    is_dated: bool = False


def pack_grounds(pack: Pack, before: CaseFacts, after: CaseFacts) -> Grounds:
    """Why `pack` applies to one of the cases only; empty when its condition is answered alike."""
    return _sorted(pack, _flipped(pack, pack.applies, before, after), after, is_dated=False)


def clause_grounds(pack: Pack, clause: Clause, before: CaseFacts, after: CaseFacts) -> Grounds:
    """Why `clause` is in one of the plans only, its pack applying to both: its dates, its condition, those of its obligations."""
    conditions = [clause.when, *(demand.when for demand in clause.demands)]
    found = [part for each in conditions if each is not None for part in _flipped(pack, each, before, after)]
    is_dated = _is_in_force(clause, before) is not _is_in_force(clause, after)
    return _sorted(pack, tuple(dict.fromkeys(found)), after, is_dated=is_dated)


def _is_in_force(clause: Clause, case: CaseFacts) -> bool:
    return clause.effective_from <= case.on and (clause.effective_to is None or case.on < clause.effective_to)


def _sorted(pack: Pack, flipped: tuple[Condition, ...], after: CaseFacts, *, is_dated: bool) -> Grounds:
    held = tuple(condition for condition in flipped if _answer(pack, condition, after) is True)
    return Grounds(held, tuple(condition for condition in flipped if condition not in held), is_dated)


def _flipped(pack: Pack, condition: Condition, before: CaseFacts, after: CaseFacts) -> tuple[Condition, ...]:
    """The smallest parts of `condition` that are answered otherwise; one that only asks whether a fact is known gives way to others."""
    if _answer(pack, condition, before) is _answer(pack, condition, after):
        return ()
    if isinstance(condition, Named):
        return _flipped(pack, pack.conditions[condition.name], before, after)
    if isinstance(condition, Not):  # what is denied is told as what no longer holds, or now does
        return _flipped(pack, condition.part, before, after)
    if not isinstance(condition, AllOf | AnyOf):
        return (condition,)
    found = tuple(dict.fromkeys(leaf for part in condition.parts for leaf in _flipped(pack, part, before, after)))
    telling = tuple(leaf for leaf in found if not (isinstance(leaf, Comparison) and leaf.operator == "known"))
    return telling or found or (condition,)


def _answer(pack: Pack, condition: Condition, case: CaseFacts) -> bool | None:
    """None where it depends on what is not stated, or on a number that the pack does not have for the day."""
    try:
        answer = evaluate(condition, case.facts, named=pack.conditions, amount=lambda value: amount_on(pack, value, case.on))
    except InvalidError:
        return None
    return answer if isinstance(answer, bool) else None
