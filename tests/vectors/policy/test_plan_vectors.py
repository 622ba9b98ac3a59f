"""The vectors of specs/plan.md and specs/packs.md, read from where others read them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.keeping import add_term
from jianlu.core.formats.plan import parse_plan, plan_bytes
from jianlu.govern.policy import load_pack
from jianlu.govern.policy.retain import Candidate, solve_retention

VECTORS = Path(__file__).parents[3] / "specs" / "vectors"
BAD: list[dict[str, str]] = [
    json.loads(line) for line in (VECTORS / "plan" / "bad.jsonl").read_text(encoding="utf-8").splitlines()
]
RETENTION: dict[str, Any] = json.loads((VECTORS / "plan" / "retention.json").read_text(encoding="utf-8"))
DIGESTS: dict[str, str] = json.loads((VECTORS / "packs" / "digests.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((VECTORS / "plan" / "good").glob("*.json")), ids=lambda path: str(path.stem))
def test_a_good_plan_parses_and_serialises_to_the_same_bytes(path: Path) -> None:
    content = path.read_bytes()
    assert plan_bytes(parse_plan(content)) == content


@pytest.mark.parametrize("entry", BAD, ids=lambda entry: str(entry["why"]))
def test_a_bad_plan_is_refused(entry: dict[str, str]) -> None:
    with pytest.raises(InvalidError):
        parse_plan(entry["text"].encode())


@pytest.mark.parametrize(("start", "years", "months", "end"), RETENTION["terms"])
def test_a_term_ends_on_the_day_of_the_vector(start: str, years: int, months: int, end: str) -> None:
    assert add_term(date.fromisoformat(start), years=years, months=months).isoformat() == end


@pytest.mark.parametrize("part", RETENTION["parts"], ids=lambda part: str(part["why"]))
def test_a_part_is_kept_as_the_vector_says(part: dict[str, Any]) -> None:
    candidates = [
        Candidate("recording", clause, trigger, years, months, tuple(when))
        for clause, trigger, years, months, when in part["candidates"]
    ]
    dates = {name: date.fromisoformat(day) for name, day in part["dates"].items()}
    (kept,) = solve_retention(candidates, on=date.fromisoformat(part["on"]), dates=dates)
    assert (kept.until, kept.clause) == (part["until"], part["clause"])
    assert [term.until for term in kept.terms] == part["each"]


@pytest.mark.parametrize("name", sorted(set(DIGESTS) - {"about"}))
def test_a_pack_has_the_digest_of_the_vector(name: str) -> None:
    assert load_pack(VECTORS / "packs" / name).digest == DIGESTS[name]
