"""Whether and when all points of a spoken step were heard: the occurrence of a `require_step`, its order aside.

Order among steps and the verdict itself are in the rules that use it. Pure: no clock, no file, no engine.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Finding
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.outcomes import evidence_of
from jianlu.core.verdicts.params import check_names, text_of, texts_of, whole_of
from jianlu.core.verdicts.spans import Span, span_of


@dataclass(frozen=True, slots=True)
class Points:
    """The parameters of a `require_step`; `within_ms` is None when the points may be any distance apart."""

    step: str
    speaker: str
    points: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    within_ms: int | None


def points_of(obligation: Obligation, case: CaseView) -> Points:
    """The checked parameters; InvalidError when one is malformed or names a phrase that the plan lacks."""
    check_names(obligation, "step", "speaker", "points", "after", "before", "within_ms")
    points = texts_of(obligation, "points")
    for point in points:
        case.phrase(obligation, point)
    return Points(
        step=text_of(obligation, "step"),
        speaker=text_of(obligation, "speaker"),
        points=points,
        after=texts_of(obligation, "after", optional=True),
        before=texts_of(obligation, "before", optional=True),
        within_ms=whole_of(obligation, "within_ms", least=1) if "within_ms" in obligation.params else None,
    )


def heard_points(points: Points, case: CaseView, not_before_ms: int) -> Span | None:
    """The earliest stretch from `not_before_ms` on in which the speaker says every point un-negated; None when there is none."""
    heard = [[hit for hit in case.hits(point, points.speaker) if hit.from_ms >= not_before_ms] for point in points.points]
    if not all(heard):
        return None
    if points.within_ms is None:
        return span_of(evidence_of(_in_time(hits[0] for hits in heard)))
    return _close_together(heard, points.within_ms)


def _close_together(heard: list[list[Finding]], within_ms: int) -> Span | None:
    starts = [[hit.from_ms for hit in hits] for hits in heard]
    for first in sorted({start for hits in starts for start in hits}):
        places = [bisect_left(begun, first) for begun in starts]
        if any(place == len(hits) for place, hits in zip(places, heard, strict=True)):
            return None
        chosen = [hits[place] for place, hits in zip(places, heard, strict=True)]
        if max(hit.to_ms for hit in chosen) - first <= within_ms:
            return span_of(evidence_of(_in_time(chosen)))
    return None


def _in_time(hits: object) -> list[Finding]:
    return sorted(hits, key=lambda hit: (hit.from_ms, hit.to_ms, hit.id))  # type: ignore[call-overload,no-any-return]
