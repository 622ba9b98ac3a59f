"""`require_step`: every point was said by the right speaker, un-negated, after the steps before it and before those after it.

Reasons: missing_point, wrong_speaker, negated, out_of_order, scattered. Parameters: `specs/plan.md`; answers: `specs/verdicts.md`.
"""

from __future__ import annotations

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Finding, Inspector
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.order import Agenda
from jianlu.core.verdicts.outcomes import evidence_of, met, not_evidenced, not_met, reason, reason_at
from jianlu.core.verdicts.points import Points
from jianlu.core.verdicts.reasons import ReasonCode
from jianlu.core.verdicts.spans import first_from


def judge_step(obligation: Obligation, case: CaseView, agenda: Agenda) -> ObligationVerdict:
    """Met when the step took place in order; not_evidenced when the speaker's track was not wholly listened to."""
    step = agenda.points(obligation)
    lacking = case.lacking((Inspector.SPEECH, step.speaker), (Inspector.PHRASES, step.speaker))
    if lacking:
        return not_evidenced(obligation, lacking)
    span = agenda.placed(obligation)
    if span is not None:
        missing, overtaking = agenda.missing_precedent(obligation), agenda.overtaken_by(obligation)
        if overtaking is None and missing is None:
            return met(obligation, span.evidence)
        if overtaking is None:
            vain = reason(ReasonCode.PRECEDENT_MISSING, step.speaker, span.from_ms, span.to_ms, str(missing))
            return not_evidenced(obligation, [vain], span.evidence)
        late = reason(ReasonCode.OUT_OF_ORDER, step.speaker, span.from_ms, span.to_ms, overtaking)
        return not_met(obligation, [late], span.evidence)
    reasons: list[Reason] = []
    shown: list[Evidence] = []
    for point in step.points:
        why, hits = _point_reason(obligation, point, step, case, agenda)
        reasons += [why] if why is not None else []
        shown += evidence_of(hits)
    if not reasons:  # each point was heard in time, but not all of them close enough together
        reasons = [reason(ReasonCode.SCATTERED, step.speaker, min(e.from_ms for e in shown), max(e.to_ms for e in shown))]
    return not_met(obligation, reasons, shown)


def _point_reason(
    obligation: Obligation, point: str, step: Points, case: CaseView, agenda: Agenda
) -> tuple[Reason | None, list[Finding]]:
    """Why the point does not count (None when it does), and what was heard of it."""
    said = case.hits(point, step.speaker)
    bound = agenda.bound(obligation)
    in_time = first_from(said, bound.least_ms)
    if in_time is not None:
        return None, [in_time]
    if said:
        return reason_at(ReasonCode.OUT_OF_ORDER, said[0], bound.step), said[:1]
    denied = case.hits(point, step.speaker, negated=True)
    if denied:
        return reason_at(ReasonCode.NEGATED, denied[0], point), denied[:1]
    others = [hits[0] for track in case.audio_tracks if track != step.speaker and (hits := case.hits(point, track))]
    if others:
        first = min(others, key=lambda hit: hit.from_ms)
        return reason_at(ReasonCode.WRONG_SPEAKER, first, point), [first]
    return reason(ReasonCode.MISSING_POINT, step.speaker, *agenda.place_of(obligation, point), point), []
