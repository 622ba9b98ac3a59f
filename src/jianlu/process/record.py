"""Seals what the inspectors found: one findings document and one ledger event per inspector.

Inspecting is `inspectors/`; sealing and the ledger are the vault's. An engine that was absent is recorded as absent.
"""

from __future__ import annotations

from collections.abc import Iterable

from jianlu.core.formats.findings import findings_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspection
from jianlu.vault.case_log import CaseLog


def recorded_inspectors(log: CaseLog) -> set[str]:
    """The inspectors whose findings the case already has."""
    return {event.body["inspector"] for event in log.events if event.type is EventType.FINDINGS_RECORDED}


def record_findings(log: CaseLog, inspections: Iterable[Inspection]) -> None:
    """Seal each inspection that the case does not have yet; in the ledger when this returns. Absent engines are recorded as absent."""
    done = recorded_inspectors(log)
    for inspection in inspections:
        if inspection.inspector.value in done:
            continue
        body = {
            "inspector": inspection.inspector.value,
            "engine": inspection.engine.name,
            "engine_version": inspection.engine.version,
            "model": inspection.engine.model_digest,
            "status": inspection.status.value,
        }
        name = f"findings-{inspection.inspector.value}"
        log.seal_and_append(EventType.FINDINGS_RECORDED, name, findings_bytes(inspection), body)
