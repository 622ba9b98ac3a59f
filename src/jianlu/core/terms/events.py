"""The kinds of event that the ledger holds, `subject:object:past-verb`.

One enumeration serves ledger entries, job triggers and detection inputs. The bodies are specified in `specs/event.md`.
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """Every event kind; a new one is added here and in `specs/event.md` in the same change."""

    PLAN_FROZEN = "case:plan:frozen"
    BACKENDS_STARTED = "system:backends:started"
    CLOCK_STEPPED = "system:clock:stepped"

    SCRIPT_FROZEN = "session:script:frozen"
    SEAT_TAKEN = "session:seat:taken"
    SEAT_LEFT = "session:seat:left"
    SEAT_ASSIGNED = "session:seat:assigned"
    SEAT_REFUSED = "session:seat:refused"
    PREFLIGHT_RECORDED = "session:preflight:recorded"
    ENCRYPTION_SET = "session:encryption:set"
    STEP_STARTED = "session:step:started"
    STEP_COMPLETED = "session:step:completed"
    STEP_REFUSED = "session:step:refused"
    STEP_REOPENED = "session:step:reopened"
    CHECK_RECORDED = "session:check:recorded"
    CHECK_WAIVED = "session:check:waived"
    DOCUMENT_SHOWN = "session:document:shown"
    DEPOSIT_RECORDED = "session:deposit:recorded"
    ANSWER_RECORDED = "session:answer:recorded"
    CONSENT_GIVEN = "session:consent:given"
    CONSENT_REFUSED = "session:consent:refused"
    CONSENT_WITHDRAWN = "session:consent:withdrawn"
    MESSAGE_RECORDED = "session:message:recorded"
    SHARE_STARTED = "session:share:started"
    SHARE_ENDED = "session:share:ended"
    ATTESTATION_RECORDED = "session:attestation:recorded"
    SESSION_ENDED = "session:talk:ended"

    RECORDING_STARTED = "session:recording:started"
    SEGMENT_SEALED = "session:segment:sealed"
    SEGMENT_MIRRORED = "session:segment:mirrored"
    GAP_DECLARED = "session:gap:declared"
    RECORDING_PAUSED = "session:recording:paused"
    RECORDING_RESUMED = "session:recording:resumed"
    HEALTH_ALARMED = "session:health:alarmed"
    HEALTH_CLEARED = "session:health:cleared"
    CLOCK_MEASURED = "session:clock:measured"
    RECORDERS_RECONCILED = "session:recorders:reconciled"
    RECORDING_ENDED = "session:recording:ended"
    RECORDING_ABANDONED = "session:recording:abandoned"

    FINDINGS_RECORDED = "case:findings:recorded"
    VERDICTS_JUDGED = "case:verdicts:judged"
    RETENTION_SET = "case:retention:set"
    CASE_CLOSED = "case:evidence:closed"
