"""A small recorded sale, written through the case log as the stages write it: every kind of event once or more."""

from __future__ import annotations

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.certificate import STARTED_FORMAT
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts
from jianlu.vault.shred import Shredded
from tests.fakes.vault.home import CASE, TENANT

SEGMENTS = 3


def segment(number: int) -> bytes:
    """The plaintext of segment `number`: recognisable, so that it can be looked for on disk."""
    return f"PLAINTEXT-OF-SEGMENT-{number}-".encode() * 1000


def record_sale(using: VaultPorts, case: str = CASE, *, until: str = "2036-11-22") -> CaseLog:
    """Plan to close, kept until that day; returns the log."""
    log = open_case_log(using, TENANT, case)
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", b'{"PLAINTEXT-OF-PLAN":1}', {"packs": [["pack", "1", "0123456789abcdef"]]})
    log.append(EventType.BACKENDS_STARTED, {"backends": [["blobs", "posix", "1"]]})
    source = log.commit_to(digest_of(b"PLAINTEXT-OF-SOURCE"), "source")
    started = {"tracks": [["picture", "video", "h264"]], "source": source, "recorder": "file/1"}
    log.seal_and_append(EventType.RECORDING_STARTED, "init", b"PLAINTEXT-OF-INIT", started, part="init")
    for number in range(1, SEGMENTS + 1):
        body = {"no": number, "from_ms": (number - 1) * 2000, "to_ms": number * 2000}
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", segment(number), body)
    log.append(EventType.GAP_DECLARED, {"from_ms": 6000, "to_ms": 6400, "reason": "cut", "side": "source"})
    attested = {"clause": "pack:c1", "by": "branch", "from_ms": 0, "to_ms": 6400}
    log.seal_and_append(EventType.ATTESTATION_RECORDED, "attestation-1", b'{"PLAINTEXT-OF-ATTESTATION":1}', attested)
    log.append(EventType.RECORDING_ENDED, {"segments": SEGMENTS, "duration_ms": 6400, "media_bytes": 75_000})
    finding = {"inspector": "speech", "engine": "whisper", "engine_version": "1", "model": "", "status": "ran"}
    log.seal_and_append(EventType.FINDINGS_RECORDED, "findings-speech", b'{"PLAINTEXT-OF-FINDINGS":1}', finding)
    judged = {"met": 4, "not_met": 1, "not_evidenced": 2}
    log.seal_and_append(EventType.VERDICTS_JUDGED, "verdicts", b'{"PLAINTEXT-OF-VERDICTS":1}', judged)
    log.append(EventType.RETENTION_SET, {"part": "recording", "until": until, "clause": "pack:c9"})
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    return log


def give_up(using: VaultPorts, case: str = CASE, tenant: str = TENANT) -> None:
    """The event by which two people began the case's destruction, without asking whether it was due; once."""
    chain = open_case_log(using, tenant, custody_chain(tenant_secret(using, tenant_id(tenant)), case))
    if not any(event.type is EventType.DESTRUCTION_STARTED for event in chain.events):
        body = {"of": case, "until": "2026-11-21", "clause": "pack:c9"}
        document = canonical_bytes({"format": STARTED_FORMAT, "case": case, "reason": "its time has come"})
        chain.seal_and_append(EventType.DESTRUCTION_STARTED, f"destruction-{chain.next_n}", document, body)


def destroy(log: CaseLog, using: VaultPorts) -> Shredded:
    """The keys and objects of the case gone, as the job of its destruction has it."""
    give_up(using, log.case, log.tenant)
    return log.shred()
