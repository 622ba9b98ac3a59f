"""What the API is given, and what a request finds of it: `Deps` in the application's state, who is calling in the request's.

Nothing here decides anything; the composition root fills `Deps`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi import Path as PathParameter
from sqlalchemy import Engine

from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import DeniedError, JianluError
from jianlu.core.terms.ids import TenantId
from jianlu.deliver.api.changes import Changes
from jianlu.deliver.api.cookies import capacity_of, seat_tokens, staff_token
from jianlu.deliver.api.looks import Looks
from jianlu.deliver.api.reader import CaseReader
from jianlu.govern.identity.admissions import participant_of
from jianlu.govern.identity.model import Participant, Principal, SignInNeededError, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import staff_of
from jianlu.runtime.clock import Clock
from jianlu.runtime.settings import Settings


@dataclass(frozen=True)
class Deps:
    """Everything that the routes and the pages use."""

    settings: Settings
    tenant: TenantId
    version: str
    public_url: str
    database: Engine
    clock: Clock
    identity: IdentityPorts
    status_of: Callable[[JianluError], int]
    home: Path
    sessions: SessionPorts
    reader: CaseReader
    changes: Changes = field(default_factory=Changes)
    streams: Counter[str] = field(default_factory=Counter)
    looks: Looks = field(default_factory=Looks)
    is_draining: threading.Event = field(default_factory=threading.Event)

    def principal(self, request: Request) -> Principal | None:
        """Who is calling, None when nobody is signed in; looked up once a request."""
        if not hasattr(request.state, "principal"):
            request.state.principal = self.look_up(request)
        found: Principal | None = request.state.principal
        return found

    def look_up(self, request: Request) -> Principal | None:
        """As `principal`, asked anew."""
        wanted = capacity_of(request).kind
        return (self.staff(request) if wanted != "seat" else None) or (self.participant(request) if wanted != "staff" else None)

    def staff(self, request: Request) -> Staff | None:
        """Whose sign-in the request carries."""
        try:
            return staff_of(self.identity, staff_token(request)) if staff_token(request) else None
        except SignInNeededError:
            return None

    def participant(self, request: Request) -> Participant | None:
        """Whose seat the request carries: of several that the browser holds, the one that fits the path and what the page says."""
        for token in seat_tokens(request):
            with suppress(SignInNeededError):
                return participant_of(self.identity, token)
        return None


def deps_of(request: Request) -> Deps:
    """The application's `Deps`."""
    deps: Deps = request.app.state.deps
    return deps


TheDeps = Annotated[Deps, Depends(deps_of)]


def caller_of(request: Request, deps: TheDeps) -> Principal:
    """Staff or participant; SignInNeededError when nobody is signed in."""
    found = deps.principal(request)
    if found is None:
        raise SignInNeededError("you are not signed in, or no longer: sign in, or open your invitation again")
    return found


def staff_calling(request: Request, deps: TheDeps) -> Staff:
    """A signed-in member of staff; DeniedError for a participant."""
    found = caller_of(request, deps)
    if isinstance(found, Participant):
        raise DeniedError("this is for members of staff: sign in with an account")
    return found


def waking(case: str, deps: TheDeps) -> Iterator[None]:
    """Wakes the streams of the case when the request is done, also when it was refused: refusals are on the record."""
    try:
        yield
    finally:
        deps.changes.notify(case)


Caller = Annotated[Principal, Depends(caller_of)]
CaseRef = Annotated[str, PathParameter(pattern=r"^c[a-z2-7]{26}$")]
Wakes = Depends(waking)
StaffCaller = Annotated[Staff, Depends(staff_calling)]
