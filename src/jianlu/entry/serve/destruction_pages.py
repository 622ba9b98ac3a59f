"""What the pages of destruction read, answered by the API's own documents.

The port is `deliver/console/destruction_ports.py`; nothing is decided here.
"""

from __future__ import annotations

from starlette.requests import Request

from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.destructions import case_destruction_document, destructions_document
from jianlu.deliver.api.rights import require_case
from jianlu.deliver.api.statements import case_terms_document, statements_document
from jianlu.deliver.console.ports import Json
from jianlu.govern.access.model import tenant_wide


class DestructionPages:
    """`deliver.console.destruction_ports.DestructionPagesPorts` over the API's documents."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def destructions(self, request: Request) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        self._deps.access.require(staff, "hold.list", tenant_wide(self._deps.tenant))
        return destructions_document(self._deps, staff)

    def statements(self, request: Request) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        self._deps.access.require(staff, "hold.list", tenant_wide(self._deps.tenant))
        return statements_document(self._deps, staff)

    def terms(self, request: Request, case: str) -> Json:
        """As the port."""
        require_case(self._deps, self._deps.signed_in(request), "hold.read", case)
        return case_terms_document(self._deps, case)

    def destroyed(self, request: Request, case: str) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        require_case(self._deps, staff, "hold.read", case)
        return case_destruction_document(self._deps, staff, case)
