"""Handling merges to the strictest, whatever the order of the clauses; what has no place in common is refused with the clauses named."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Handling, Obligation
from jianlu.core.terms.places import is_within
from jianlu.govern.policy.handle import solve_handling
from jianlu.govern.policy.obligations.form import check_fields
from jianlu.govern.policy.obligations.kinds import KINDS


def demand(clause: str, *objects: str, **said: Any) -> Obligation:
    params = {"objects": list(objects), "class": "", "level": 0, "places": [], "key": "", **said}
    return Obligation(f"p:{clause}/handle_as", "p", clause, "handle_as", params)


FINANCE = demand("F", "recording", **{"class": "sensitive"}, level=3)
HEALTH = demand("H", "recording", "biometric", **{"class": "medical"}, level=4, key="own")
HOME = demand("C", "recording", places=["CN"])
TOWN = demand("T", "recording", places=["CN-31", "SG"], key="keeper")


def test_the_strictest_of_every_clause_holds_in_whatever_order_they_come() -> None:
    for order in permutations([FINANCE, HEALTH, HOME, TOWN]):
        recording, template = solve_handling(order)
        assert (recording.object, recording.category, recording.level, recording.clause) == ("recording", "medical", 4, "p:H")
        assert (recording.places, recording.key) == (("CN-31",), "keeper")
        assert [term.clause for term in recording.terms] == ["p:C", "p:F", "p:H", "p:T"]
        assert (template.object, template.level, template.places) == ("biometric", 4, ())


def test_a_kind_that_is_confined_and_not_levelled_has_the_highest_level_and_says_so() -> None:
    (said,) = solve_handling([HOME])
    assert (said.category, said.level, said.clause, said.places) == ("unclassified", 5, "default", ("CN",))


def test_a_case_that_could_be_kept_nowhere_is_refused_with_both_clauses() -> None:
    with pytest.raises(InvalidError, match=r"recording.*p:C, p:E"):
        solve_handling([HOME, demand("E", "recording", places=["EU"])])


def test_clauses_without_handling_leave_a_plan_as_it_was() -> None:
    nothing: tuple[Handling, ...] = ()
    assert solve_handling([Obligation("p:X/1", "p", "X", "require_continuity", {"gap_ms_max": 0})]) == nothing


@pytest.mark.parametrize(
    ("place", "area", "lies"),
    [
        ("CN", "CN", True),
        ("CN-31", "CN", True),
        ("CN", "CN-31", False),
        ("CN-HK", "CN", False),
        ("CN-HK", "CN-HK", True),
        ("CNX", "CN", False),
        ("DE-BE", "EU", True),
        ("EU", "EEA", True),
        ("NO", "EEA", True),
        ("NO", "EU", False),
        ("", "CN", False),
        ("", "", False),
    ],
)
def test_a_place_lies_within_an_area_by_its_code(place: str, area: str, lies: bool) -> None:
    assert is_within(place, area) is lies


@pytest.mark.parametrize(
    "fields",
    [
        {"objects": [], "places": ["CN"]},
        {"objects": ["recording"]},
        {"objects": ["recording"], "level": 3},
        {"objects": ["recording"], "class": "secret", "level": 3},
        {"objects": ["recording"], "class": "personal", "level": 6},
        {"objects": ["recording"], "class": "personal", "level": {"value": "n"}},
        {"objects": ["everything"], "places": ["CN"]},
        {"objects": ["recording"], "places": ["china"]},
        {"objects": ["recording"], "places": "CN"},
        {"objects": ["recording"], "key": "mine"},
    ],
)
def test_a_pack_that_demands_nothing_or_what_there_is_not_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        check_fields(KINDS["handle_as"], fields, where="here", phrases=set(), values={"n"})
