"""What the law asks, as far as a home can be asked: its rules, what is kept where, and packages that a stranger would accept.

The verifier is the one that strangers have; what a lawyer must decide is never answered as met.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.deliver.packages.write import PACKAGES_FOLDER
from jianlu.entry.assess.model import Answer, Examined, Figure, Found, Question, met_if, not_evidenced
from jianlu.govern.policy import load_packs, packs_directory
from jianlu.ledger.published import PublishedLedger
from jianlu.vault.custody.due import DueCase, DuePart, due_cases, due_parts, newest_time
from jianlu.vault.custody.time_reading import read_time, unproved_time
from jianlu.vault.ports import VaultPorts
from jianlu.vault.stores.places import kept_away
from jianlu.verify.check import check_package

PACKAGES_LOOKED_AT = 20
OVERDUE_DAYS = 30
"""Two people and a job take their time; beyond this nobody looks."""

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


def what_has_ended_is_destroyed(home: Examined) -> Found:
    """Cases, and parts of cases, whose time ended more than `OVERDUE_DAYS` ago and which no hold keeps; by the index, as the lists are."""
    vault, now = _with_ledger(home), home.bench.vault.clock.now()
    ended: list[DueCase | DuePart] = [*due_cases(vault, home.tenant, now), *due_parts(vault, home.tenant, now)]
    since = (now - timedelta(days=OVERDUE_DAYS)).date().isoformat()
    overdue = [each.until for each in ended if not each.is_held and each.until < since]
    figures: dict[str, Figure] = {"due": len(ended), "held": sum(each.is_held for each in ended), "overdue": len(overdue)}
    if overdue:
        figures["oldest"] = min(overdue)
    return met_if(not overdue, f"kept more than {OVERDUE_DAYS} days past its time: see `jianlu destruction list`", **figures)


def clock_and_ledger_agree(home: Examined) -> Found:
    """Whether anything might be destroyed by the time that it is now: as a destruction reads it, but for a clock set meanwhile."""
    vault = _with_ledger(home)
    reading = read_time(vault.clock.now(), newest_time(vault), is_moved=False, expiry=unproved_time(vault.clock))
    figures = {"clock": reading.clock, "ledger": reading.ledger.at}
    if reading.why == "empty":
        return not_evidenced("the ledger is empty, so it says no time", **figures)
    return met_if(reading.is_trusted, f"the clock and the ledger do not agree ({reading.why}): set the clock right", **figures)


def _with_ledger(home: Examined) -> VaultPorts:
    """The vault with whoever has the ledger or, where nobody does, with what is published of it."""
    vault = home.bench.vault
    try:
        vault.ledger.require_open()
    except UnavailableError:
        return replace(vault, ledger=PublishedLedger(home.path / home.settings.ledger.path))
    return vault


QUESTIONS = (
    Question("compliance.rules", "规则条款均经核对原文", "every clause was confirmed at its source", rules_are_confirmed),
    Question(
        "compliance.packages", "最近的证据包均可由外人核验", "the newest packages verify as a stranger would", packages_are_intact
    ),
    Question(
        "compliance.places", "无案件存放在不许可的地点", "no case lies where its rules forbid", nothing_is_where_it_may_not_be
    ),
    Question("compliance.ended", "到期内容已按期销毁", "what has ended is destroyed in time", what_has_ended_is_destroyed),
    Question("compliance.clock", "时钟与账本的时间一致", "the clock and the ledger agree", clock_and_ledger_agree),
)
