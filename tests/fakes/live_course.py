"""The course of a live session as events: who joined, what was agreed, shown, asked, done twice, refused, lost and ended.

Times are of the recording. Bodies are those of `specs/event.md`; objects are sealed where a log can seal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.script import Document, Option, Question, Script, Sentence, Step, script_bytes
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog
from tests.fakes.capture.signed_pdf import signed_pdf

Body = Mapping[str, Any]


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _step(id: str, zh: str, en: str, **more: Any) -> Step:
    fields: dict[str, Any] = {
        "kind": "say",
        "speaker": "agent",
        "say": (Sentence(_both("您好", "Hello"), None),),
        "prompt": _both("", ""),
        "min_read_ms": 0,
        "documents": (),
        "answers": (),
        "consents": (),
        "attests": (),
        "covers": (),
        "when": None,
    }
    return Step(id=id, title=_both(zh, en), **{**fields, **more})


_ASKED = Question(
    "understood",
    _both("您是否清楚这是保险而不是存款？", "Do you understand that this is insurance, not a deposit?"),
    "customer",
    (Option("yes", _both("清楚", "I do"), "go_on"), Option("no", _both("不清楚", "I do not"), "stay")),
)
SCRIPT = Script(
    "insurance-remote",
    "1.2.0",
    _both("远程保险销售", "Remote insurance sale"),
    (Document("risk_notice", _both("风险提示书", "Risk notice"), 1000),),
    (
        _step("consent", "征得同意", "Consent", kind="consent", consents=("recording", "face")),
        _step("risk", "提示风险", "Explain the risks", kind="show", documents=("risk_notice",), answers=(_ASKED,)),
        _step("closing", "结束语", "Closing words"),
    ),
)

ANSWER = {"question": "understood", "answer": "yes", "how": "spoken", "by": "customer"}
CHECK = {
    "step": "consent",
    "attempt": 1,
    "from_ms": 0,
    "to_ms": 600,
    "met": 1,
    "not_met": 1,
    "unknown": 1,
    "action": "block",
    "at_ms": 1700,
    "open": [
        ["answered:customer:ask", "not_met", "refused", 100, 300],
        ["avoided:agent:promises", "unknown", "not_covered", 0, 0],
    ],
}
NOTICE = {"how": "click", "notice": "recording_notice", "version": "2", "lang": "zh", "by": "customer"}
BEFORE: tuple[tuple[EventType, Body], ...] = (
    (EventType.SEAT_TAKEN, {"seat": "agent", "how": "account"}),
    (EventType.SEAT_TAKEN, {"seat": "customer", "how": "invitation"}),
    (
        EventType.PREFLIGHT_RECORDED,
        {"checks": [["camera", "ok"], ["microphone", "ok"], ["bandwidth", "skipped"]], "seat": "customer"},
    ),
)
WAIVED = {"step": "consent", "attempt": 1, "reason": "paper_checked", "by": "supervisor", "who": "ab" * 32, "at_ms": 1800}
DURING: tuple[tuple[EventType, Body], ...] = (
    (
        EventType.ENCRYPTION_SET,
        {"suite": 4, "secret": "ab" * 8, "members": [["agent", "ab" * 32], ["recorder-a", "cd" * 32]], "at_ms": 0},
    ),
    (EventType.STEP_STARTED, {"step": "consent", "no": 1, "attempt": 1, "at_ms": 0}),
    (EventType.CONSENT_GIVEN, {**NOTICE, "purpose": "recording", "at_ms": 300}),
    (EventType.CONSENT_GIVEN, {**NOTICE, "purpose": "face", "at_ms": 400}),
    (EventType.STEP_REFUSED, {"step": "risk", "reason": "order", "by": "agent", "at_ms": 500}),
    (EventType.STEP_COMPLETED, {"step": "consent", "no": 1, "attempt": 1, "from_ms": 0, "to_ms": 600}),
    (EventType.STEP_STARTED, {"step": "risk", "no": 2, "attempt": 1, "at_ms": 600}),
    (EventType.DOCUMENT_SHOWN, {"step": "risk", "document": "risk_notice", "from_ms": 700, "to_ms": 1900}),
    (EventType.HEALTH_ALARMED, {"code": "track_lost", "track": "customer-picture", "at_ms": 1200}),
    (EventType.GAP_DECLARED, {"from_ms": 1200, "to_ms": 1700, "reason": "connection_lost", "side": "customer-picture"}),
    (EventType.HEALTH_CLEARED, {"code": "track_lost", "track": "customer-picture", "at_ms": 1700}),
    (EventType.CHECK_RECORDED, CHECK),
    (EventType.CHECK_WAIVED, WAIVED),
    (EventType.STEP_REOPENED, {"step": "risk", "reason": "asked_again", "at_ms": 1900}),
    (EventType.STEP_STARTED, {"step": "risk", "no": 2, "attempt": 2, "at_ms": 1950}),
    (EventType.ANSWER_RECORDED, {**ANSWER, "step": "risk", "at_ms": 2100}),
    (EventType.STEP_COMPLETED, {"step": "risk", "no": 2, "attempt": 2, "from_ms": 1950, "to_ms": 2300}),
    (EventType.CONSENT_WITHDRAWN, {**NOTICE, "purpose": "face", "at_ms": 2400}),
    (EventType.STEP_STARTED, {"step": "closing", "no": 3, "attempt": 1, "at_ms": 2500}),
    (EventType.SESSION_ENDED, {"reason": "completed", "by": "agent", "at_ms": 2900}),
)  # fmt: skip
COMMITTED = frozenset({EventType.CONSENT_GIVEN, EventType.CONSENT_WITHDRAWN, EventType.DOCUMENT_SHOWN})
CONTRACT = signed_pdf()
TEXT_DIGEST = "ab" * 32


def seal_course(log: CaseLog) -> None:
    """Record the whole course into `log`, with its sealed script, a message, a clock measurement and a second recorder's segment."""
    people = canonical_bytes(
        {"format": "jianlu/particulars/v1", "people": {"customer": {"name": "王女士", "phone": "13800000000"}}}
    )
    particulars = log.seal_part("particulars", people, part="particulars")
    frozen = {"script": SCRIPT.script, "version": SCRIPT.version, "particulars": particulars}
    log.seal_and_append(EventType.SCRIPT_FROZEN, "script", script_bytes(SCRIPT), frozen, part="content")
    for kind, body in (*BEFORE, *DURING):
        log.append(kind, body, commits={"commit": TEXT_DIGEST} if kind in COMMITTED else None)
    message = canonical_bytes({"format": "jianlu/message/v1", "by": "customer", "text": "请再说一遍保费"})
    log.seal_and_append(EventType.MESSAGE_RECORDED, "message-1", message, {"by": "customer", "at_ms": 800})
    deposited = {"document": "contract", "step": "risk", "signature": "covers_file", "by": "customer", "at_ms": 2200}
    log.seal_and_append(EventType.DEPOSIT_RECORDED, "deposit-1", CONTRACT, deposited)
    seats = [
        {"feed": "agent", "audio": "agent", "picture": "agent-picture", "measured": [[500, 4200, 0, 0], [2500, 6100, 0, 0]]},
        {"feed": "customer", "audio": "customer", "picture": "customer-picture", "measured": [[900, -9000, 0, 0]]},
    ]
    clock = canonical_bytes({"format": "jianlu/live-clock/v1", "from_ms": 0, "to_ms": 3000, "seats": seats})
    log.seal_and_append(EventType.CLOCK_MEASURED, "clock-1", clock, {"samples": 3})
    mirrored = {"no": 1, "from_ms": 0, "to_ms": 2000, "recorder": "b"}
    log.seal_and_append(EventType.SEGMENT_MIRRORED, "mirror-000001", b"MEDIA OF THE SECOND RECORDER", mirrored)
    log.append(EventType.RECORDERS_RECONCILED, {"compared": 1, "differing": 0, "filled": 0, "missing": 0, "alone": 0})
