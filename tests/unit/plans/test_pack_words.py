"""Packs in words: every shipped clause says something in both languages, and what changed between two versions is told."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.deliver.plans.pack_changes import pack_changes
from jianlu.deliver.plans.pack_words import pack_document
from jianlu.deliver.plans.plan_words import plan_document
from jianlu.govern.policy import load_packs, packs_directory
from jianlu.govern.policy.earlier_packs import pack_versions
from jianlu.govern.policy.model import Pack
from tests.fakes.reported_case import sale_plan

ON = date(2026, 11, 26)
DUAL = "cn-insurance-dual-recording"


@pytest.fixture(scope="module")
def packs() -> tuple[Pack, ...]:
    return load_packs(packs_directory())


def texts(value: Any) -> list[dict[str, str]]:
    """Every text in two languages that a document holds."""
    if isinstance(value, dict):
        own = [value] if set(value) == {"zh", "en"} else []
        return own + [text for part in value.values() for text in texts(part)]
    return [text for part in value for text in texts(part)] if isinstance(value, list) else []


def test_every_clause_of_every_pack_is_said_in_both_languages(packs: tuple[Pack, ...]) -> None:
    for pack in packs:
        document = pack_document(pack, on=ON)
        assert len(document["clauses"]) == len(pack.clauses) > 0
        for clause, said in zip(pack.clauses, document["clauses"], strict=True):
            assert len(said["demands"]) == len(clause.demands)
            assert said["demands"] or clause.status == "out_of_scope", f"{pack.id}:{clause.id} demands nothing"
            assert all(text["zh"] and text["en"] for demand in said["demands"] for text in [demand["text"]])
        assert [text for text in texts(document) if "None" in text["en"] or "{" in text["en"] + text["zh"]] == []


def test_a_pack_in_two_languages_quotes_each_reader_in_their_own(packs: tuple[Pack, ...]) -> None:
    card = next(pack for pack in packs if pack.id == "pci-dss")
    said = pack_document(card, on=ON)["clauses"][0]["demands"][0]["text"]
    assert "卡背面的三位数" in said["zh"] and "security code" not in said["zh"]
    assert "what is the security code" in said["en"] and "卡" not in said["en"]


def test_the_number_of_a_clause_that_is_no_longer_in_force_stays_its_own(packs: tuple[Pack, ...]) -> None:
    laundering = next(pack for pack in packs if pack.id == "cn-aml")
    terms = {
        clause["id"]: clause["demands"][0]["text"]["en"]
        for clause in pack_document(laundering, on=ON)["clauses"]
        if clause["demands"]
    }
    assert "kept 10 years" in terms["CN-AML-3"] and "kept 5 years" in terms["CN-AML-3-2006"]


def test_numbers_are_those_of_the_day(packs: tuple[Pack, ...]) -> None:
    dual = next(pack for pack in packs if pack.id == DUAL)
    applies = pack_document(dual, on=ON)["clauses"]
    elder = next(clause["when"]["zh"] for clause in applies if "客户年龄" in clause["when"].get("zh", ""))
    assert "客户年龄不少于60" in elder


def test_what_a_new_version_changed_is_told_clause_by_clause() -> None:
    in_use, before = pack_versions(packs_directory(), DUAL, load_packs(packs_directory()))[:2]
    changes = pack_changes(before, in_use, on=ON)
    assert (changes["from"], changes["to"]) == (before.version, in_use.version) == ("1.0.0", "1.1.0")
    assert [(entry["id"], entry["kind"]) for entry in changes["clauses"]] == [("CN-IN-7", "changed")]
    assert {entry["kind"] for entry in changes["values"]} == {"added"}
    assert [entry["id"] for entry in changes["reviews"]] == ["closed-sales"]
    back = pack_changes(in_use, before, on=ON)
    assert {entry["kind"] for entry in back["values"]} == {"removed"}


def test_a_version_differs_from_itself_in_nothing(packs: tuple[Pack, ...]) -> None:
    for pack in packs:
        changes = pack_changes(pack, pack, on=ON)
        assert [changes[part] for part in ("head", "clauses", "values", "wordings", "reviews")] == [[], [], [], [], []]


def test_a_kept_version_is_read_as_strictly_as_the_one_in_use(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(packs_directory(), tmp_path / "packs"))
    assert len(pack_versions(folder, DUAL, load_packs(folder))) == 2
    file = folder / "_earlier" / "1.0.0" / DUAL / "pack.toml"
    whole = file.read_bytes()
    file.write_bytes(whole + b"unknown = 1\n")
    with pytest.raises(InvalidError):
        pack_versions(folder, DUAL, load_packs(folder))
    file.write_bytes(whole)
    (folder / "_earlier" / "1.0.0").rename(folder / "_earlier" / "0.9.0")
    with pytest.raises(InvalidError, match=r"says version 1\.0\.0"):
        pack_versions(folder, DUAL, load_packs(folder))
    with pytest.raises(NotFoundError):
        pack_versions(folder, "cn-nothing", load_packs(folder))


def test_a_plan_leaves_out_no_obligation_and_no_clause() -> None:
    plan = sale_plan()
    document = plan_document(plan)
    named = {
        f"{clause['pack']}:{clause['clause']}"
        for section in document["sections"]
        for demand in section["demands"]
        for clause in demand["clauses"]
    }
    retained = {term["clause"] for each in document["retention"] for term in each["terms"]}
    apart = {f"{clause['pack']}:{clause['clause']}" for clause in document["out_of_scope"]}
    assert {obligation.clause_key for obligation in plan.obligations} - named - retained == set()
    assert {clause.key for clause in plan.clauses} - named - retained - apart == set()
    assert all(text["zh"] and text["en"] for section in document["sections"] for text in texts(section["heading"]))
