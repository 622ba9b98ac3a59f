"""What the page of other programs reads, answered by the API's own documents.

The port is `deliver/console/integration_ports.py`; nothing is decided here.
"""

from __future__ import annotations

from starlette.requests import Request

from jianlu.core.errors import NotFoundError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.keys import keys_document
from jianlu.deliver.api.webhooks import deliveries_document, webhooks_document
from jianlu.deliver.console.ports import Json
from jianlu.govern.access.model import tenant_wide


class IntegrationPages:
    """`deliver.console.integration_ports.IntegrationPorts` over the API's documents."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def keys(self, request: Request) -> Json:
        """As the port."""
        return keys_document(self._deps, self._deps.signed_in(request))

    def webhooks(self, request: Request) -> Json | None:
        """As the port."""
        staff = self._deps.signed_in(request)
        if not self._deps.access.decide(staff, "webhook.list", tenant_wide(self._deps.tenant)).is_allowed:
            return None
        self._deps.access.require(staff, "webhook.list", tenant_wide(self._deps.tenant))
        return webhooks_document(self._deps)

    def deliveries(self, request: Request, endpoint: str, cursor: str) -> Json:
        """As the port."""
        self._deps.access.require(self._deps.signed_in(request), "webhook.list", tenant_wide(self._deps.tenant))
        found = next((each for each in webhooks_document(self._deps)["endpoints"] if each["id"] == endpoint), None)
        if found is None:
            raise NotFoundError("there is no such endpoint here: look into the list of webhooks")
        return {**deliveries_document(self._deps, endpoint, "", cursor), "endpoint": found}

    def may_make(self, request: Request) -> bool:
        """As the port."""
        return self._deps.access.decide(self._deps.signed_in(request), "apikey.make", tenant_wide(self._deps.tenant)).is_allowed
