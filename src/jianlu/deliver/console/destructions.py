"""The pages of destruction: what is due and what two people decided, and the certificate of one case as a page that prints.

They draw what the interface's documents say; what may be destroyed is decided by the ledger, who may by policies.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.destruction_ports import DestructionPagesPorts
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import staff_or_none, to_sign_in
from jianlu.govern.identity.model import Role


def destruction_routes(pages: ConsolePorts, destructions: DestructionPagesPorts) -> APIRouter:
    """`/destructions`, `/cases/{case}/destroyed`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/destructions")
    def due(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found, may_ask = destructions.destructions(request), Role.COMPLIANCE.value in viewer.roles
        sheets = destructions.statements(request)["statements"]
        return page(request, "destructions", settings=pages.settings, viewer=viewer, found=found, sheets=sheets, may_ask=may_ask)

    @router.get("/cases/{case}/destroyed")
    def destroyed(request: Request, case: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found, may_ask = destructions.destroyed(request, case), Role.COMPLIANCE.value in viewer.roles
        terms = destructions.terms(request, case)
        return page(
            request, "destroyed", settings=pages.settings, viewer=viewer, found=found, terms=terms, ref=case, may_ask=may_ask
        )

    return router
