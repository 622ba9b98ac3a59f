"""End-to-end encryption of a session: public keys announced, wrapped secrets passed on. Nothing here can be read by who passes it.

What it all means is `capture/sessions/encryption.py`; keys are made and used in the browser and in recorders.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from jianlu.capture.sessions import encryption
from jianlu.capture.sessions.view import view_session
from jianlu.deliver.api import _bodies as bodies
from jianlu.deliver.api.deps import Caller, CaseRef, TheDeps, Wakes
from jianlu.deliver.api.rights import on_case

router = APIRouter(prefix="/api/v1/cases/{case}/encryption", tags=["encryption"], dependencies=[Wakes])

View = dict[str, Any]
Member = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,29}$")]


@router.post("/key", dependencies=[on_case("session.take_part")])
def announce(body: bodies.PageKeyBody, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """The public key of the caller's page, and the secret that it holds."""
    encryption.announce(case, body.public_key, body.secret, body.proof, using=deps.sessions, by=caller)
    return view_session(case, using=deps.sessions, by=caller)


@router.post("/recorders/{recorder}", dependencies=[on_case("session.take_part")])
def admit_recorder(recorder: Member, body: bodies.WrappedSecret, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Give a recorder the room's secret, wrapped to its key; without it a session that must be recorded does not start."""
    encryption.admit_recorder(case, recorder, body.wrapped, using=deps.sessions, by=caller)
    return view_session(case, using=deps.sessions, by=caller)


@router.post("/handovers/{seat}", dependencies=[on_case("session.take_part")])
def hand_over(seat: Member, body: bodies.WrappedSecret, case: CaseRef, caller: Caller, deps: TheDeps) -> View:
    """Give the room's secret to the page of a seat, wrapped to its key, which is a member from then on; `public_key` says to which."""
    encryption.hand_over(case, seat, body.wrapped, body.public_key, using=deps.sessions, by=caller)
    return view_session(case, using=deps.sessions, by=caller)
