"""`require_presence`: enough faces, large enough, for enough of the session, and never too long without them.

Reasons: few_faces, face_gone. A second that was not examined counts as one without faces; thresholds come from the pack.
"""

from __future__ import annotations

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Finding, FindingKind, Inspector
from jianlu.core.terms.verdicts import ObligationVerdict
from jianlu.core.verdicts.case_view import CaseView, whole_in
from jianlu.core.verdicts.outcomes import examined, met, not_evidenced, not_met, reason
from jianlu.core.verdicts.params import check_names, text_of, whole_of
from jianlu.core.verdicts.ranges import outside, total_ms, within
from jianlu.core.verdicts.reasons import ReasonCode


def judge_presence(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when faces were visible for the share asked and no absence is longer than allowed; not_evidenced when not wholly examined."""
    check_names(obligation, "track", "faces_min", "share_permille", "absent_ms_max", "height_permille_min")
    track = text_of(obligation, "track")
    faces_min = whole_of(obligation, "faces_min", least=1, most=100)
    share_permille = whole_of(obligation, "share_permille", most=1000)
    absent_ms_max = whole_of(obligation, "absent_ms_max")
    height_min = whole_of(obligation, "height_permille_min", most=1000)
    lacking = case.lacking((Inspector.FACES, track))
    if lacking or case.duration_ms is None:
        return not_evidenced(obligation, lacking)
    whole = (0, case.duration_ms)
    seconds = case.findings(Inspector.FACES, FindingKind.FACES, track)
    poor = [(s.from_ms, s.to_ms) for s in seconds if _visible(s, height_min) < faces_min]
    good = [(s.from_ms, s.to_ms) for s in seconds if _visible(s, height_min) >= faces_min]
    absent = within([*poor, *outside(good, whole)], whole)
    reasons = [reason(ReasonCode.FACE_GONE, track, low, high) for low, high in absent if high - low > absent_ms_max]
    present_ms = case.duration_ms - total_ms(absent)
    if present_ms * 1000 < share_permille * case.duration_ms:
        reasons.append(reason(ReasonCode.FEW_FACES, track, *whole, present_ms * 1000 // case.duration_ms))
    if reasons:
        return not_met(obligation, reasons, examined([track], case.duration_ms))
    return met(obligation, examined([track], case.duration_ms))


def _visible(second: Finding, height_min: int) -> int:
    """Faces of at least the height, by the finding's own list of heights."""
    heights = second.value.get("height_permille")
    count = whole_in(second.value, "count")
    if not isinstance(heights, list | tuple) or count is None:
        return 0
    tall = sum(1 for height in heights if isinstance(height, int) and not isinstance(height, bool) and height >= height_min)
    return min(tall, count)
