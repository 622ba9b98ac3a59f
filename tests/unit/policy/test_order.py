"""The order of a plan's steps: by stage, then by what each presupposes; contradictions are refused."""

from __future__ import annotations

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation
from jianlu.govern.policy.order import Staged, ordered


def step(code: str, stage: str, *, after: tuple[str, ...] = (), before: tuple[str, ...] = (), clause: str = "C") -> Staged:
    params = {"step": code, "after": list(after), "before": list(before)}
    return Staged(Obligation(f"p:{clause}/{code}", "p", clause, "require_step", params), stage)


def codes(*staged: Staged) -> list[str]:
    return [str(obligation.params.get("step", obligation.kind)) for obligation in ordered(staged)]


def test_steps_come_by_stage_and_keep_the_order_given_within_one() -> None:
    assert codes(step("sign", "signing"), step("b", "opening"), step("a", "opening")) == ["b", "a", "sign"]


def test_what_a_step_presupposes_comes_first_even_from_a_later_stage() -> None:
    assert codes(step("notice", "opening", after=("consent",)), step("consent", "consent")) == ["consent", "notice"]
    assert codes(step("late", "opening"), step("early", "closing", before=("late",))) == ["early", "late"]


def test_a_step_that_nobody_demands_is_dropped_from_the_order_rules() -> None:
    (obligation,) = ordered([step("a", "opening", after=("nowhere",), before=("nothing",))])
    assert obligation.params == {"step": "a", "after": [], "before": []}


def test_one_step_demanded_by_two_clauses_stands_once_for_each() -> None:
    found = ordered([step("a", "opening", clause="C"), step("b", "consent", after=("a",)), step("a", "opening", clause="D")])
    assert [obligation.id for obligation in found] == ["p:C/a", "p:D/a", "p:C/b"]


def test_what_is_no_step_follows_by_kind() -> None:
    rest = [
        Staged(Obligation(kind, "p", "C", kind, {}), "throughout") for kind in ("retain_for", "require_sync", "forbid_phrase")
    ]
    assert codes(*rest, step("a", "closing")) == ["a", "forbid_phrase", "require_sync", "retain_for"]


@pytest.mark.parametrize(
    "staged",
    [
        [step("a", "opening", after=("b",)), step("b", "opening", after=("a",))],
        [step("a", "opening", after=("a",))],
        [step("a", "opening", before=("b",)), step("b", "opening", before=("a",))],
    ],
)
def test_contradicting_order_rules_are_refused(staged: list[Staged]) -> None:
    with pytest.raises(InvalidError):
        ordered(staged)
