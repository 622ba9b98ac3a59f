"""What the pages of those who watch over others' work read, answered by the API's own documents.

The port is `deliver/console/oversight_ports.py`; nothing is decided here.
"""

from __future__ import annotations

from starlette.requests import Request

from jianlu.deliver.api.access import access_log_document, accounts
from jianlu.deliver.api.administration import administration_document, stores_document
from jianlu.deliver.api.casefile import file_document
from jianlu.deliver.api.copies import copy_document, linked_copy_document
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.holds import case_holds_document, holds_document
from jianlu.deliver.api.inspection import drawn_file_document, sample_document, samples_document
from jianlu.deliver.api.retention import responsibility_document, retention_document
from jianlu.deliver.api.rights import require_case
from jianlu.deliver.api.supervision import team_document, wall_document
from jianlu.deliver.console.ports import Json
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.model import SignInNeededError, Staff


class OversightPages:
    """`deliver.console.oversight_ports.OversightPorts` over the API's documents."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def wall(self, request: Request) -> Json:
        """As the port."""
        return wall_document(self._deps, self._allowed(request, "supervision.read"))

    def case_file(self, request: Request, case: str) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        require_case(self._deps, staff, "case.read", case)
        return file_document(self._deps, staff, case)

    def team(self, request: Request) -> Json:
        """As the port."""
        return team_document(self._deps, self._allowed(request, "supervision.read"))

    def access_log(self, request: Request, page: int, which: str) -> Json:
        """As the port."""
        self._allowed(request, "access.read")
        return access_log_document(self._deps, page, which)

    def own_copy(self, request: Request, case: str) -> Json:
        """As the port."""
        participant = self._deps.participant(request)
        if participant is None:
            raise SignInNeededError("your seat in this session has ended: ask the institution for a link to your copy")
        return copy_document(self._deps, participant, case)

    def linked_copy(self, token: str, code: str) -> Json:
        """As the port."""
        return linked_copy_document(self._deps, token, code)

    def retention(self, request: Request, month: str) -> Json:
        """As the port."""
        return retention_document(self._deps, self._allowed(request, "retention.read"), month)

    def holds(self, request: Request) -> Json:
        """As the port."""
        return holds_document(self._deps, self._allowed(request, "hold.list"))

    def case_holds(self, request: Request, case: str) -> Json:
        """As the port."""
        require_case(self._deps, self._deps.signed_in(request), "hold.read", case)
        return case_holds_document(self._deps, case)

    def responsibility(self, request: Request) -> Json:
        """As the port."""
        self._allowed(request, "pack.read")
        return responsibility_document(self._deps)

    def system(self, request: Request) -> Json | None:
        """As the port."""
        staff, tenant = self._deps.signed_in(request), tenant_wide(self._deps.tenant)
        is_peoples = self._deps.access.decide(staff, "account.list", tenant).is_allowed
        if is_peoples and not self._deps.access.decide(staff, "system.read", tenant).is_allowed:
            return None
        self._deps.access.require(staff, "system.read", tenant)
        return administration_document(self._deps)

    def stores(self, request: Request) -> Json:
        """As the port."""
        self._allowed(request, "store.list")
        return stores_document(self._deps)

    def people(self, request: Request) -> tuple[Json, ...] | None:
        """As the port."""
        staff, tenant = self._deps.signed_in(request), tenant_wide(self._deps.tenant)
        if not self._deps.access.decide(staff, "account.list", tenant).is_allowed:
            return None
        self._deps.access.require(staff, "account.list", tenant)
        return tuple(accounts(staff, self._deps)["accounts"])

    def samples(self, request: Request) -> Json:
        """As the port."""
        return samples_document(self._deps, self._allowed(request, "sample.draw"))

    def sample(self, request: Request, sample: str) -> Json:
        """As the port."""
        return sample_document(self._deps, self._allowed(request, "sample.draw"), sample)

    def drawn_file(self, request: Request, sample: str, drawn: str) -> Json:
        """As the port."""
        return drawn_file_document(self._deps, self._allowed(request, "sample.draw"), sample, drawn)

    def _allowed(self, request: Request, action: str) -> Staff:
        staff = self._deps.signed_in(request)
        self._deps.access.require(staff, action, tenant_wide(self._deps.tenant))
        return staff
