"""What the law asks, as far as a home can be asked: its rules, what is kept where, and packages that a stranger would accept.

The verifier is the one that strangers have; what a lawyer must decide is never answered as met.
"""

from __future__ import annotations

import time
from pathlib import Path

from jianlu.deliver.packages.write import PACKAGES_FOLDER
from jianlu.entry.assess.model import Answer, Examined, Found, Question, met_if, not_evidenced
from jianlu.govern.policy import load_packs, packs_directory
from jianlu.vault.stores.places import kept_away
from jianlu.verify.check import check_package

PACKAGES_LOOKED_AT = 20
CONFIRMED = "verified"
"""Somebody compared text, numbers and dates with the official site (`specs/packs.md`); a mark says only how the demand is known."""


def rules_are_confirmed(home: Examined) -> Found:
    """The packs in force load, and how many of their clauses somebody confirmed at the source."""
    folder = home.settings.policy.packs_path
    packs = load_packs(Path(folder) if folder else packs_directory())
    clauses = [clause for pack in packs for clause in pack.clauses]
    confirmed = sum(clause.confidence == CONFIRMED for clause in clauses)
    figures = {"packs": len(packs), "clauses": len(clauses), "confirmed": confirmed}
    if confirmed < len(clauses):
        return not_evidenced("clauses are not confirmed at their source: have counsel read them", **figures)
    return Found(Answer.MET, figures)


def packages_are_intact(home: Examined) -> Found:
    """The newest packages of the home, by the verifier that strangers have, against the home's trust file."""
    folder = home.path / PACKAGES_FOLDER
    newest = sorted(folder.glob("*.jlp"), key=lambda path: path.stat().st_mtime_ns, reverse=True)[:PACKAGES_LOOKED_AT]
    if not newest:
        return not_evidenced("there is no package yet", looked_at=0)
    began, size = time.monotonic_ns(), sum(path.stat().st_size for path in newest)
    results = [check_package(path, trust=home.trust) for path in newest]
    took_ms = (time.monotonic_ns() - began) // 1_000_000
    intact, complete = sum(each.is_intact for each in results), sum(each.is_complete for each in results)
    figures = {"looked_at": len(newest), "intact": intact, "complete": complete, "bytes": size, "ms": took_ms}
    return met_if(intact == len(newest), "a package does not verify: `jianlu verify` names what is wrong", **figures)


def nothing_is_where_it_may_not_be(home: Examined) -> Found:
    """Running cases whose rules forbid the place of a store."""
    away = kept_away(home.tenant, using=home.bench.vault)
    found = sum(len(each) for each in away.values())
    return met_if(found == 0, "cases may not lie in a store's place: see `jianlu stores list`", stores=len(away), cases=found)


QUESTIONS = (
    Question("compliance.rules", "规则条款均经核对原文", "every clause was confirmed at its source", rules_are_confirmed),
    Question(
        "compliance.packages", "最近的证据包均可由外人核验", "the newest packages verify as a stranger would", packages_are_intact
    ),
    Question(
        "compliance.places", "无案件存放在不许可的地点", "no case lies where its rules forbid", nothing_is_where_it_may_not_be
    ),
)
