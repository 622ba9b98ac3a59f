"""Judges one case: plan, events and findings as they lie sealed in the vault, never as they are in somebody's memory.

The rules are `core/verdicts/`, the same that the stranger's verifier applies. Nothing is judged anew once it is sealed.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.errors import ConflictError
from jianlu.core.formats.findings import parse_findings
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.formats.verdicts import verdicts_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspection
from jianlu.core.terms.verdicts import ClauseVerdict, Verdict
from jianlu.core.verdicts.clauses import judge
from jianlu.vault.case_log import CaseLog

VERDICTS_OBJECT = "verdicts"
PLAN_OBJECT = "plan"


def sealed_plan(log: CaseLog) -> Plan:
    """The plan that the case's first event froze; NotFoundError before there is one."""
    return parse_plan(log.open_object(PLAN_OBJECT))


def sealed_inspections(log: CaseLog) -> tuple[Inspection, ...]:
    """Every findings document of the case, in the order of their events."""
    recorded = [event for event in log.events if event.type is EventType.FINDINGS_RECORDED]
    return tuple(parse_findings(log.open_object(event.body["object"])) for event in recorded)


def judge_case(log: CaseLog) -> Sequence[ClauseVerdict]:
    """The verdict of each clause, sealed and in the ledger when this returns.

    Raises ConflictError while the recording has not ended; IntegrityError when sealed evidence does not open.
    """
    if not any(event.type is EventType.RECORDING_ENDED for event in log.events):
        raise ConflictError("the recording has not ended: finish it before the case is judged")
    clauses = judge(sealed_plan(log), log.events, sealed_inspections(log))
    counts = {verdict.value: sum(clause.verdict is verdict for clause in clauses) for verdict in Verdict}
    log.seal_and_append(EventType.VERDICTS_JUDGED, VERDICTS_OBJECT, verdicts_bytes(clauses), counts)
    return clauses
