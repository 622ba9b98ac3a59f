"""What the API is given, and what a request finds of it: `Deps` in the application's state, who is calling in the request's.

Nothing here decides anything; the composition root fills `Deps`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from jianlu.core.errors import DeniedError, JianluError
from jianlu.core.terms.ids import TenantId
from jianlu.deliver.api.cookies import seat_token, staff_token
from jianlu.govern.identity.admissions import participant_of
from jianlu.govern.identity.model import Participant, Principal, Role, SignInNeededError, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import staff_of
from jianlu.runtime.clock import Clock
from jianlu.runtime.settings import Settings

AS_HEADER, AS_QUERY = "x-jianlu-as", "as"
"""A browser with both cookies says as whom it calls: `staff` or `seat` (the agent's and the customer's tab of a demonstration)."""


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
    is_draining: threading.Event = field(default_factory=threading.Event)

    def principal(self, request: Request) -> Principal | None:
        """Who is calling, None when nobody is signed in; looked up once a request."""
        if not hasattr(request.state, "principal"):
            request.state.principal = self._look_up(request)
        found: Principal | None = request.state.principal
        return found

    def _look_up(self, request: Request) -> Principal | None:
        wanted = request.headers.get(AS_HEADER) or request.query_params.get(AS_QUERY) or ""
        token = staff_token(request)
        if token and wanted != "seat":
            try:
                return staff_of(self.identity, token)
            except SignInNeededError:
                pass
        token = seat_token(request)
        if token and wanted != "staff":
            try:
                return participant_of(self.identity, token)
            except SignInNeededError:
                pass
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


def require_role(staff: Staff, *roles: Role) -> None:
    """DeniedError unless the account has one of `roles`."""
    if not staff.has(*roles):
        raise DeniedError(f"this needs the role {' or '.join(roles)}: ask somebody who has it")


Caller = Annotated[Principal, Depends(caller_of)]
StaffCaller = Annotated[Staff, Depends(staff_calling)]
