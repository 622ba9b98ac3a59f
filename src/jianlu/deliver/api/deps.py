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
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi import Path as PathParameter
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.routing import Match

from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.present import is_in_call
from jianlu.core.errors import DeniedError, JianluError
from jianlu.core.terms.ids import TenantId
from jianlu.deliver.api.bearer import bearer_key, require_scope
from jianlu.deliver.api.changes import Changes
from jianlu.deliver.api.cookies import capacity_of, case_in, seat_tokens, staff_token
from jianlu.deliver.api.devices import seen_of
from jianlu.deliver.api.looks import Looks
from jianlu.deliver.api.open_media import OpenMedia
from jianlu.deliver.api.reader import CaseReader
from jianlu.deliver.oversight.certificates import Prover, no_proofs
from jianlu.deliver.search.ports import SearchPorts
from jianlu.govern.access.decide import Access
from jianlu.govern.apikeys.keys import key_holder
from jianlu.govern.apikeys.model import KeyHolder
from jianlu.govern.identity.admissions import participant_of
from jianlu.govern.identity.devices import Proofs, Seen
from jianlu.govern.identity.model import (
    Account,
    DeviceProofNeededError,
    Participant,
    Principal,
    SecondFactorNeededError,
    SignInNeededError,
    Site,
    Staff,
)
from jianlu.govern.identity.organisation import Organisation
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.second_factor import require_set_up
from jianlu.govern.identity.sign_ins import staff_named, staff_of
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.clock import Clock, SystemClock
from jianlu.runtime.settings import Settings
from jianlu.vault.custody.time_reading import ClockWatch, Expiry, unproved_time

OWN_ACCOUNT = frozenset({"/account", "/api/v1/me"})


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
    access: Access
    search: SearchPorts
    reviews: ReviewPorts
    changes: Changes = field(default_factory=Changes)
    streams: Counter[str] = field(default_factory=Counter)
    looks: Looks = field(default_factory=Looks)
    is_draining: threading.Event = field(default_factory=threading.Event)
    proofs: Proofs = field(default_factory=Proofs)
    open_media: OpenMedia = field(default_factory=OpenMedia)
    organisation: Organisation | None = None
    scim_token_digest: str = ""
    clock_watch: ClockWatch = field(default_factory=lambda: ClockWatch(SystemClock()))
    prove: Prover = no_proofs
    administration_port: int = 0
    expiry: Expiry = field(default_factory=lambda: unproved_time(SystemClock()))

    @property
    def site(self) -> Site:
        """Where passkeys are good."""
        return Site(self.public_url, self.settings.serve.institution or self.tenant, self.administration_url)

    @property
    def administration_url(self) -> str:
        """Where administration is reached, "" where it has no port of its own: the same host, since passkeys hold for one."""
        host = urlsplit(self.public_url).netloc.rpartition("@")[2]
        name = host[: host.index("]") + 1] if "]" in host else host.partition(":")[0]
        return f"https://{name}:{self.administration_port}" if self.administration_port else ""

    @property
    def place_names(self) -> tuple[str, str]:
        """How this place is called, which no password may be made of."""
        return self.settings.serve.institution, self.tenant

    def principal(self, request: Request) -> Principal | None:
        """Who is calling, None when nobody is signed in; looked up once a request."""
        if not hasattr(request.state, "principal"):
            request.state.principal = self.look_up(request)
        found: Principal | None = request.state.principal
        return found

    def look_up(self, request: Request) -> Principal | None:
        """As `principal`, asked anew; a call that carries an API key is the key's, whatever cookies it carries."""
        if token := bearer_key(request):
            return self.holder(token)
        wanted = capacity_of(request).kind
        return (self.staff(request) if wanted != "seat" else None) or (self.participant(request) if wanted != "staff" else None)

    def staff(self, request: Request) -> Staff | None:
        """Whose sign-in the request carries, on the device that it was made on; nobody's where that is not enough for what is asked."""
        try:
            return self._staff(request) if staff_token(request) else None
        except (DeviceProofNeededError, SecondFactorNeededError) as error:
            request.state.unproved = error
            return None
        except SignInNeededError:
            return None

    def signed_in(self, request: Request) -> Staff:
        """As `staff`; SignInNeededError, of the kind that says why, when it is nobody's."""
        found = self.staff(request)
        if found is None:
            raise getattr(
                request.state, "unproved", SignInNeededError("you are not signed in, or no longer: sign in and try again")
            )
        return found

    def still(self, request: Request, caller: Principal) -> Principal | None:
        """Whether whoever opened what stays open still holds it: a sign-in by its name, since its token changes meanwhile."""
        if not isinstance(caller, Staff) or isinstance(caller, KeyHolder):
            return self.look_up(request)
        with suppress(SignInNeededError):
            stays, sits = self._stays(request), self._sits(request)
            return staff_named(self.identity, caller.sign_in, self.seen(request), stays=stays, sits=sits)
        return None

    def _staff(self, request: Request) -> Staff:
        stays, sits = self._stays(request), self._sits(request)
        found = staff_of(self.identity, staff_token(request), self.seen(request), stays=stays, sits=sits)
        if not is_of_own_account(request):
            require_set_up(self.identity, found)
        return found

    def _stays(self, request: Request) -> Callable[[Account], bool]:
        """Whoever leads or sits beside the recorded call that the request is about stays signed in, touching nothing."""
        case = case_in(request)
        return lambda account: bool(case) and is_in_call(self.sessions.switchboard, case, account.id)

    def _sits(self, request: Request) -> Callable[[Account], bool]:
        """Past the end of a sign-in its seat in such a call is left, and no more of it."""
        stays = self._stays(request)
        return lambda account: stays(account) and _is_of_seat(request)

    def seen(self, request: Request) -> Seen:
        """From which device the request comes; DeviceProofNeededError for a proof that is none."""
        return seen_of(request, self.proofs, self.identity.localities, self.clock.now())

    def holder(self, token: str) -> KeyHolder | None:
        """Which program calls with the API key."""
        with suppress(SignInNeededError):
            return key_holder(self.identity, self.tenant, token)
        return None

    def participant(self, request: Request) -> Participant | None:
        """Whose seat the request carries: of several that the browser holds, the one that fits the path and what the page says."""
        for token in seat_tokens(request):
            with suppress(SignInNeededError):
                return participant_of(self.identity, token)
        return None


def is_of_own_account(request: Request) -> bool:
    """Whether the request is about the caller's own account: what is open before a second factor is set up, where one is wanted."""
    path: str = request.scope["path"]
    return path in OWN_ACCOUNT or path.startswith("/api/v1/me/")


def _is_of_seat(request: Request) -> bool:
    """Whether the request is for a route that a seat in a call has (`overtime.py`); known before it is routed, too."""
    routes: tuple[APIRoute, ...] = request.app.state.seat_routes
    return any(route.matches(request.scope)[0] is Match.FULL for route in routes)


def deps_of(request: Request) -> Deps:
    """The application's `Deps`."""
    deps: Deps = request.app.state.deps
    return deps


TheDeps = Annotated[Deps, Depends(deps_of)]


def caller_of(request: Request, deps: TheDeps) -> Principal:
    """Staff, program or participant; SignInNeededError when nobody is signed in, DeniedError for a key without the scope."""
    found = deps.principal(request)
    if found is None:
        away = SignInNeededError("you are not signed in, or no longer: sign in, or open your invitation again")
        raise getattr(request.state, "unproved", away)
    if isinstance(found, KeyHolder):
        require_scope(found, request)
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
