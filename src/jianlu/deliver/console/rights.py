"""The page of requests that take a second person: what waits, what one asked for oneself, and asking for one.

Who may ask and decide is the access model's; forms post to `/api/v1/access/requests`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.ports import ConsolePorts, Json
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import staff_or_none, to_sign_in
from jianlu.govern.access.destinations import RECIPIENTS

_CASE = re.compile(r"c[a-z2-7]{26}")
DECIDERS = frozenset({"supervisor", "compliance"})


def rights_routes(pages: ConsolePorts, read: Callable[[Request], Json]) -> APIRouter:
    """`/requests`, for members of staff; `read` is `GET /api/v1/access/requests`. `?case=` begins a request about that case."""
    router = APIRouter(include_in_schema=False)

    @router.get("/requests")
    def requests(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        claimed = request.query_params.get("case", "")
        case = claimed if _CASE.fullmatch(claimed) else ""
        may_decide = bool(DECIDERS & viewer.roles)
        found = read(request)["requests"]
        shown = {"found": found, "asked_for": case, "may_decide": may_decide, "recipients": RECIPIENTS}
        return page(request, "requests", settings=pages.settings, viewer=viewer, **shown)

    return router
