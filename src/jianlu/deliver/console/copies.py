"""The customer's own copy as a page: from their session, or by a link and its code. It prints, and goes into one file.

The link's token is in the fragment, which browsers never send; the page's code sends it with the code that was told by another way.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from jianlu.deliver.console.oversight_ports import OversightPorts
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page


def copy_routes(pages: ConsolePorts, oversight: OversightPorts) -> APIRouter:
    """`/copy` for whoever has a link, `/room/{case}/copy` for whoever sat there."""
    router = APIRouter(include_in_schema=False)

    @router.get("/copy")
    def copy(request: Request) -> Response:
        return page(request, "copy", settings=pages.settings)

    @router.post("/copy")
    def linked(
        request: Request, token: Annotated[str, Form(max_length=200)], code: Annotated[str, Form(max_length=20)]
    ) -> Response:
        found = oversight.linked_copy(token, code)
        return page(request, "parts/own-copy", settings=pages.settings, copy=found)

    @router.get("/room/{case}/copy")
    def own(request: Request, case: str) -> Response:
        viewer = pages.viewer(request, "seat")
        if viewer is None or viewer.case != case:
            return page(request, "error", settings=pages.settings, status=401, code=401, fault="")
        return page(request, "own-copy", settings=pages.settings, viewer=viewer, copy=oversight.own_copy(request, case), ref=case)

    return router
