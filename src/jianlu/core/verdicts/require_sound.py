"""`require_sound`: every listed track carries a live, loud enough and clear enough voice.

Reasons: dead (no signal for too long), noisy, quiet, no_level. Levels in hundredths of a decibel; thresholds come from the pack.
"""

from __future__ import annotations

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import FindingKind, Inspector
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView, number_in
from jianlu.core.verdicts.outcomes import evidence_of, examined, met, not_evidenced, not_met, reason
from jianlu.core.verdicts.params import check_names, texts_of, whole_of
from jianlu.core.verdicts.ranges import lies_in, union_of
from jianlu.core.verdicts.reasons import ReasonCode

_LEVEL_CDB = 20_000
"""No level is beyond 200 dB."""


def judge_sound(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when no track is dead for too long, too quiet or too noisy, and all of them were wholly examined and measured."""
    check_names(obligation, "tracks", "dead_ms_max", "snr_cdb_min", "speech_cdb_min")
    tracks = texts_of(obligation, "tracks")
    dead_ms_max = whole_of(obligation, "dead_ms_max")
    snr_min = whole_of(obligation, "snr_cdb_min", least=-_LEVEL_CDB, most=_LEVEL_CDB)
    speech_min = whole_of(obligation, "speech_cdb_min", least=-_LEVEL_CDB, most=_LEVEL_CDB)
    bad: list[Reason] = []
    shown: list[Evidence] = []
    for track in tracks:
        reasons, evidence = _dead(case, track, dead_ms_max)
        bad, shown = bad + reasons, shown + evidence
        reasons, evidence = _poor(case, track, snr_min, speech_min)
        bad, shown = bad + reasons, shown + evidence
    if bad:
        return not_met(obligation, bad, shown)
    lacking = case.lacking(*((Inspector.SOUND, track) for track in tracks))
    if lacking or case.duration_ms is None:
        return not_evidenced(obligation, lacking)
    unmeasured = [reason(ReasonCode.NO_LEVEL, t, 0, case.duration_ms) for t in tracks if not _is_measured(case, t)]
    if unmeasured:
        return not_evidenced(obligation, unmeasured)
    return met(obligation, examined(tracks, case.duration_ms))


def _dead(case: CaseView, track: str, most_ms: int) -> tuple[list[Reason], list[Evidence]]:
    found = case.findings(Inspector.SOUND, FindingKind.DEAD, track)
    long = [(low, high) for low, high in union_of((f.from_ms, f.to_ms) for f in found) if high - low > most_ms]
    shown = [f for f in found if lies_in(long, f.from_ms, f.to_ms)]
    return [reason(ReasonCode.DEAD, track, low, high) for low, high in long], evidence_of(shown)


def _poor(case: CaseView, track: str, snr_min: int, speech_min: int) -> tuple[list[Reason], list[Evidence]]:
    reasons: list[Reason] = []
    shown: list[Evidence] = []
    for level in case.findings(Inspector.SOUND, FindingKind.LEVEL, track):
        for name, least, code in (("snr_cdb", snr_min, ReasonCode.NOISY), ("speech_cdb", speech_min, ReasonCode.QUIET)):
            value = number_in(level.value, name)
            if value is not None and value < least:
                reasons.append(reason(code, track, level.from_ms, level.to_ms, value))
                shown += evidence_of([level])
    return reasons, shown


def _is_measured(case: CaseView, track: str) -> bool:
    levels = case.findings(Inspector.SOUND, FindingKind.LEVEL, track)
    return bool(levels) and all(number_in(f.value, name) is not None for f in levels for name in ("snr_cdb", "speech_cdb"))
