"""Merged plans of whole cases as text, kept beside their case files: a change of a pack or of the page shows as a difference.

After a wanted change, `python -m tests.packs.policy.test_golden_plans` writes the texts anew; read the difference before keeping it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from jianlu.core.formats.plan import Plan, parse_plan, plan_bytes
from jianlu.deliver.plans import render_plan
from jianlu.deliver.plans.layout import WIDTH, columns
from jianlu.govern.policy import freeze_plan, load_languages, load_packs, packs_directory, parse_case_file

GOLDEN = Path(__file__).parent / "golden"
TEXTS = [
    ("counter-62", "zh"),
    ("counter-62", "en"),
    ("counter-one-year", "zh"),
    ("agency-45", "zh"),
    ("agent-62-dispute", "en"),
    ("counter-wealth", "en"),
    ("hospital-consult", "zh"),
    ("eu-call", "en"),
    ("frankfurt-broker-call", "en"),
    ("new-york-order-by-card", "en"),
    ("company-account", "zh"),
    ("zone-insurance-66", "zh"),
    ("zone-insurance-66", "en"),
    ("branch-fund", "zh"),
    ("remote-loan-level-3", "zh"),
    ("remote-loan-level-3", "en"),
    ("tianjin-online-child", "zh"),
    ("boston-visit-from-dublin", "en"),
    ("shanghai-us-broker", "zh"),
    ("shanghai-us-broker", "en"),
    ("account-by-face-card", "zh"),
    ("zone-wealth-beyond", "zh"),
]


@cache
def plan_of(name: str) -> Plan:
    case = parse_case_file((GOLDEN / f"{name}.toml").read_bytes())
    return freeze_plan(case.facts, load_packs(packs_directory()), load_languages(packs_directory()))


@pytest.mark.parametrize(("name", "lang"), TEXTS)
def test_a_merged_plan_reads_as_it_did(name: str, lang: str) -> None:
    assert render_plan(plan_of(name), lang) == (GOLDEN / f"{name}.{lang}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "lang"), TEXTS)
def test_a_rendered_line_is_never_wider_than_the_page(name: str, lang: str) -> None:
    wide = [line for line in render_plan(plan_of(name), lang).splitlines() if columns(line) > WIDTH]
    assert not [line for line in wide if len(line.split()[-1]) < WIDTH // 2]


@pytest.mark.parametrize("name", sorted({name for name, _ in TEXTS}))
def test_a_merged_plan_is_the_same_bytes_each_time_and_parses_back(name: str) -> None:
    case = parse_case_file((GOLDEN / f"{name}.toml").read_bytes())
    packs = load_packs(packs_directory())
    again = freeze_plan(case.facts, tuple(reversed(packs)), load_languages(packs_directory()))
    assert plan_bytes(again) == plan_bytes(plan_of(name))
    assert parse_plan(plan_bytes(again)) == again


@pytest.mark.parametrize("name", sorted({name for name, _ in TEXTS}))
def test_a_rendered_plan_names_every_clause_candidate_and_conflict(name: str) -> None:
    plan = plan_of(name)
    page = "".join(render_plan(plan, "zh").split())
    lost = [clause.key for clause in plan.clauses if clause.status == "out_of_scope" and clause.clause not in page]
    lost += [entry.clause_key for entry in plan.obligations if entry.clause not in page]
    lost += [conflict.code for conflict in plan.conflicts if "".join(conflict.resolution["zh"].split()) not in page]
    lost += [term.clause for kept in plan.retention for term in kept.terms if term.clause not in page]
    assert not lost


def write_golden_texts() -> None:
    for name, lang in TEXTS:
        (GOLDEN / f"{name}.{lang}.txt").write_text(render_plan(plan_of(name), lang), encoding="utf-8")


if __name__ == "__main__":
    write_golden_texts()
