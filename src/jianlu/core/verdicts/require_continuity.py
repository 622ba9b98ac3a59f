"""`require_continuity`: one recording from start to end, segments without a hole, as the ledger's events alone show.

Reasons: not_started, recorded_again, abandoned, not_ended, segment_missing, gap_declared, gap_undeclared, totals_differ. That
the segments behind the events are there and whole is the verifier's to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView, whole_in
from jianlu.core.verdicts.outcomes import SESSION, met, not_met, reason
from jianlu.core.verdicts.params import check_names, whole_of
from jianlu.core.verdicts.ranges import Range, outside, union_of
from jianlu.core.verdicts.reasons import ReasonCode


def judge_continuity(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when exactly one recording started and ended, its segments follow each other, and no gap exceeds the limit."""
    check_names(obligation, "gap_ms_max")
    gap_max = whole_of(obligation, "gap_ms_max")
    segments = case.events_of(EventType.SEGMENT_SEALED)
    reasons = [*_course(case), *_numbers(segments), *_gaps(case, segments, gap_max), *_totals(case, segments)]
    if reasons:
        return not_met(obligation, reasons)
    return met(obligation, [Evidence(SESSION, 0, case.duration_ms or 0)])


def _course(case: CaseView) -> list[Reason]:
    """The recording's own course: started once, ended once, never abandoned."""
    started, ended = case.events_of(EventType.RECORDING_STARTED), case.events_of(EventType.RECORDING_ENDED)
    reasons: list[Reason] = []
    if not started:
        reasons.append(reason(ReasonCode.NOT_STARTED, SESSION, 0, 0))
    if len(started) > 1 or len(ended) > 1:
        reasons.append(reason(ReasonCode.RECORDED_AGAIN, SESSION, 0, 0, max(len(started), len(ended))))
    for event in case.events_of(EventType.RECORDING_ABANDONED):
        reasons.append(reason(ReasonCode.ABANDONED, SESSION, 0, 0, str(event.body.get("reason", ""))))
    if case.duration_ms is None:
        reasons.append(reason(ReasonCode.NOT_ENDED, SESSION, 0, _end_of(case.events_of(EventType.SEGMENT_SEALED))))
    return reasons


def _numbers(segments: Sequence[Event]) -> list[Reason]:
    """The first segment that breaks 1, 2, 3, ...: a later one does so only because of it."""
    for expected, event in enumerate(segments, 1):
        if whole_in(event.body, "no") != expected:
            low, high = _range(event)
            return [reason(ReasonCode.SEGMENT_MISSING, SESSION, low, high, expected)]
    return []


def _gaps(case: CaseView, segments: Sequence[Event], gap_max: int) -> list[Reason]:
    declared = [(e, *_range(e)) for e in case.events_of(EventType.GAP_DECLARED)]
    reasons = [
        reason(ReasonCode.GAP_DECLARED, _side(event), low, high, str(event.body.get("reason", "")))
        for event, low, high in declared
        if high - low > gap_max or high <= low
    ]
    covered = [_range(event) for event in segments]
    end = case.duration_ms if case.duration_ms is not None else _end_of(segments)
    holes = outside([*covered, *((low, high) for _, low, high in declared)], (0, end))
    overlaps = _overlaps(covered)
    reasons += [reason(ReasonCode.GAP_UNDECLARED, SESSION, low, high) for low, high in holes]
    return reasons + [reason(ReasonCode.SEGMENT_MISSING, SESSION, low, high, number) for number, low, high in overlaps]


def _overlaps(covered: Sequence[Range]) -> list[tuple[int, int, int]]:
    """Segments that begin before the one before them ended, or are empty."""
    found: list[tuple[int, int, int]] = []
    end = 0
    for number, (low, high) in enumerate(covered, 1):
        if low < end or high <= low:
            found.append((number, low, high))
        end = max(end, high)
    return found


def _totals(case: CaseView, segments: Sequence[Event]) -> list[Reason]:
    ended = case.events_of(EventType.RECORDING_ENDED)
    if len(ended) != 1 or case.duration_ms is None:
        return []
    reasons: list[Reason] = []
    if whole_in(ended[0].body, "segments") != len(segments):
        reasons.append(reason(ReasonCode.TOTALS_DIFFER, SESSION, 0, case.duration_ms, "segments"))
    if _end_of(segments) > case.duration_ms or not segments:
        reasons.append(reason(ReasonCode.TOTALS_DIFFER, SESSION, 0, case.duration_ms, "duration_ms"))
    return reasons


def _range(event: Event) -> Range:
    """The event's range; one that is malformed is empty and so counts as a fault."""
    low, high = whole_in(event.body, "from_ms"), whole_in(event.body, "to_ms")
    return (0, 0) if low is None or high is None or high < low else (low, high)


def _end_of(segments: Sequence[Event]) -> int:
    ranges = union_of(_range(event) for event in segments)
    return ranges[-1][1] if ranges else 0


def _side(event: Event) -> str:
    side = event.body.get("side")
    return side if isinstance(side, str) and side not in {"source", "recorder"} else SESSION
