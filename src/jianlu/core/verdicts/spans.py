"""When a step of the conversation took place: the stretch from its first to its last word, and what was heard there.

Shared by steps and consents; who must come after whom is in `order.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jianlu.core.terms.findings import Finding
from jianlu.core.terms.verdicts import Evidence

ORDER_SLACK_MS = 500
"""Word times of speech recognition are right to about half a second: no order is judged more finely."""


@dataclass(frozen=True, slots=True)
class Span:
    """A step that took place in [from_ms, to_ms), with the stretches that show it."""

    from_ms: int
    to_ms: int
    evidence: tuple[Evidence, ...]


def span_of(evidence: Iterable[Evidence]) -> Span:
    """The span of at least one stretch."""
    shown = tuple(evidence)
    return Span(min(e.from_ms for e in shown), max(e.to_ms for e in shown), shown)


def first_from(hits: Iterable[Finding], from_ms: int) -> Finding | None:
    """The first of `hits` (in time order) that begins at `from_ms` or later."""
    return next((hit for hit in hits if hit.from_ms >= from_ms), None)
