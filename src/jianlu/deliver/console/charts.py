"""Charts as geometry: where bars, points and lines of an inline SVG stand. Pure; templates draw them, styles colour them.

Every chart stands beside a table with the same numbers: a picture is for looking, not the only place where something is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BARS_SHOWN = 14
"""Draws on one chart, the newest: two weeks of days."""

BAR_WIDE, BAR_HIGH = 40, 120
ROW_HIGH, SCALE_WIDE = 28, 300


@dataclass(frozen=True, slots=True)
class Bar:
    """One draw: heights of what was reviewed in time, too late, and waits, from the bottom; `line_y` is the share that is demanded."""

    x: int
    label: str
    in_time: float
    late: float
    waiting: float
    line_y: float
    permille: int | None
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One clause: where its share and its interval stand on a scale from 0 to 1 that is `SCALE_WIDE` wide."""

    y: int
    low: float
    high: float
    at: float
    row: Mapping[str, Any]


def bars_of(coverage: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """The newest draws, the oldest of them first; heights are shares of the cases that counted. Draws without any are left out."""
    shown = [row for row in coverage if row["eligible"]][:BARS_SHOWN][::-1]
    return [
        Bar(
            x=place * BAR_WIDE,
            label=str(row["on"])[5:],
            in_time=_high(row["in_time"], row),
            late=_high(row["late"], row),
            waiting=_high(row["waiting"], row),
            line_y=round(BAR_HIGH * (1 - row["wanted_permille"] / 1000), 1),
            permille=row["permille"],
            row=row,
        )
        for place, row in enumerate(shown)
    ]


def forest_of(clauses: Sequence[Mapping[str, Any]]) -> list[Point]:
    """The clauses whose agreement is known, the least agreement first."""
    known = sorted((row for row in clauses if row["share"]), key=lambda row: (row["share"]["value"], row["clause"]))
    return [
        Point(
            y=place * ROW_HIGH + ROW_HIGH // 2,
            low=_along(row["share"]["low"]),
            high=_along(row["share"]["high"]),
            at=_along(row["share"]["value"]),
            row=row,
        )
        for place, row in enumerate(known)
    ]


def _high(count: int, row: Mapping[str, Any]) -> float:
    return round(BAR_HIGH * count / int(row["eligible"]), 1)


def _along(share: float) -> float:
    return round(SCALE_WIDE * share, 1)
