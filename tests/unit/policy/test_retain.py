"""The retention solver: calendar terms, the latest candidate, open and contingent terms, the worked example of the research."""

from __future__ import annotations

from datetime import date

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.keeping import NONE, OPEN, add_term
from jianlu.govern.policy.retain import Candidate, solve_retention

ON = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("start", "years", "months", "end"),
    [
        (date(2026, 3, 1), 10, 0, date(2036, 3, 1)),
        (date(2026, 3, 1), 0, 6, date(2026, 9, 1)),
        (date(2026, 7, 15), 0, 6, date(2027, 1, 15)),
        (date(2026, 12, 31), 1, 0, date(2027, 12, 31)),
        (date(2024, 2, 29), 1, 0, date(2025, 3, 1)),
        (date(2024, 2, 29), 4, 0, date(2028, 2, 29)),
        (date(2023, 2, 28), 1, 0, date(2024, 2, 28)),
        (date(2026, 8, 31), 0, 6, date(2027, 3, 1)),
        (date(2026, 10, 31), 0, 1, date(2026, 12, 1)),
        (date(2026, 6, 30), 0, 18, date(2027, 12, 30)),
        (date(2026, 11, 30), 0, 3, date(2027, 3, 1)),
        (date(2026, 5, 5), 0, 0, date(2026, 5, 5)),
    ],
)
def test_a_term_ends_on_the_same_day_or_the_first_of_the_next_month(start: date, years: int, months: int, end: date) -> None:
    assert add_term(start, years=years, months=months) == end


@pytest.mark.parametrize(("years", "months"), [(8000, 0), (-1, 0), (0, -1)])
def test_an_impossible_term_is_refused(years: int, months: int) -> None:
    with pytest.raises(InvalidError):
        add_term(ON, years=years, months=months)


def test_the_worked_example_of_the_research_comes_out() -> None:
    """A bank sells a five-year insurance on 2026-03-01 to a customer of 66; a complaint is closed on 2041-01-15."""
    candidates = [
        Candidate("recording", "insurance:CN-IN-8", "contract_end", 10, 0),
        Candidate("recording", "insurance:CN-IN-8", "dispute_end", 2, 0, ("dispute_start", "dispute_end")),
        Candidate("recording", "bank:CN-BK-7", "contract_end", 0, 6),
        Candidate("recording", "aml:CN-AML-3", "relationship_end", 10, 0),
    ]
    ended = {"contract_end": date(2031, 3, 1), "relationship_end": date(2031, 3, 1)}
    (before,) = solve_retention(candidates, on=ON, dates=ended)
    assert (before.until, before.clause) == ("2041-03-01", "insurance:CN-IN-8")
    assert [term.until for term in before.terms] == ["2041-03-01", NONE, "2031-09-01", "2041-03-01"]
    (after,) = solve_retention(candidates, on=ON, dates={**ended, "dispute_end": date(2041, 1, 15)})
    assert (after.until, after.clause) == ("2043-01-15", "insurance:CN-IN-8")
    assert [term.until for term in after.terms] == ["2041-03-01", "2043-01-15", "2031-09-01", "2041-03-01"]


def test_a_part_is_open_while_one_counted_trigger_is_unknown() -> None:
    candidates = [
        Candidate("recording", "a", "recording_time", 20, 0),
        Candidate("recording", "b", "contract_end", 0, 6),
        Candidate("recording", "c", "contract_end", 5, 0),
    ]
    (kept,) = solve_retention(candidates, on=ON, dates={})
    assert (kept.until, kept.clause) == (OPEN, "c")
    assert [term.until for term in kept.terms] == ["2046-03-01", OPEN, OPEN]


def test_a_running_dispute_opens_the_term_until_it_ends() -> None:
    candidates = [
        Candidate("recording", "a", "recording_time", 5, 0),
        Candidate("recording", "b", "dispute_end", 2, 0, ("dispute_start", "dispute_end")),
    ]
    (quiet,) = solve_retention(candidates, on=ON, dates={})
    (running,) = solve_retention(candidates, on=ON, dates={"dispute_start": date(2030, 1, 1)})
    assert (quiet.until, running.until) == ("2031-03-01", OPEN)


def test_parts_are_solved_apart_and_in_order() -> None:
    candidates = [
        Candidate("ledger", "a", "recording_time", 1, 0),
        Candidate("recording", "b", "recording_time", 2, 0),
        Candidate("biometric", "c", "purpose_end", 0, 0),
    ]
    kept = solve_retention(candidates, on=ON, dates={"purpose_end": date(2026, 3, 2)})
    assert [(one.part, one.until) for one in kept] == [
        ("recording", "2028-03-01"),
        ("biometric", "2026-03-02"),
        ("ledger", "2027-03-01"),
    ]


def test_a_part_with_contingent_terms_only_is_refused() -> None:
    with pytest.raises(InvalidError, match="contingent"):
        solve_retention([Candidate("recording", "a", "dispute_end", 2, 0, ("dispute_end",))], on=ON, dates={})
