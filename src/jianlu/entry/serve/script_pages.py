"""What the pages of scripts read, answered by the API's own documents.

The port is `deliver/console/script_ports.py`.
"""

from __future__ import annotations

from starlette.requests import Request

from jianlu.capture.cases.scripts import proposer_of
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.rights import purpose_of
from jianlu.deliver.api.script_drafts import acts_document, changes_document, draft_document
from jianlu.deliver.console.ports import Json
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.model import Staff


class ScriptPages:
    """`deliver.console.script_ports.ScriptPorts` over the API's documents."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def changes(self, request: Request, script: str, version: str, against: str) -> Json:
        """As the port."""
        staff = self._staff(request, "script.read")
        proposer = proposer_of(script, version, using=self._deps.sessions)
        return {
            **changes_document(self._deps, staff, script, version, against),
            "is_yours": proposer == staff.account.id,
        }

    def acts(self, request: Request, script: str) -> Json:
        """As the port."""
        self._staff(request, "script.read")
        return acts_document(self._deps, script)

    def draft(self, request: Request, script: str) -> Json:
        """As the port."""
        return draft_document(self._deps, self._staff(request, "script.propose"), script)

    def _staff(self, request: Request, action: str) -> Staff:
        found = self._deps.signed_in(request)
        self._deps.access.require(found, action, tenant_wide(self._deps.tenant), purpose=purpose_of(request))
        return found
