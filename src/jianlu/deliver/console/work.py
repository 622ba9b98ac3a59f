"""The pages of daily work: work list, new case, queue, scripts and their approval.

Lists come ready from the API's documents; forms post to the same interface.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.core.errors import DeniedError
from jianlu.deliver.console.forms import form_of
from jianlu.deliver.console.places import MAKERS
from jianlu.deliver.console.ports import ConsolePorts, Json, Viewer
from jianlu.deliver.console.render import page, sent

STATES = ("draft", "waiting", "ready", "live", "paused", "halted", "ended", "sealed", "refused", "destroyed")


def work_routes(pages: ConsolePorts) -> APIRouter:
    """`/cases`, `/cases/new`, `/queue`, `/scripts`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/cases")
    def work_list(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        state, q = request.query_params.get("state", ""), request.query_params.get("q", "")[:80]
        wanted = {"state": state if state in STATES else "", "q": q, "page": number_of(request.query_params.get("page", ""))}
        found = pages.cases(request, state=str(wanted["state"]), q=q, page=int(str(wanted["page"])))
        template = "parts/cases" if request.headers.get("hx-request") else "cases"
        shown: dict[str, Any] = {"found": found, "wanted": wanted, "states": STATES, "titles": titles_of(pages)}
        return page(request, template, settings=pages.settings, viewer=viewer, **shown)

    @router.get("/cases/new")
    def new_case(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        if not MAKERS & viewer.roles:
            raise DeniedError("new cases are made by agents and supervisors: ask one of them")
        forms = [form_of(each, with_examples=pages.settings.has_sample_devices) for each in offered_by(pages)]
        ticket = request.query_params.get("ticket", "")[:64]
        return page(request, "new-case", settings=pages.settings, viewer=viewer, forms=forms, ticket=ticket)

    @router.get("/queue")
    def queue(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        template = "parts/queue" if request.headers.get("hx-request") else "queue"
        return page(
            request,
            template,
            settings=pages.settings,
            viewer=viewer,
            queue=pages.queue(request),
            titles=titles_of(pages),
        )

    @router.get("/scripts")
    def scripts(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "scripts", settings=pages.settings, viewer=viewer, found=pages.scripts(request))

    return router


def staff_or_none(pages: ConsolePorts, request: Request) -> Viewer | None:
    """The member of staff who looks."""
    return pages.viewer(request, "staff")


def to_sign_in(request: Request) -> Response:
    """To the sign-in page and back here."""
    return sent(request, f"/sign-in?next={quote(request.url.path)}")


def offered_by(pages: ConsolePorts) -> list[Json]:
    """The templates of this installation."""
    return list(pages.templates().get("templates") or ())


def titles_of(pages: ConsolePorts) -> dict[str, Any]:
    """What templates are called, by id."""
    return {str(each["id"]): each.get("title") for each in offered_by(pages)}


def number_of(claimed: str) -> int:
    """The page that a query names, 1 for what is none."""
    return int(claimed) if claimed.isascii() and claimed.isdigit() and len(claimed) < 6 and int(claimed) > 0 else 1
