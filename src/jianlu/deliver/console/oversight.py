"""The pages of those who watch over others' work: the supervisors' wall, their team's reviews, the case file, who looked at what.

They draw what the interface's documents say; who may see it is decided there.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.oversight_ports import OversightPorts
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import number_of, staff_or_none, to_sign_in

FILE_READERS = frozenset({"compliance", "auditor", "supervisor"})
"""Whose access log leads on to case files: other readers of it may not open any."""

WRITERS = frozenset({"agent", "supervisor", "compliance"})
"""Who writes down that somebody took back a consent; whether on this very case is decided when they do."""


def oversight_routes(pages: ConsolePorts, oversight: OversightPorts) -> APIRouter:
    """`/wall`, `/team`, `/cases/{case}/file`, `/access-log`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/wall")
    def wall(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "wall", settings=pages.settings, viewer=viewer, wall=oversight.wall(request))

    @router.get("/team")
    def team(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "team", settings=pages.settings, viewer=viewer, found=oversight.team(request))

    @router.get("/access-log")
    def access_log(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        which = "denied" if request.query_params.get("which") == "denied" else "all"
        found = oversight.access_log(request, number_of(request.query_params.get("page", "")), which)
        may_open = bool(FILE_READERS & viewer.roles)
        return page(request, "access-log", settings=pages.settings, viewer=viewer, found=found, which=which, may_open=may_open)

    @router.get("/cases/{case}/file")
    def case_file(request: Request, case: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found = oversight.case_file(request, case)
        return page(
            request,
            "case-file",
            settings=pages.settings,
            viewer=viewer,
            file=found,
            ref=case,
            sample="",
            may_withdraw=bool(WRITERS & viewer.roles),
        )

    return router
