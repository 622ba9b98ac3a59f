"""Conducting a session: every act of agents, customers and others, each a use case of `capture/sessions`.

Order, reading time, seats and health are decided there, never here: an act out of order or of the wrong seat is refused by the use case,
which writes it into the case, so routes of steps ask only whether the caller takes part. Each act answers with the session as seen then.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from jianlu.capture.sessions import checking, conducting, consents, joining, preparing, steps, talking
from jianlu.capture.sessions.view import view_session
from jianlu.deliver.api import _bodies as bodies
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, StaffCaller, TheDeps, Wakes
from jianlu.deliver.api.rights import on_case
from jianlu.govern.identity.accounts import find_account
from jianlu.govern.identity.model import Principal

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["session"], dependencies=[Wakes])

StepId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]
View = dict[str, Any]


@router.post("/seat", dependencies=[on_case("session.join")])
def take_seat(body: bodies.InvitationFor, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> View:
    """Sit down as agent or supervisor; 409 when somebody else does."""
    joining.take_seat(case, body.seat, using=deps.sessions, by=staff)
    return _seen(deps, case, staff)


@router.delete("/seat", dependencies=[on_case("session.take_part")])
def leave_seat(case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Get up from one's seat."""
    joining.leave_seat(case, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/preflight", dependencies=[on_case("session.take_part")])
def preflight(body: bodies.Preflight, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """What this participant's device test found."""
    preparing.record_preflight(case, dict(body.checks), using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/start", dependencies=[on_case("session.lead")])
def start(case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Start recording and, once its first segment is sealed, the talk; 409 says what is not ready."""
    preparing.start_session(case, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/steps/{step}/start", dependencies=[on_case("session.take_part")])
def start_step(step: StepId, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Begin a step; 409, recorded, when another comes first."""
    steps.start_step(case, step, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/steps/{step}/complete", dependencies=[on_case("session.take_part")])
def complete_step(step: StepId, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Finish a step; 409, recorded, when something of it is missing."""
    steps.complete_step(case, step, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/steps/{step}/redo", dependencies=[on_case("session.take_part")])
def redo_step(body: bodies.Why, step: StepId, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Reopen a step and do it again; the first attempt stays on the record."""
    steps.redo_step(case, step, body.reason, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/steps/{step}/waive", dependencies=[on_case("session.supervise")])
def waive_check(body: bodies.Why, step: StepId, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> View:
    """Let the talk go on although a check of this step was not met: a supervisor's act, on the record."""
    checking.waive_check(case, step, body.reason, using=deps.sessions, by=staff)
    return _seen(deps, case, staff)


@router.post("/steps/{step}/documents", dependencies=[on_case("session.take_part")])
def show_document(body: bodies.DocumentShown, step: StepId, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Put a document of the step before the customer."""
    steps.show_document(case, step, body.document, using=deps.sessions, by=caller, digest=body.digest)
    return _seen(deps, case, caller)


@router.post("/steps/{step}/answers", dependencies=[on_case("session.take_part")])
def answer(body: bodies.AnswerGiven, step: StepId, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Answer a question of the step."""
    steps.answer(case, step, body.question, body.answer, body.how, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/consents", dependencies=[on_case("session.take_part")])
def consent(body: bodies.ConsentDecision, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Give, refuse or withdraw one consent; takes effect at once."""
    consents.consent(case, body.purpose, body.decision, body.how, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/attestations", dependencies=[on_case("session.take_part")])
def attest(body: bodies.Attestation, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """State what machines cannot see, for a clause that asks for it."""
    steps.attest(case, body.clause, body.statement, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/messages", dependencies=[on_case("session.take_part")])
def send_message(body: bodies.Message, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Say something in the recorded chat."""
    talking.send_message(case, body.text, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/advice", dependencies=[on_case("session.supervise")])
def advise(body: bodies.Message, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> View:
    """Advise the agent: only they read it, everybody in the session is told that a supervisor wrote, and it is sealed with the case."""
    talking.advise(case, body.text, using=deps.sessions, by=staff)
    return _seen(deps, case, staff)


@router.post("/shares", status_code=201, dependencies=[on_case("session.take_part")])
def start_share(body: bodies.NewShare, case: CaseRef, caller: Caller, deps: TheDeps) -> dict[str, str]:
    """Begin to share a screen, document or whiteboard; publish it as the feed of that name."""
    track = talking.start_share(case, body.kind, using=deps.sessions, by=caller)
    return {"track": track}


@router.delete("/shares/{track}", dependencies=[on_case("session.take_part")])
def end_share(track: StepId, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Stop sharing."""
    talking.end_share(case, track, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/pause", dependencies=[on_case("session.lead")])
def pause(body: bodies.Why, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Pause, where the plan allows it; the gap is declared."""
    conducting.pause(case, body.reason, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/resume", dependencies=[on_case("session.lead")])
def resume(case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Go on after a pause or a halt."""
    conducting.resume(case, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/handover", dependencies=[on_case("session.lead")])
def handover(body: bodies.Handover, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> View:
    """Give the agent's seat to a colleague, on the record."""
    account = find_account(deps.identity, deps.tenant, body.to)
    conducting.handover(case, account.id, account.display, body.reason, using=deps.sessions, by=staff)
    return _seen(deps, case, staff)


@router.post("/refuse", dependencies=[on_case("session.take_part")])
def refuse(case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """The customer does not want to go on: the channel ends, with its record."""
    conducting.refuse(case, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/abandon", dependencies=[on_case("session.lead")])
def abandon(case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """End a session that cannot be completed; what was recorded is kept and judged."""
    conducting.abandon_session(case, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


@router.post("/end", dependencies=[on_case("session.take_part")])
def end(case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """End a completed session; inspecting, judging and packaging begin."""
    conducting.end_session(case, using=deps.sessions, by=caller)
    return _seen(deps, case, caller)


def _seen(deps: Deps, case: str, by: Principal) -> View:
    """The session after an act, for who acted."""
    return view_session(case, using=deps.sessions, by=by)
