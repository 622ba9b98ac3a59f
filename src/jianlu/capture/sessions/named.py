"""What a gate, an alarm or a block is about, in words: seats, tracks, recorders and checks by name, things of the script by their titles.

Codes stay beside the words in every answer, for programs. A code without words stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from jianlu.capture.sessions.lifecycle import Gate
from jianlu.capture.sessions.model import Block, Refusal
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.verdicts.reasons import track_name
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import filled

Both = tuple[str, str]
"""Chinese, English."""

NOTHING: Both = ("", "")
CHECKS: Mapping[str, Both] = {
    "disk": ("磁盘空间", "disk"),
    "keys": ("密钥服务", "key service"),
    "ledger": ("账本", "ledger"),
    "desk": ("封存服务", "sealing"),
    "tap": ("媒体接入", "media"),
    "clock": ("时钟", "clock"),
    "key": ("会话密钥", "the session's key"),
}
_RECORDER_CHECKS = "recorder_failed"
_RECORDER_GATES = frozenset({"recorder_away", "recorder_not_admitted"})


def seat_or_track(code: str) -> Both:
    """A seat, or one of its tracks: `customer-picture` is the customer's picture. An empty code is nothing."""
    return track_name(code, "zh"), track_name(code, "en")


def recorder(name: str) -> Both:
    """A recorder: people see A and B."""
    return f"录制端 {name.upper()}", f"recorder {name.upper()}"


def of_gate(live: LiveSession, gate: Gate) -> Both:
    """What keeps a session from starting is about a seat, a track, a probe, a recorder, a recorder's check, or a seat's consent."""
    head, _, tail = gate.about.rpartition("/")
    if gate.code in _RECORDER_GATES:
        return gate.about.upper(), gate.about.upper()
    if gate.code == _RECORDER_CHECKS and head:
        return _joined(recorder(head), CHECKS.get(tail, (tail, tail)))
    if head:
        return _joined(_purpose(live, head), seat_or_track(tail))
    return CHECKS.get(gate.about) or seat_or_track(gate.about)


def of_refusal(live: LiveSession, refusal: Refusal, facts: Mapping[str, FactValue]) -> Both:
    """What blocks a step is about a step, a document, a question, a purpose or a clause of the session's own script and plan."""
    about, block = refusal.about, refusal.block
    if block is Block.DOCUMENT:
        found = live.script.document_of(about)
        return _both(found.title) if found else (about, about)
    if block in (Block.ANSWER, Block.ANSWER_STAYS):
        asked = next((q for step in live.course.steps for q in step.answers if q.id == about), None)
        return _both(filled(asked.question, facts)) if asked else (about, about)
    if block is Block.CONSENT:
        return _purpose(live, about)
    if block is Block.ATTESTATION:
        return next((_both(clause.title) for clause in live.plan.clauses if clause.key == about), (about, about))
    step = live.course.step_of(about)
    return _both(filled(step.title, facts)) if step else (about, about)


def _purpose(live: LiveSession, purpose: str) -> Both:
    return next((_both(notice.title) for notice in live.scene.notices if notice.purpose == purpose), (purpose, purpose))


def _both(text: Mapping[str, str]) -> Both:
    return text["zh"], text["en"]


def _joined(first: Both, second: Both) -> Both:
    return f"{first[0]}（{second[0]}）", f"{first[1]} ({second[1]})"
