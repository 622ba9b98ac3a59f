"""Conditions: operators, three-valued answers, and what is refused when a pack is read."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.conditions import DEPTH_MAX, Missing, evaluate, parse_condition

FACTS = {
    "case.place": "CN-31",
    "case.channel": "bank_counter",
    "product.term_months": 120,
    "product.death_benefit": True,
    "session.biometrics": ("face",),
    "customer.age": 60,
}


def holds(condition: dict[str, Any], **named: dict[str, Any]) -> bool | Missing:
    conditions = {name: parse_condition(fields) for name, fields in named.items()}
    return evaluate(parse_condition(condition), FACTS, named=conditions, amount={"elder_age": 60}.__getitem__)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"fact": "case.channel", "is": "bank_counter"}, True),
        ({"fact": "case.channel", "is": "broker"}, False),
        ({"fact": "case.channel", "one_of": ["broker", "bank_counter"]}, True),
        ({"fact": "case.channel", "one_of": ["broker"]}, False),
        ({"fact": "case.place", "starts_with": "CN"}, True),
        ({"fact": "case.place", "starts_with": ["DE", "CN-3"]}, True),
        ({"fact": "case.place", "starts_with": "CN-33"}, False),
        ({"fact": "product.term_months", "more_than": 120}, False),
        ({"fact": "product.term_months", "at_least": 120}, True),
        ({"fact": "product.term_months", "at_most": 120}, True),
        ({"fact": "product.term_months", "less_than": 120}, False),
        ({"fact": "customer.age", "at_least": {"value": "elder_age"}}, True),
        ({"fact": "customer.age", "more_than": {"value": "elder_age"}}, False),
        ({"fact": "product.death_benefit", "is": True}, True),
        ({"fact": "session.biometrics", "has": "face"}, True),
        ({"fact": "session.biometrics", "has": "voice"}, False),
        ({"fact": "customer.type", "known": False}, True),
        ({"fact": "customer.age", "known": True}, True),
        ({"not": {"fact": "customer.age", "known": True}}, False),
    ],
)
def test_an_operator_compares_as_it_says(condition: dict[str, Any], answer: bool) -> None:
    assert holds(condition) is answer


def test_a_named_condition_is_the_condition_of_that_name() -> None:
    assert holds({"condition": "elder"}, elder={"fact": "customer.age", "at_least": 60}) is True


def test_a_missing_fact_is_reported_only_where_the_answer_depends_on_it() -> None:
    missing = {"fact": "customer.type", "is": "individual"}
    true, false = {"fact": "customer.age", "at_least": 1}, {"fact": "case.channel", "is": "broker"}
    assert holds(missing) == Missing(("customer.type",))
    assert holds({"all": [missing, false]}) is False
    assert holds({"any": [missing, true]}) is True
    assert holds({"all": [missing, true]}) == Missing(("customer.type",))
    assert holds({"any": [missing, false]}) == Missing(("customer.type",))
    assert holds({"not": missing}) == Missing(("customer.type",))


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"all": []},
        {"all": {}},
        {"fact": "customer.age"},
        {"fact": "customer.age", "at_least": "60"},
        {"fact": "customer.age", "at_least": True},
        {"fact": "customer.age", "at_least": 1, "at_most": 2},
        {"fact": "customer.age", "at_least": 1, "else": 2},
        {"fact": "customer.name", "is": "x"},
        {"fact": "case.channel", "at_least": 3},
        {"fact": "case.channel", "is": "moon"},
        {"fact": "case.channel", "one_of": "broker"},
        {"fact": "case.channel", "starts_with": "bank"},
        {"fact": "case.place", "starts_with": []},
        {"fact": "session.biometrics", "has": "gait"},
        {"fact": "product.death_benefit", "is": "yes"},
        {"condition": 3},
        {"not": [{"fact": "customer.age", "known": True}]},
    ],
)
def test_what_is_no_condition_is_refused(fields: Any) -> None:
    with pytest.raises(InvalidError):
        parse_condition(fields)


def test_nesting_of_conditions_is_bounded() -> None:
    fields: dict[str, Any] = {"fact": "customer.age", "known": True}
    for _ in range(DEPTH_MAX + 1):
        fields = {"not": fields}
    with pytest.raises(InvalidError, match="deeper"):
        parse_condition(fields)
