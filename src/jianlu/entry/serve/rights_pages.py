"""What the pages of requests for a second person and of policies read, answered by the API's own documents.

The pages are `deliver/console/rights.py` and `policies.py`; who may look is decided here, by the access model.
"""

from __future__ import annotations

from starlette.requests import Request

from jianlu.deliver.api.access import requests_document
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.policies import files_document, version_document, versions_document
from jianlu.deliver.console.ports import Json
from jianlu.govern.access.model import tenant_wide


class RightsPages:
    """Reads for `deliver/console/rights.py` and `policies.py`."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def requests(self, request: Request) -> Json:
        """As `GET /api/v1/access/requests`."""
        return requests_document(self._deps, self._asker(request, "request.read"))

    def versions(self, request: Request) -> Json:
        """As `GET /api/v1/access/policies/versions`."""
        return versions_document(self._deps, self._asker(request, "policy.read"))

    def version(self, request: Request, version: int) -> Json:
        """As `GET /api/v1/access/policies/versions/{version}`."""
        return version_document(self._deps, version, self._asker(request, "policy.read"))

    def files(self, request: Request) -> Json:
        """As `GET /api/v1/access/policies/files`."""
        self._asker(request, "policy.read")
        return files_document(self._deps)

    def _asker(self, request: Request, action: str) -> str:
        """The account that asks, allowed to."""
        staff = self._deps.signed_in(request)
        self._deps.access.require(staff, action, tenant_wide(self._deps.tenant))
        return staff.account.id
