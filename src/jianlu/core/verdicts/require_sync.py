"""`require_sync`: sound and picture belong together, at every sync mark and from the first to the last.

Reasons: offset, drift, few_marks. Each audio track of the plan needs its marks; a positive offset means that the sound is late.
"""

from __future__ import annotations

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Finding, FindingKind, Inspector
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView, number_in
from jianlu.core.verdicts.outcomes import evidence_of, met, not_evidenced, not_met, reason, reason_at
from jianlu.core.verdicts.params import check_names, whole_of
from jianlu.core.verdicts.reasons import ReasonCode


def judge_sync(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when every track has enough marks, none of them too far off, and no drift between them; not_evidenced without marks."""
    check_names(obligation, "offset_ms_max", "drift_ms_max", "marks_min")
    offset_max, drift_max = whole_of(obligation, "offset_ms_max"), whole_of(obligation, "drift_ms_max")
    marks_min = whole_of(obligation, "marks_min", least=1, most=10_000)
    bad: list[Reason] = []
    few: list[Reason] = []
    shown: list[Evidence] = []
    for track in case.audio_tracks:
        marks = [(f, n) for f in _marks(case, track) if (n := number_in(f.value, "offset_ms")) is not None]
        off = [(f, n) for f, n in marks if abs(n) > offset_max]
        bad += [reason_at(ReasonCode.OFFSET, f, n) for f, n in off]
        drifted = _drift(case, track, [n for _, n in marks])
        if abs(drifted) > drift_max:
            bad.append(
                reason(ReasonCode.DRIFT, track, marks[0][0].from_ms if marks else 0, marks[-1][0].to_ms if marks else 0, drifted)
            )
        if len(marks) < marks_min:
            few.append(reason(ReasonCode.FEW_MARKS, track, 0, case.duration_ms or 0, len(marks)))
        shown += evidence_of(f for f, _ in marks)
    if bad:
        return not_met(obligation, bad, shown)
    lacking = case.lacking(*((Inspector.SYNC, track) for track in case.audio_tracks))
    if lacking or few or not case.audio_tracks:
        return not_evidenced(obligation, lacking or few or [reason(ReasonCode.FEW_MARKS, "picture", 0, case.duration_ms or 0, 0)])
    return met(obligation, shown)


def _marks(case: CaseView, track: str) -> list[Finding]:
    return case.findings(Inspector.SYNC, FindingKind.OFFSET, track)


def _drift(case: CaseView, track: str, offsets: list[int]) -> int:
    """The larger of what the inspector measured and what its marks show from first to last."""
    measured = [number_in(f.value, "drift_ms") or 0 for f in case.findings(Inspector.SYNC, FindingKind.DRIFT, track)]
    return max([offsets[-1] - offsets[0] if offsets else 0, *measured], key=abs)
