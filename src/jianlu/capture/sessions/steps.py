"""Steps of the script: start, complete, redo, show documents, answers, attestations. The engine rules; here it is carried out.

Whoever may not lead a step is refused, and the attempt is recorded as any other attempt to leave the order.
"""

from __future__ import annotations

from jianlu.capture.sessions import engine
from jianlu.capture.sessions.lifecycle import may
from jianlu.capture.sessions.model import Act, Phase, Ruling, StepState
from jianlu.capture.sessions.opening import Standing, opened, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import carry_out, keep, phase_now
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.digests import digest_of, is_digest
from jianlu.core.terms.events import EventType
from jianlu.govern.consent import HOW
from jianlu.govern.identity.model import Principal
from jianlu.govern.policy.case_file import STATEMENT_MAX

ATTESTATION_FORMAT = "jianlu/attestation/v1"
DOCUMENT_FORMAT = "jianlu/shown-document/v1"
REASONS = ("asked_again", "misunderstood", "interrupted", "document_unclear", "technical", "check_not_met", "other")
"""Why a step is done again, a talk suspended or handed over."""

_ROLES = {"agent": "agent", "guardian": "guardian", "supervisor": "reviewer"}
"""Under which of the plan's roles a seat attests."""


def start_step(case: str, step: str, *, using: SessionPorts, by: Principal) -> None:
    """Begin the step that is next; ConflictError for any other."""
    with opened(case, using=using, by=by) as (live, standing):
        now_ms = _turn(live, standing, step, Act.START_STEP, using)
        ruling = engine.start_step(live.course, live.talk, step, by=standing.seat, now_ms=now_ms)
        carry_out(live, ruling, using=using)


def complete_step(case: str, step: str, *, using: SessionPorts, by: Principal) -> None:
    """Finish the step under way; ConflictError while anything blocks it."""
    with opened(case, using=using, by=by) as (live, standing):
        now_ms = _turn(live, standing, step, Act.COMPLETE_STEP, using)
        ruling = engine.complete_step(live.course, live.talk, step, by=standing.seat, now_ms=now_ms)
        carry_out(live, ruling, using=using)


def redo_step(case: str, step: str, reason: str, *, using: SessionPorts, by: Principal) -> None:
    """Reopen one step; what was done in it stays in the record, the others stay done."""
    with opened(case, using=using, by=by) as (live, standing):
        now_ms = _turn(live, standing, step, Act.REDO_STEP, using)
        ruling = engine.redo_step(live.talk, step, reason_code(reason), by=standing.seat, now_ms=now_ms)
        carry_out(live, ruling, using=using)


def show_document(case: str, step: str, document: str, *, using: SessionPorts, by: Principal, digest: str = "") -> None:
    """Begin to show a document; `digest` is the SHA-256 of its file, if there is one, else its name in this script stands for it."""
    if digest and not is_digest(digest):
        raise InvalidError("`digest` is the SHA-256 of the document in 64 hexadecimal characters")
    with opened(case, using=using, by=by) as (live, standing):
        now_ms = _turn(live, standing, step, Act.SHOW_DOCUMENT, using)
        shown = digest or _digest_of_name(live, document)
        ruling = engine.show_document(live.course, live.talk, step, document, shown, by=standing.seat, now_ms=now_ms)
        carry_out(live, ruling, using=using)


def answer(case: str, step: str, question: str, answer: str, how: str, *, using: SessionPorts, by: Principal) -> None:
    """Record an answer: clicked by the seat that is asked, or noted by the agent as spoken (then the track is the evidence)."""
    if how not in HOW:
        raise InvalidError(f"`how` is one of: {', '.join(HOW)}")
    with opened(case, using=using, by=by) as (live, standing):
        now_ms = _turn(live, standing, step, Act.ANSWER, using)
        found = live.course.step_of(step)
        asked = found.question_of(question) if found else None
        seat = asked.by if asked else standing.seat
        if how == "click" and standing.seat != seat:
            raise DeniedError(f"this answer is the {seat}'s to click: note it as spoken, or let them answer")
        ruling = engine.answer(live.course, live.talk, step, question, answer, how, by=seat, now_ms=now_ms)
        carry_out(live, ruling, using=using)


def attest(case: str, clause: str, statement: str, *, using: SessionPorts, by: Principal) -> None:
    """Put on record what no engine can see: that a clause was kept, in words, for the time of the step that it belongs to.

    InvalidError for a clause of which the plan wants none, and for an empty statement; DeniedError for a role that it does not accept.
    """
    if not 1 <= len(statement.strip()) <= STATEMENT_MAX:
        raise InvalidError(f"`statement` must have 1 to {STATEMENT_MAX} characters")
    with opened(case, using=using, by=by) as (live, standing):
        phase = phase_now(live)
        if phase not in (Phase.LIVE, Phase.PAUSED):
            raise ConflictError("attestations are made while the session runs", code="not_now")
        wanted = [each for each in live.plan.obligations if each.kind == "require_attestation" and each.clause_key == clause]
        if not wanted:
            raise InvalidError(
                f"the plan wants no attestation of that clause; of: {', '.join(sorted(live.course.attests)) or 'none'}"
            )
        role = _ROLES.get(standing.seat, "")
        if not may(Act.ATTEST, standing.seat, phase) or role not in wanted[0].params["by"]:
            raise DeniedError(f"{clause} is attested by: {', '.join(wanted[0].params['by'])}")
        if clause not in live.talk.attested:
            _attest(live, clause, role, statement.strip(), session_ms(live, using=using))
            keep(live, using=using)


def reason_code(reason: str) -> str:
    """`reason` when it is one of REASONS; InvalidError otherwise."""
    if reason not in REASONS:
        raise InvalidError(f"`reason` is one of: {', '.join(REASONS)}")
    return reason


def _attest(live: LiveSession, clause: str, role: str, statement: str, now_ms: int) -> None:
    """The stretch is the step's that attests the clause, up to now; a millisecond at least, and what is sealed already."""
    step = next((each.id for each in live.course.steps if clause in each.attests), "")
    run = live.talk.run_of(step)
    from_ms = run.from_ms if run is not None and run.attempt else 0
    to_ms = run.to_ms if run is not None and run.state is StepState.DONE else now_ms
    fields = {"clause": clause, "by": role}
    content = canonical_bytes({"format": ATTESTATION_FORMAT, **fields, "statement": statement})
    body = {**fields, "from_ms": from_ms, "to_ms": max(to_ms, from_ms + 1)}
    name = f"attestation-{live.talk.attestations + 1}"
    live.log.seal_and_append(EventType.ATTESTATION_RECORDED, name, content, body)
    live.catch_up()


def _turn(live: LiveSession, standing: Standing, step: str, act: Act, using: SessionPorts) -> int:
    """The session's present ms; DeniedError, recorded, when the act is not for the caller's seat whatever the phase."""
    now_ms = session_ms(live, using=using)
    if not may(act, standing.seat, Phase.LIVE):
        ruling = engine.denied(live.talk, step, by=standing.seat or "nobody", now_ms=now_ms)
        carry_out(live, Ruling(ruling.records, live.talk.showing), using=using)
        raise DeniedError("this is not for your seat to do: whoever leads the session does it", code="not_your_seat")
    return now_ms


def _digest_of_name(live: LiveSession, document: str) -> str:
    found = live.script.document_of(document)
    title = dict(found.title) if found else {}
    fields = {"script": live.row.script_digest, "document": document[:40], "title": title}
    return digest_of(canonical_bytes({"format": DOCUMENT_FORMAT, **fields}))
