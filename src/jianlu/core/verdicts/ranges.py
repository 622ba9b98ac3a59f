"""Half-open time ranges in milliseconds: union, difference, total and the longest hole. No evidence here, only arithmetic.

Every function takes ranges in any order, overlapping or not, and is pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Range = tuple[int, int]


def union_of(ranges: Iterable[Range]) -> list[Range]:
    """The ranges without overlap, in order; touching ones joined, empty ones dropped."""
    joined: list[Range] = []
    for low, high in sorted(ranges):
        if high <= low:
            continue
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def within(ranges: Iterable[Range], whole: Range) -> list[Range]:
    """The union of `ranges`, cut to `whole`."""
    return union_of((max(low, whole[0]), min(high, whole[1])) for low, high in ranges)


def outside(ranges: Iterable[Range], whole: Range) -> list[Range]:
    """The parts of `whole` that no range covers, in order."""
    holes: list[Range] = []
    at = whole[0]
    for low, high in within(ranges, whole):
        if low > at:
            holes.append((at, low))
        at = high
    if at < whole[1]:
        holes.append((at, whole[1]))
    return holes


def total_ms(ranges: Iterable[Range]) -> int:
    """Milliseconds covered, overlaps counted once."""
    return sum(high - low for low, high in union_of(ranges))


def lies_in(union: Sequence[Range], low: int, high: int) -> bool:
    """Whether [low, high) lies within one range of a `union_of`."""
    place = bisect_right(union, low, key=lambda found: found[0]) - 1
    return place >= 0 and high <= union[place][1]
