"""`require_picture`: the picture is neither black nor frozen for longer than allowed.

Reasons: black, frozen. A stretch that was found counts wherever it is; its absence counts only when everything was examined.
"""

from __future__ import annotations

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import FindingKind, Inspector
from jianlu.core.terms.verdicts import ObligationVerdict
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.outcomes import evidence_of, examined, met, not_evidenced, not_met, reason
from jianlu.core.verdicts.params import check_names, text_of, whole_of
from jianlu.core.verdicts.ranges import lies_in, union_of
from jianlu.core.verdicts.reasons import ReasonCode


def judge_picture(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when no black or frozen stretch exceeds its limit and the whole picture was examined."""
    check_names(obligation, "track", "black_ms_max", "frozen_ms_max")
    track = text_of(obligation, "track")
    limits = (
        (FindingKind.BLACK, ReasonCode.BLACK, whole_of(obligation, "black_ms_max")),
        (FindingKind.FROZEN, ReasonCode.FROZEN, whole_of(obligation, "frozen_ms_max")),
    )
    reasons, shown = [], []
    for kind, code, most_ms in limits:
        found = case.findings(Inspector.PICTURE, kind, track)
        long = [(low, high) for low, high in union_of((f.from_ms, f.to_ms) for f in found) if high - low > most_ms]
        reasons += [reason(code, track, low, high) for low, high in long]
        shown += [f for f in found if lies_in(long, f.from_ms, f.to_ms)]
    if reasons:
        return not_met(obligation, sorted(reasons, key=lambda r: (r.from_ms, r.to_ms, r.code)), evidence_of(shown))
    lacking = case.lacking((Inspector.PICTURE, track))
    if lacking or case.duration_ms is None:
        return not_evidenced(obligation, lacking)
    return met(obligation, examined([track], case.duration_ms))
