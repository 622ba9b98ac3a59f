"""`require_attestation`: a person of the right role has put on record that something was done which no engine can see.

Reasons: not_attested, wrong_attester. An attestation shows who said so, not that it is true; its basis is "attested".
"""

from __future__ import annotations

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict
from jianlu.core.verdicts.case_view import CaseView, whole_in
from jianlu.core.verdicts.outcomes import SESSION, met, not_evidenced, reason
from jianlu.core.verdicts.params import check_names, texts_of
from jianlu.core.verdicts.reasons import ReasonCode


def judge_attestation(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when an attestation for the clause by one of the roles, for a stretch within the session, is on record; else not_evidenced."""
    check_names(obligation, "by", "what")
    roles = texts_of(obligation, "by")
    if not isinstance(obligation.params.get("what"), dict):
        raise InvalidError(f"the obligation {obligation.id} needs `what` in words, by language: correct the pack and plan again")
    if case.duration_ms is None:
        return not_evidenced(obligation, case.lacking())
    shown: list[Evidence] = []
    others: list[str] = []
    for event in case.events_of(EventType.ATTESTATION_RECORDED):
        low, high = whole_in(event.body, "from_ms"), whole_in(event.body, "to_ms")
        if event.body.get("clause") != obligation.clause_key or low is None or high is None or not low < high <= case.duration_ms:
            continue
        by = event.body.get("by")
        if by in roles:
            shown.append(Evidence(SESSION, low, high))
        else:
            others.append(str(by))
    if shown:
        return met(obligation, shown)
    if others:
        return not_evidenced(obligation, [reason(ReasonCode.WRONG_ATTESTER, SESSION, 0, case.duration_ms, others[0])])
    return not_evidenced(obligation, [reason(ReasonCode.NOT_ATTESTED, SESSION, 0, case.duration_ms)])
