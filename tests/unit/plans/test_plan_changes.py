"""What changes between two plans: nothing for the same case, the mirror image the other way round, and a reason for every change."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Language
from jianlu.deliver.plans.plan_changes import plan_changes
from jianlu.deliver.plans.render_changes import render_changes
from jianlu.govern.policy import load_languages, load_packs, packs_directory, parse_case_file
from jianlu.govern.policy.changed_case import changed_case
from jianlu.govern.policy.model import CaseFacts, Pack

CALL = b"""
[case]
id = "call-1"
tenant = "bank"
title = "A call"
on = 2026-11-20
place = "DE"
channel = "telephone"
[product]
kind = "investment_service"
[customer]
type = "individual"
age = 41
[session]
medium = "audio"
biometrics = []
language = "en"
asks_agreement = true
[[tracks]]
audio = 0
role = "agent"
[[tracks]]
audio = 1
role = "customer"
"""


@pytest.fixture(scope="module")
def packs() -> tuple[Pack, ...]:
    return load_packs(packs_directory())


@pytest.fixture(scope="module")
def languages() -> dict[str, Language]:
    return load_languages(packs_directory())


@pytest.fixture
def call() -> CaseFacts:
    return parse_case_file(CALL).facts


def changed(call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language], **stated: str) -> dict[str, Any]:
    after = changed_case(call, {name.replace("__", "."): text for name, text in stated.items()})
    return plan_changes(call, after, packs, languages)


def test_the_same_case_changes_nothing(call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]) -> None:
    changes = plan_changes(call, call, packs, languages)
    assert not any(changes.values())
    assert "没有变化" in render_changes(changes, "zh") and "Nothing changes" in render_changes(changes, "en")


def test_the_other_way_round_what_came_goes(call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]) -> None:
    after = changed_case(call, {"case.place": "US-NY", "case.institution_kind": "broker_dealer"})
    there, back = plan_changes(call, after, packs, languages), plan_changes(after, call, packs, languages)
    mirror = {"added": "removed", "removed": "added"}
    for section, key in (("packs", "id"), ("clauses", "clause"), ("conflicts", "code")):
        assert {(e[key], mirror[e["kind"]]) for e in there[section]} == {(e[key], e["kind"]) for e in back[section]}
    assert {entry["id"] for entry in there["packs"]} == {"eu-gdpr", "eu-mifid2", "us-sec-17a-4"}


def test_every_pack_and_clause_that_changes_has_a_reason(
    call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]
) -> None:
    elsewhere = changed(call, packs, languages, case__place="US-NY", case__institution_kind="broker_dealer")
    earlier = changed(call, packs, languages, case__on="2018-03-01")
    unasked = changed(call, packs, languages, session__asks_agreement="false")
    for changes in (elsewhere, earlier, unasked):
        told = [*changes["packs"], *changes["clauses"]]
        assert told and all(entry["why"] for entry in told)


def test_a_reason_is_the_one_condition_that_is_answered_otherwise(
    call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]
) -> None:
    changes = changed(call, packs, languages, session__asks_agreement="false")
    assert {entry["clause"] for entry in changes["clauses"]} == {"eu-gdpr:EU-GD-2", "eu-mifid2:EU-MF-1-agreement"}
    assert {tuple(why["en"] for why in entry["why"]) for entry in changes["clauses"]} == {
        ("no longer holds: Asks for agreement: yes",)
    }


def test_a_day_on_which_a_law_began_is_the_reason(
    call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]
) -> None:
    changes = changed(call, packs, languages, case__on="2018-03-01")
    (gone,) = changes["packs"]
    assert (gone["id"], gone["kind"]) == ("eu-gdpr", "removed")
    assert gone["why"] == [{"zh": "自 2018-05-25 起施行", "en": "in force from 2018-05-25"}]


def test_a_request_of_the_authority_lengthens_the_term(
    call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]
) -> None:
    (kept,) = changed(call, packs, languages, dates__regulator_request="2027-02-01")["retention"]
    assert kept["before"]["en"] == "kept until 2031-11-20 (decided by eu-mifid2:EU-MF-1)"
    assert kept["after"]["en"] == "kept until 2033-11-20 (decided by eu-mifid2:EU-MF-1)"
    assert [part["part"] for part in kept["parts"]] == ["recording", "transcript", "findings", "consent", "ledger"]


def test_a_plan_that_cannot_be_made_is_refused_with_the_fact_that_is_missing(
    call: CaseFacts, packs: tuple[Pack, ...], languages: dict[str, Language]
) -> None:
    with pytest.raises(InvalidError, match="asks_agreement"):
        changed(call, packs, languages, session__asks_agreement="")
