"""The kinds of event that the ledger holds, `subject:object:past-verb`.

One enumeration serves ledger entries, job triggers and detection inputs. The bodies are specified in `specs/event.md`.
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """Every event kind; a new one is added here and in `specs/event.md` in the same change."""

    PLAN_FROZEN = "case:plan:frozen"
    PREDECESSOR_DECLARED = "case:predecessor:declared"
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

    REVIEW_ROLL_FROZEN = "review:roll:frozen"
    REVIEW_SAMPLE_DRAWN = "review:sample:drawn"
    REVIEW_TASK_TAKEN = "review:task:taken"
    REVIEW_TASK_LEFT = "review:task:left"
    REVIEW_DECISION_RECORDED = "review:decision:recorded"
    REVIEW_APPEAL_RECORDED = "review:appeal:recorded"
    REVIEW_DEADLINE_ALARMED = "review:deadline:alarmed"
    REVIEW_REDO_ASSIGNED = "review:redo:assigned"
    REVIEW_REDO_COMPLETED = "review:redo:completed"
    REVIEW_REDO_ALARMED = "review:redo:alarmed"
    REVIEW_RECORD_SHREDDED = "review:record:shredded"

    HOLD_PLACED = "custody:hold:placed"
    HOLD_LIFTED = "custody:hold:lifted"
    RETENTION_EXTENDED = "custody:retention:extended"
    TRIGGER_STATED = "custody:trigger:stated"
    DESTRUCTION_REFUSED = "custody:destruction:refused"
    DESTRUCTION_STARTED = "custody:destruction:started"
    DESTRUCTION_COMPLETED = "custody:destruction:completed"

    CHECKPOINT_STAMPED = "time:checkpoint:stamped"
    TIME_GAP_DECLARED = "time:gap:declared"
    TIME_STEPPED = "time:clock:stepped"
    STAMPS_RETAINED = "time:stamps:retained"
    COSIGNATURE_REFUSED = "witness:cosignature:refused"
    QUORUM_ALARMED = "witness:quorum:alarmed"
    QUORUM_CLEARED = "witness:quorum:cleared"

    STORE_PROBE_RECORDED = "store:probe:recorded"
    STORE_COPIES_PLACED = "store:copies:placed"
    STORE_LOCKS_EXTENDED = "store:locks:extended"
    STORE_SCRUB_COMPLETED = "store:scrub:completed"
    STORE_COPY_REPAIRED = "store:copy:repaired"
    STORE_COPY_ALARMED = "store:copy:alarmed"

    ACCESS_LOG_OPENED = "access:log:opened"
    ACCESS_DECISIONS_RECORDED = "access:decisions:recorded"
    ACCESS_CHANGE_RECORDED = "access:change:recorded"
