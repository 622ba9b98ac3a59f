"""The pages of one case: the agent's cockpit, the customer's room, the progress after the call, the playback of the sealed session.

They draw the session view that the interface gives; order and rights are kept by the server's use cases.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import to_sign_in

AFTER = ("ended", "sealed", "refused", "halted")


def session_routes(pages: ConsolePorts) -> APIRouter:
    """`/cases/{case}` and `/cases/{case}/playback` for staff, `/room/{case}` for participants."""
    router = APIRouter(include_in_schema=False)

    @router.get("/cases/{case}")
    def case_page(request: Request, case: str) -> Response:
        viewer = pages.viewer(request, "staff")
        if viewer is None:
            return to_sign_in(request)
        found = pages.case(request, case, "staff")
        if found.get("state") == "destroyed":
            return RedirectResponse(f"/cases/{case}/destroyed", 303)
        template = "outcome" if found.get("state") in AFTER else "cockpit"
        ice = list(pages.ice_servers(request))
        return page(request, template, settings=pages.settings, viewer=viewer, case=found, ref=case, ice=ice)

    @router.get("/cases/{case}/playback")
    def playback(request: Request, case: str) -> Response:
        viewer = pages.viewer(request, "staff")
        if viewer is None:
            return to_sign_in(request)
        found = pages.case(request, case, "staff")
        return page(request, "playback", settings=pages.settings, viewer=viewer, case=found, ref=case)

    @router.get("/room/{case}")
    def room(request: Request, case: str) -> Response:
        viewer = pages.viewer(request, "seat")
        if viewer is None or viewer.case != case:
            return page(request, "error", settings=pages.settings, status=401, code=401, fault="")
        found = pages.case(request, case, "seat")
        ice = list(pages.ice_servers(request))
        return page(request, "room", settings=pages.settings, viewer=viewer, case=found, ref=case, ice=ice)

    return router
