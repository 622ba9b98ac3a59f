"""A case whose parts end at different dates: a template soon, the transcript later, the recording last. Not a test."""

from __future__ import annotations

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.certificate import PART_STARTED_FORMAT
from jianlu.core.formats.keeping import retention_body
from jianlu.core.formats.plan import Plan, Retention, RetentionTerm, plan_bytes
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import CASE, TENANT

BANK = tenant_id(TENANT)
TEMPLATE, SPEECH, FILM, VERDICTS = (
    b"PLAINTEXT-OF-TEMPLATE",
    b"PLAINTEXT-OF-SPEECH",
    b"PLAINTEXT-OF-FILM",
    b"PLAINTEXT-OF-VERDICTS",
)
OBJECTS = {"template-customer": TEMPLATE, "findings-speech": SPEECH, "seg-000001": FILM, "verdicts": VERDICTS}
ENDS = {"recording": "2036-11-22", "transcript": "2031-11-22", "findings": "2036-11-22", "biometric": "2027-02-22"}
"""The last day of each part."""


def plan_of(ends: dict[str, str], *, waiting: str = "") -> Plan:
    """A plan that keeps each part until its day; the templates, where `waiting`, until the day on which that trigger is stated."""
    terms = {part: (RetentionTerm(f"pack:{part}", "recording_time", 0, 0, until),) for part, until in ends.items()}
    if waiting:
        terms["biometric"] = (RetentionTerm("pack:biometric", waiting, 0, 0, "open"),)
    kept = tuple(Retention(part, each[0].until, each[0].clause, each) for part, each in terms.items())
    return Plan({}, (), (), (), (), (), (), kept, (), ())


def record_parted(using: VaultPorts, case: str = CASE, *, ends: dict[str, str] = ENDS, waiting: str = "") -> CaseLog:
    """Plan to close, each object of a part of its own."""
    log, plan = open_case_log(using, TENANT, case), plan_of(ends, waiting=waiting)
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(plan), {"packs": []})
    started = {"tracks": [], "source": log.commit_to(digest_of(b"x"), "source"), "recorder": "file/1"}
    log.seal_and_append(EventType.RECORDING_STARTED, "init", b"PLAINTEXT-OF-INIT", started, part="init")
    log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", FILM, {"no": 1, "from_ms": 0, "to_ms": 2000})
    log.seal_and_append(EventType.CHECK_RECORDED, "template-customer", TEMPLATE, {"check": "face"})
    log.append(EventType.RECORDING_ENDED, {"segments": 1, "duration_ms": 2000, "media_bytes": 20})
    finding = {"inspector": "speech", "engine": "whisper", "engine_version": "1", "model": "", "status": "ran"}
    log.seal_and_append(EventType.FINDINGS_RECORDED, "findings-speech", SPEECH, finding)
    log.seal_and_append(EventType.VERDICTS_JUDGED, "verdicts", VERDICTS, {"met": 1, "not_met": 0, "not_evidenced": 0})
    for retention in plan.retention:
        log.append(EventType.RETENTION_SET, retention_body(retention))
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    return log


def custody_of(using: VaultPorts, case: str = CASE) -> CaseLog:
    """The case's custody chain."""
    return open_case_log(using, TENANT, custody_chain(tenant_secret(using, BANK), case))


def start_part(
    using: VaultPorts, part: str, case: str = CASE, *, second: str = "a-ye", until: str = "", clause: str = ""
) -> None:
    """The event by which two people began the destruction of that part, without asking whether it was due."""
    chain = custody_of(using, case)
    body = {"of": case, "part": part, "until": until or ENDS[part], "clause": clause or f"pack:{part}"}
    said = {**body, "case": case, "by": "a-xu", "second": second, "reason": "its time has come", "at": "2031-12-01T00:00:00.000Z"}
    del said["of"]
    document = canonical_bytes({"format": PART_STARTED_FORMAT, **said})
    chain.seal_and_append(EventType.PART_DESTRUCTION_STARTED, f"destruction-{chain.next_n}", document, body)
