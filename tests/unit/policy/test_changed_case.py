"""The same case with other facts: each form of fact is read, the term is stated once, and what cannot be is refused by name."""

from __future__ import annotations

from datetime import date

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.changed_case import changed_case
from jianlu.govern.policy.model import CaseFacts

CASE = CaseFacts(
    date(2026, 11, 20),
    {
        "case.place": "CN-31",
        "product.term_years": 10,
        "product.term_months": 120,
        "product.benefits": ("满期保险金",),
        "session.biometrics": ("face",),
        "customer.age": 62,
    },
    (),
    {"contract_end": date(2036, 11, 20)},
)


def test_nothing_stated_is_the_same_case() -> None:
    assert changed_case(CASE, {}) == CASE


def test_each_form_of_fact_is_read() -> None:
    stated = {"case.place": "DE", "customer.age": "59", "session.asks_agreement": "true", "session.biometrics": "face,voice"}
    facts = changed_case(CASE, stated).facts
    assert facts["case.place"] == "DE"
    assert (facts["customer.age"], facts["session.asks_agreement"]) == (59, True)
    assert facts["session.biometrics"] == ("face", "voice")


def test_another_day_and_other_dates() -> None:
    changed = changed_case(CASE, {"case.on": "2025-05-31", "dates.contract_end": "", "dates.dispute_start": "2040-01-02"})
    assert (changed.on, changed.dates) == (date(2025, 5, 31), {"dispute_start": date(2040, 1, 2)})


def test_another_term_in_years_or_months_replaces_the_one_that_was_stated() -> None:
    assert changed_case(CASE, {"product.term_years": "1"}).facts["product.term_months"] == 12
    months = changed_case(CASE, {"product.term_months": "6"}).facts
    assert months["product.term_months"] == 6 and "product.term_years" not in months


def test_an_empty_text_takes_a_fact_away_and_empties_a_list() -> None:
    changed = changed_case(CASE, {"customer.age": "", "session.biometrics": ""}).facts
    assert "customer.age" not in changed and changed["session.biometrics"] == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("customer.name", "x"),
        ("customer.age", "sixty"),
        ("customer.age", "-1"),
        ("customer.age", "131"),
        ("session.asks_agreement", "yes"),
        ("case.place", "Shanghai"),
        ("case.on", "20.11.2026"),
        ("dates.contract_end", "soon"),
        ("dates.wedding", "2026-01-01"),
        ("product.kind", "ship"),
        ("session.biometrics", "gait"),
    ],
)
def test_what_a_fact_cannot_hold_is_refused_by_its_name(name: str, text: str) -> None:
    with pytest.raises(InvalidError, match=name.partition(".")[2]):
        changed_case(CASE, {name: text})
