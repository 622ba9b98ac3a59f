"""Who answers for a clause is said for every clause, refused where it is not, and changes no pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.load_packs import load_packs, packs_directory
from jianlu.govern.policy.responsibility import FOLDER, OWNERS, load_responsibilities

SHIPPED = packs_directory()
PACKS = load_packs(SHIPPED)


def folder_with(tmp_path: Path, demands: str, clauses: str = "") -> Path:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "demands.toml").write_text(demands, encoding="utf-8")
    (tmp_path / FOLDER / "clauses.toml").write_text(clauses, encoding="utf-8")
    return tmp_path


def shipped_demands() -> str:
    return (SHIPPED / FOLDER / "demands.toml").read_text(encoding="utf-8")


def test_every_clause_of_every_pack_has_an_owner() -> None:
    found = load_responsibilities(SHIPPED, PACKS)
    owners = {found.owner_of(pack, clause) for pack in PACKS for clause in pack.clauses}
    assert owners == set(OWNERS)


def test_a_clause_out_of_scope_is_the_institutions() -> None:
    found = load_responsibilities(SHIPPED, PACKS)
    left_out = [(pack, clause) for pack in PACKS for clause in pack.clauses if clause.status == "out_of_scope"]
    assert left_out and {found.owner_of(pack, clause) for pack, clause in left_out} == {"tenant"}


def test_a_clause_whose_demands_belong_to_both_sides_is_shared() -> None:
    found = load_responsibilities(SHIPPED, PACKS)
    mixed = [
        (pack, clause)
        for pack in PACKS
        for clause in pack.clauses
        if {"require_attestation", "require_step"} <= {demand.kind for demand in clause.demands}
    ]
    assert mixed and {found.owner_of(pack, clause) for pack, clause in mixed} == {"shared"}


def test_a_kind_of_demand_that_nobody_answers_for_is_refused(tmp_path: Path) -> None:
    without = shipped_demands().replace("[retain_for]", "[retain_longer]")
    with pytest.raises(InvalidError, match="says nothing of: retain_for"):
        load_responsibilities(folder_with(tmp_path, without), PACKS)


def test_a_clause_may_differ_and_must_exist(tmp_path: Path) -> None:
    pack, clause = PACKS[0], PACKS[0].clauses[0]
    differs = f'["{pack.id}:{clause.id}"]\nowner = "tenant"\nreason = {{ zh = "自行录制", en = "records by itself" }}\n'
    found = load_responsibilities(folder_with(tmp_path, shipped_demands(), differs), PACKS)
    assert found.owner_of(pack, clause) == "tenant"
    (tmp_path / FOLDER / "clauses.toml").write_text(differs.replace(clause.id, "CN-NOTHING"), encoding="utf-8")
    with pytest.raises(InvalidError, match="no pack has"):
        load_responsibilities(tmp_path, PACKS)


@pytest.mark.parametrize("broken", ['owner = "nobody"', 'owner = "tenant"\nprovider = {zh = "x"}', "owner = 1"])
def test_a_share_that_is_none_is_refused_with_its_place(tmp_path: Path, broken: str) -> None:
    with pytest.raises(InvalidError, match=r"demands\.toml"):
        load_responsibilities(folder_with(tmp_path, f"[require_step]\n{broken}\n"), PACKS)
