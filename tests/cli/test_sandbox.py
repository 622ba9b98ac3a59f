"""`jianlu sandbox`: a home that says it is one, with cases of made-up people and a key that works."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from jianlu.core.terms.ids import tenant_id
from jianlu.govern.apikeys.keys import key_holder
from jianlu.vault.case_log import open_case_log
from jianlu.wiring import open_home, open_identity
from tests.fakes.quiet_home import Answer, jianlu


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    home = tmp_path_factory.mktemp("sandbox") / "home"
    return home, jianlu("sandbox", home, "--json")


def test_a_sandbox_is_labelled_as_one(made: tuple[Path, Answer]) -> None:
    home, answer = made
    assert answer.code == 0, answer.err
    settings = tomllib.loads((home / "jianlu.toml").read_text(encoding="utf-8"))
    assert settings["tenant"]["id"] == "sandbox" and "Sandbox" in settings["serve"]["institution"]
    assert settings["serve"]["sample_devices"] is True and settings["ledger"]["origin"] == "jianlu.example/sandbox"


def test_its_key_is_a_programs_that_makes_cases_and_administers_nothing(made: tuple[Path, Answer]) -> None:
    home, answer = made
    with open_identity(home) as (_, identity):
        holder = key_holder(identity, tenant_id("sandbox"), answer.document["key"])
    assert holder.account.name == "program-sandbox" and holder.may("case.make") and not holder.may("webhook.make")
    assert {role.value for role in holder.account.roles} == {"agent"}


def test_its_cases_have_frozen_plans_and_scripts(made: tuple[Path, Answer]) -> None:
    home, answer = made
    assert len(answer.document["cases"]) == 3
    with open_home(home) as opened:
        for case in answer.document["cases"]:
            kinds = [event.type.value for event in open_case_log(opened.vault, "sandbox", case).events]
            assert kinds[0] == "case:plan:frozen" and "session:script:frozen" in kinds


def test_a_home_that_is_there_is_not_made_a_sandbox(made: tuple[Path, Answer]) -> None:
    home, _ = made
    again = jianlu("sandbox", home)
    assert again.code == 5 and "not empty" in again.err
