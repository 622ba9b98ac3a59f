"""The pages of the policies: what is in force and how it came to be, one version with what it changes, and editing a file to propose it.

Everything is read through `PolicyReads`; forms post to `/api/v1/access/policies/versions`, where who may is decided.
"""

from __future__ import annotations

import re
from typing import Protocol

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.core.errors import NotFoundError
from jianlu.deliver.console.ports import ConsolePorts, Json
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import staff_or_none, to_sign_in

_NUMBER = re.compile(r"[0-9]{1,6}")
_FILE = re.compile(r"[0-9]{2}-[a-z0-9-]{1,40}\.cedar")
PROPOSERS = frozenset({"security_administrator"})
DECIDERS = frozenset({"security_administrator", "audit_administrator", "compliance"})
OWN_FILE = "50-own.cedar"
"""What the form offers for statements of one's own."""


class PolicyReads(Protocol):
    """The API's answers for whoever asks; errors as the API's."""

    def versions(self, request: Request) -> Json:
        """As `GET /api/v1/access/policies/versions`."""

    def version(self, request: Request, version: int) -> Json:
        """As `GET /api/v1/access/policies/versions/{version}`."""

    def files(self, request: Request) -> Json:
        """As `GET /api/v1/access/policies/files`."""


def policy_routes(pages: ConsolePorts, read: PolicyReads) -> APIRouter:
    """`/policies`, `/policies/edit?file=`, `/policies/{version}`, for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/policies")
    def policies(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        shown = {"found": read.versions(request), "files": read.files(request)["files"], "own_file": OWN_FILE}
        may_propose = bool(PROPOSERS & viewer.roles)
        return page(request, "policies", settings=pages.settings, viewer=viewer, may_propose=may_propose, **shown)

    @router.get("/policies/edit")
    def edit(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        claimed = request.query_params.get("file", "")
        name = claimed if _FILE.fullmatch(claimed) else OWN_FILE
        text = str(read.files(request)["files"].get(name, ""))
        may_propose = bool(PROPOSERS & viewer.roles)
        return page(request, "policy-edit", settings=pages.settings, viewer=viewer, name=name, text=text, may_propose=may_propose)

    @router.get("/policies/{version}")
    def one(request: Request, version: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        if not _NUMBER.fullmatch(version):
            raise NotFoundError("there is no such version of the policies: see the list of versions")
        found = read.version(request, int(version))
        may = {"may_decide": bool(DECIDERS & viewer.roles), "may_propose": bool(PROPOSERS & viewer.roles)}
        return page(request, "policy", settings=pages.settings, viewer=viewer, found=found, **may)

    return router
