"""`retain_for`: the retention that was set for a part lasts at least as long as the plan's longest term for it.

Reasons: term_unknown, retention_not_set, retention_short. Terms and dates are solved in `govern/policy`; here they are compared.
"""

from __future__ import annotations

import re

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.outcomes import SESSION, met, not_evidenced, not_met, reason
from jianlu.core.verdicts.params import check_names, text_of
from jianlu.core.verdicts.reasons import ReasonCode

OPEN = "open"
"""Kept until a date that is not known yet: longer than any date."""

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def judge_retention(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when the last retention event for the part reaches the plan's date; not_met when it is absent or earlier."""
    check_names(obligation, "part")
    part = text_of(obligation, "part")
    needed = [term.until for term in case.plan.retention if term.part == part]
    duration_ms = case.duration_ms or 0
    if len(needed) != 1 or not _is_term(needed[0]):
        return not_evidenced(obligation, [reason(ReasonCode.TERM_UNKNOWN, SESSION, 0, duration_ms, part)])
    kept = [event.body.get("until") for event in case.events_of(EventType.RETENTION_SET) if event.body.get("part") == part]
    if not kept or not _is_term(kept[-1]):
        return not_met(obligation, [reason(ReasonCode.RETENTION_NOT_SET, SESSION, 0, duration_ms, part)])
    if not _reaches(str(kept[-1]), needed[0]):
        return not_met(
            obligation, [reason(ReasonCode.RETENTION_SHORT, SESSION, 0, duration_ms, f"{part} {kept[-1]} < {needed[0]}")]
        )
    return met(obligation, [Evidence(SESSION, 0, duration_ms)])


def _is_term(until: object) -> bool:
    return until == OPEN or (isinstance(until, str) and _DATE.fullmatch(until) is not None)


def _reaches(kept: str, needed: str) -> bool:
    return kept == OPEN or (needed != OPEN and kept >= needed)
