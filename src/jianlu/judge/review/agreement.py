"""How far two judges agree: Cohen's kappa with its confidence interval, and the plain share with Wilson's. Pure.

Kappa: Cohen 1960; its standard error: Fleiss, Cohen and Everitt 1969, for a kappa that is not zero. "Not evidenced" is a category
of its own. Where chance alone explains everything (one category, used by both) kappa is undefined and so said, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from jianlu.core.terms.verdicts import Verdict

CATEGORIES = tuple(Verdict)
Z_95 = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""

Table = Sequence[Sequence[int]]
"""Counts: rows are the first judge's categories, columns the second's."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `n` pairs: the counts, the share that agrees, and kappa (None when it is undefined)."""

    n: int
    table: tuple[tuple[int, ...], ...]
    share: Interval | None
    kappa: Interval | None


def agreement_of(pairs: Mapping[tuple[Verdict, Verdict], int]) -> Agreement:
    """The agreement of two judges; `pairs` counts what the first and the second said of the same thing."""
    table = table_of(pairs)
    n, agreed = sum(map(sum, table)), sum(table[place][place] for place in range(len(CATEGORIES)))
    return Agreement(n, table, wilson(agreed, n), cohens_kappa(table))


def table_of(pairs: Mapping[tuple[Verdict, Verdict], int]) -> tuple[tuple[int, ...], ...]:
    """The counts of `pairs` in the order of `CATEGORIES`."""
    return tuple(tuple(pairs.get((row, column), 0) for column in CATEGORIES) for row in CATEGORIES)


def cohens_kappa(table: Table) -> Interval | None:
    """Kappa of a square table of counts, bounds clipped to -1 and 1; None without pairs and where chance explains everything."""
    n = sum(sum(row) for row in table)
    if not n:
        return None
    size = range(len(table))
    rows = [sum(table[i]) / n for i in size]
    columns = [sum(table[i][j] for i in size) / n for j in size]
    observed = sum(table[i][i] for i in size) / n
    expected = sum(rows[i] * columns[i] for i in size)
    if expected >= 1 - 1e-12:
        return None
    kappa = (observed - expected) / (1 - expected)
    deviation = _standard_error(table, rows, columns, observed, expected)
    return Interval(kappa, max(-1.0, kappa - Z_95 * deviation), min(1.0, kappa + Z_95 * deviation))


def _standard_error(table: Table, rows: Sequence[float], columns: Sequence[float], observed: float, expected: float) -> float:
    """Fleiss, Cohen and Everitt 1969, in the form of Fleiss 1981, chapter 13."""
    n, size = sum(sum(row) for row in table), range(len(table))
    kappa = (observed - expected) / (1 - expected)
    on = sum(table[i][i] / n * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in size)
    off = (1 - kappa) ** 2 * sum(table[i][j] / n * (columns[i] + rows[j]) ** 2 for i in size for j in size if i != j)
    by_chance = (kappa - expected * (1 - kappa)) ** 2
    return sqrt(max(0.0, on + off - by_chance)) / ((1 - expected) * sqrt(n))


def wilson(hits: int, n: int) -> Interval | None:
    """The share `hits` of `n` with Wilson's interval (1927), which holds for small numbers too; None for no trial."""
    if not n:
        return None
    share, square = hits / n, Z_95 * Z_95
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = Z_95 * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))
