"""The pages of reviews: the work list with its last days, the workbench of one case, the statistics with their charts.

They draw what the interface's documents say; who may see it is decided there.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.charts import bars_of, forest_of
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.review_ports import ReviewPagePorts
from jianlu.deliver.console.work import staff_or_none, to_sign_in

LISTS = ("open", "mine", "late", "redo", "done", "all")
PAGE_MAX = 10_000


def review_routes(pages: ConsolePorts, reviews: ReviewPagePorts) -> APIRouter:
    """`/reviews`, `/reviews/statistics`, `/reviews/{case}`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/reviews")
    def work_list(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        which = request.query_params.get("which", "")
        which = which if which in LISTS else "open"
        found = reviews.reviews(request, which, _number(request.query_params.get("page", "")))
        again = reviews.redos(request)
        return page(
            request, "reviews", settings=pages.settings, viewer=viewer, found=found, which=which, lists=LISTS, again=again
        )

    @router.get("/reviews/statistics")
    def statistics(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found, draws = reviews.statistics(request), reviews.draws(request)
        charts: dict[str, Any] = {"bars": bars_of(found.get("coverage") or ()), "forest": forest_of(found.get("clauses") or ())}
        return page(request, "review-statistics", settings=pages.settings, viewer=viewer, found=found, draws=draws, **charts)

    @router.get("/reviews/{case}")
    def workbench(request: Request, case: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found = reviews.review(request, case)
        return page(request, "review", settings=pages.settings, viewer=viewer, found=found, ref=case)

    return router


def _number(claimed: str) -> int:
    return min(int(claimed), PAGE_MAX) if claimed.isascii() and claimed.isdigit() and len(claimed) < 6 and int(claimed) > 0 else 1
