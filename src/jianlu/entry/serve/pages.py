"""What the console's pages read, answered by the API's own documents, so that pages and calls cannot disagree.

The port is `deliver/console/ports.py`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from jianlu.deliver.api.cases import case_document, cases_document, templates_document
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.ice import ice_servers
from jianlu.deliver.api.joining import queue_document
from jianlu.deliver.api.rights import purpose_of, require_case
from jianlu.deliver.api.scripts import script_document, scripts_document
from jianlu.deliver.console.ports import Capacity, ConsoleSettings, Json, Viewer
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.model import Principal, SecondFactorNeededError, SignInNeededError, Staff
from jianlu.govern.identity.second_factor import is_missing
from jianlu.runtime.settings import Settings
from jianlu.wiring import Home


def console_settings(home: Home, version: str, administration_port: int = 0) -> ConsoleSettings:
    """What the pages say of this installation."""
    return ConsoleSettings(
        institution=home.settings.serve.institution or home.settings.tenant.id,
        version=version,
        has_sample_devices=home.settings.serve.sample_devices,
        organisation=_organisation_name(home.settings),
        time_zone=home.settings.tenant.time_zone,
        administration_port=administration_port,
    )


def _organisation_name(settings: Settings) -> str:
    """How the button of the organisation's sign-in calls it; empty without."""
    said = settings.organisation
    return (said.name or settings.serve.institution or settings.tenant.id) if said.issuer else ""


class Pages:
    """`deliver.console.ports.ConsolePorts` over the API's documents."""

    def __init__(self, deps: Deps, settings: ConsoleSettings) -> None:
        self._deps = deps
        self._settings = settings

    @property
    def settings(self) -> ConsoleSettings:
        """As the port."""
        return self._settings

    def viewer(self, request: Request, capacity: Capacity) -> Viewer | None:
        """As the port."""
        if capacity == "staff":
            return self._member(request)
        seated = self._deps.participant(request)
        return Viewer("seat", "", case=seated.case, seat=seated.seat) if seated is not None else None

    def _member(self, request: Request) -> Viewer | None:
        staff = self._deps.staff(request)
        if staff is None:
            error = getattr(request.state, "unproved", None)
            if isinstance(error, SecondFactorNeededError):
                raise error
            return None
        account, needs = staff.account, is_missing(self._deps.identity, staff)
        return Viewer("staff", account.display, frozenset(account.roles), account.has_totp, account.name, needs_factor=needs)

    def ice_servers(self, request: Request) -> Sequence[Json]:
        """As the port."""
        self._who(request, None)
        return ice_servers(self._deps)

    def cases(self, request: Request, *, state: str, q: str, page: int) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        self._require(request, staff, "case.list")
        return cases_document(self._deps, staff, state, q, page)

    def case(self, request: Request, case: str, capacity: Capacity) -> Json:
        """As the port."""
        who = self._who(request, capacity)
        require_case(self._deps, who, "case.read", case, purpose=purpose_of(request))
        return case_document(self._deps, who, case, purpose_of(request))

    def templates(self) -> Json:
        """As the port: for anybody, walk-in customers choose from them before they are anyone."""
        return templates_document(self._deps)

    def scripts(self, request: Request) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        self._require(request, staff, "script.read")
        return scripts_document(self._deps, staff)

    def script(self, request: Request, script: str) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        self._require(request, staff, "script.read")
        return script_document(self._deps, staff, script)

    def queue(self, request: Request) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        self._require(request, staff, "queue.read")
        return queue_document(self._deps, staff)

    def _require(self, request: Request, staff: Staff, action: str) -> None:
        self._deps.access.require(staff, action, tenant_wide(self._deps.tenant), purpose=purpose_of(request))

    def _who(self, request: Request, capacity: Capacity | None) -> Principal:
        staff = self._deps.staff(request) if capacity != "seat" else None
        found = staff or (self._deps.participant(request) if capacity != "staff" else None)
        if found is None:
            raise SignInNeededError("you are not signed in, or no longer: sign in, or open your invitation again")
        return found
