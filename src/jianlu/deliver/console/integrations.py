"""The pages of other programs: API keys and webhooks, and what became of the messages to one endpoint.

Forms post to the API like any other client; a key or secret is shown once, in the answer.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.integration_ports import IntegrationPorts
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import staff_or_none, to_sign_in

SCOPES = (
    "case.*",
    "session.*",
    "template.read",
    "queue.*",
    "ice.read",
    "package.export",
    "request.*",
    "review.list",
    "webhook.*",
    "*.read",
)
"""What the form offers; the API takes every pattern of actions."""


def integration_routes(pages: ConsolePorts, integrations: IntegrationPorts) -> APIRouter:
    """`/integrations`, `/integrations/webhooks/{endpoint}`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/integrations")
    def all_of_them(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        shown = {
            "keys": integrations.keys(request)["keys"],
            "hooks": integrations.webhooks(request),
            "may_make": integrations.may_make(request),
            "scopes": SCOPES,
        }
        return page(request, "integrations", settings=pages.settings, viewer=viewer, **shown)

    @router.get("/integrations/webhooks/{endpoint}")
    def one_endpoint(request: Request, endpoint: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found = integrations.deliveries(request, endpoint, request.query_params.get("cursor", "")[:200])
        return page(request, "deliveries", settings=pages.settings, viewer=viewer, found=found)

    return router
