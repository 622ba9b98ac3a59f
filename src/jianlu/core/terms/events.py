"""The kinds of event that the ledger holds, `subject:object:past-verb`.

One enumeration serves ledger entries, job triggers and detection inputs. The bodies are specified in `specs/event.md`.
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """Every event kind; a new one is added here and in `specs/event.md` in the same change."""

    PLAN_FROZEN = "case:plan:frozen"
    BACKENDS_STARTED = "system:backends:started"
    RECORDING_STARTED = "session:recording:started"
    SEGMENT_SEALED = "session:segment:sealed"
    GAP_DECLARED = "session:gap:declared"
    ATTESTATION_RECORDED = "session:attestation:recorded"
    RECORDING_ENDED = "session:recording:ended"
    RECORDING_ABANDONED = "session:recording:abandoned"
    FINDINGS_RECORDED = "case:findings:recorded"
    VERDICTS_JUDGED = "case:verdicts:judged"
    RETENTION_SET = "case:retention:set"
    CASE_CLOSED = "case:evidence:closed"
