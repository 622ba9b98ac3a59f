"""Approximate search of one phrase in one passage: Sellers' algorithm on candidate stretches that share enough tokens.

Costs in quarters of a token: inserted, missing, different 4; alike 1. A number's syllables are never missing, different or
extended: `十五天` is not heard in `二十五天`. Source: P. Sellers 1980 (approximate substring), filtered by token counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from jianlu.core.errors import InvalidError
from jianlu.core.limits import SPOT_CELLS_MAX
from jianlu.core.phrases.model import NEAR, SHORT_TOKENS, UNIT, Match, is_number, plain
from jianlu.core.phrases.nearness import Nearness

_NEVER = 1 << 30
_Gate = tuple[bool, bool]


@dataclass(slots=True)
class Work:
    """Comparisons done so far in one search; over the limit it raises InvalidError, so hostile input ends."""

    cells: int = 0

    def spend(self, cells: int) -> None:
        """Count `cells` more; InvalidError beyond `SPOT_CELLS_MAX`."""
        self.cells += cells
        if self.cells > SPOT_CELLS_MAX:
            raise InvalidError("the search for phrases takes more work than any honest session: split the session or the plan")


@dataclass(frozen=True, slots=True)
class Haystack:
    """A passage's tokens, ready to be searched."""

    tokens: tuple[str, ...]
    places: dict[str, list[int]] = field(default_factory=dict)

    @staticmethod
    def of(tokens: tuple[str, ...]) -> Haystack:
        """The index of `tokens`: where each occurs, number marks aside."""
        places: dict[str, list[int]] = {}
        for place, token in enumerate(tokens):
            places.setdefault(plain(token), []).append(place)
        return Haystack(tokens, places)


@dataclass(frozen=True, slots=True)
class Needle:
    """One phrase variant, ready to be searched for: its tokens, what sounds like each, the cost that it may reach."""

    tokens: tuple[str, ...]
    alike: tuple[frozenset[str], ...]
    firm: tuple[bool, ...]
    beside_number: tuple[bool, ...]
    cost_max: int
    variant: int

    @staticmethod
    def of(tokens: tuple[str, ...], threshold: int, variant: int, nearness: Nearness) -> Needle:
        """The needle of `tokens` at a similarity of at least `threshold` thousandths."""
        whole = len(tokens) * UNIT
        cost_max = whole - -(-threshold * whole // 1000)
        if len(tokens) <= SHORT_TOKENS:
            cost_max = min(cost_max, UNIT - 1)
        numbers = [False, *(is_number(token) for token in tokens), False]
        return Needle(
            tokens=tokens,
            alike=tuple(nearness.near_to(token) for token in tokens),
            firm=tuple(_firm(tokens)),
            beside_number=tuple(numbers[place] or numbers[place + 2] for place in range(len(tokens))),
            cost_max=cost_max,
            variant=variant,
        )


def matches_of(needle: Needle, haystack: Haystack, work: Work) -> list[Match]:
    """Every end in the passage at which the needle is heard, with its best beginning; matches may overlap."""
    found: list[Match] = []
    for low, high in _stretches(needle, haystack, work):
        work.spend((high - low) * len(needle.tokens))
        found += _aligned(needle, haystack.tokens, low, high)
    return found


def _stretches(needle: Needle, haystack: Haystack, work: Work) -> Iterator[tuple[int, int]]:
    """Stretches that hold enough alike tokens close enough together to be worth an alignment; merged, in order."""
    errors = needle.cost_max // UNIT
    need, reach = max(len(needle.tokens) - errors, 1), len(needle.tokens) + errors
    alike = frozenset().union(*needle.alike)
    if len(alike) < len(haystack.places):
        places = sorted(place for token in alike for place in haystack.places.get(token, ()))
    else:
        places = sorted(place for token, found in haystack.places.items() if token in alike for place in found)
    work.spend(len(places))
    low = high = -1
    for last in range(need - 1, len(places)):
        first = last - need + 1
        if places[last] - places[first] >= reach:
            continue
        begin, end = max(places[first] - reach, 0), min(places[last] + reach + 1, len(haystack.tokens))
        if begin <= high:
            high = max(high, end)
            continue
        if high > low:
            yield low, high
        low, high = begin, end
    if high > low:
        yield low, high


def _aligned(needle: Needle, tokens: Sequence[str], low: int, high: int) -> list[Match]:
    phrase, size = needle.tokens, len(needle.tokens)
    gates = _gates(phrase)
    costs = [0, *_missing(needle.firm)]
    begins = [low] * (size + 1)
    found: list[Match] = []
    for place in range(low, high):
        heard = tokens[place]
        numeric = is_number(heard)
        diagonal, diagonal_begin = costs[0], begins[0]
        costs[0], begins[0] = 0, place + 1
        for row in range(1, size + 1):
            best, begin = diagonal + _difference(needle, row - 1, heard, numeric), diagonal_begin
            diagonal, diagonal_begin = costs[row], begins[row]
            inserted = diagonal + _insertion(gates, row, numeric)
            if inserted < best:
                best, begin = inserted, diagonal_begin
            missing = costs[row - 1] + (_NEVER if needle.firm[row - 1] else UNIT)
            if missing < best:
                best, begin = missing, begins[row - 1]
            costs[row], begins[row] = min(best, _NEVER), begin
        if costs[size] <= needle.cost_max and begins[size] <= place and _ends_whole(tokens, begins[size], place + 1):
            similarity = (size * UNIT - costs[size]) * 1000 // (size * UNIT)
            found.append(Match(begins[size], place + 1, costs[size], needle.variant, similarity))
    return found


def _missing(firm: Sequence[bool]) -> list[int]:
    costs, total = [], 0
    for is_firm in firm:
        total = min(total + (_NEVER if is_firm else UNIT), _NEVER)
        costs.append(total)
    return costs


def _firm(phrase: Sequence[str]) -> list[bool]:
    """Tokens that must not be missing or different: a number's, and the measure word behind it (`十五天` is not `十五年`)."""
    return [is_number(token) or (place > 0 and is_number(phrase[place - 1])) for place, token in enumerate(phrase)]


def _gates(phrase: Sequence[str]) -> list[_Gate]:
    """Per place between tokens of the phrase: is a number on either side, does one precede?"""
    numbers = [False, *(is_number(token) for token in phrase), False]
    return [(left or right, left and place < len(phrase)) for place, (left, right) in enumerate(pairwise(numbers))]


def _insertion(gates: Sequence[_Gate], row: int, numeric: bool) -> int:
    beside, behind = gates[row]
    return _NEVER if behind or (beside and numeric) else UNIT


def _difference(needle: Needle, row: int, heard: str, numeric: bool) -> int:
    """Cost of hearing `heard` for the phrase's token `row`."""
    wanted = needle.tokens[row]
    if wanted == heard:
        return 0
    if is_number(wanted):
        return NEAR if not numeric and plain(wanted) == heard else _NEVER
    if numeric:
        if needle.beside_number[row]:
            return _NEVER
        return NEAR if wanted == plain(heard) else UNIT
    if heard in needle.alike[row]:
        return NEAR
    return _NEVER if needle.firm[row] else UNIT


def _ends_whole(tokens: Sequence[str], first: int, last: int) -> bool:
    """Whether no number goes on across an edge of the match: `五年` is not heard in `十五年`."""
    if is_number(tokens[first]) and first > 0 and is_number(tokens[first - 1]):
        return False
    return not (is_number(tokens[last - 1]) and last < len(tokens) and is_number(tokens[last]))
