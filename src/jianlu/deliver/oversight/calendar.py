"""The retention calendar: what is destroyed when and by which clause, over all cases; of one month the cases themselves.

Days are those of the ledger's events; terms that depend on a day nobody has stated yet are open. Holds, which stand above every term, are
added by whoever asks (`deliver/api/holds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jianlu.deliver.plans.labels import LANGS, PARTS, word
from jianlu.govern.policy.model import Pack
from jianlu.vault.retained import KeptPart, KeptUntil

UNDATED = ("open", "none")


def retention_calendar(kept: Sequence[KeptUntil], packs: Sequence[Pack], *, today: str) -> dict[str, Any]:
    """{today, months, undated, years}: months with their rows, rows without a day, and how many parts of cases fall into each year."""
    clauses = clauses_by_key(packs)
    rows = [(each.month, {**_named(each.part, each.clause, clauses), "cases": each.cases}) for each in kept]
    months = sorted({month for month, _ in rows if month not in UNDATED})
    years: dict[str, int] = {}
    for month, row in rows:
        if month not in UNDATED:
            years[month[:4]] = years.get(month[:4], 0) + row["cases"]
    return {
        "today": today,
        "months": [
            {"month": month, "is_past": month < today[:7], "rows": [row for found, row in rows if found == month]}
            for month in months
        ],
        "undated": [{"until": month, **row} for month, row in rows if month in UNDATED],
        "years": [{"year": year, "parts": years[year]} for year in sorted(years)],
    }


def month_cases(kept: Sequence[KeptPart], packs: Sequence[Pack], number_of: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """The rows of one month by case; a case whose number the reader may not see is left out."""
    clauses = clauses_by_key(packs)
    found = []
    for each in kept:
        number = number_of(each.case)
        if number is not None:
            found.append({"case": each.case, "number": number, "until": each.until, **_named(each.part, each.clause, clauses)})
    return found


def clauses_by_key(packs: Sequence[Pack]) -> Mapping[str, dict[str, Any]]:
    """Every clause of the packs for a reader, by `pack:clause`."""
    return {
        f"{pack.id}:{clause.id}": {
            "key": f"{pack.id}:{clause.id}",
            "citation": clause.citation,
            "title": dict(clause.title),
            "source": clause.source,
        }
        for pack in packs
        for clause in pack.clauses
    }


def _named(part: str, clause: str, clauses: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    unknown = {"key": clause, "citation": clause, "title": dict.fromkeys(LANGS, clause), "source": ""}
    return {"part": part, "title": {lang: word(PARTS, part, lang) for lang in LANGS}, "clause": clauses.get(clause, unknown)}
