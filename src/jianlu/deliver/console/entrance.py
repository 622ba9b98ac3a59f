"""Where people come in: sign-in for staff, the invitation and the walk-in queue for customers, and the account page.

Nothing is decided here: the pages call the public interface as any client does.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.places import first_place_of
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page, sent
from jianlu.deliver.console.work import offered_by


def entrance_routes(pages: ConsolePorts) -> APIRouter:
    """`/`, `/sign-in`, `/sign-in/back`, `/enrol`, `/join`, `/walk-in`, `/account`. Tokens of links are in the fragment."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def start(request: Request) -> Response:
        return sent(request, first_place_of(pages.viewer(request, "staff")))

    @router.get("/sign-in")
    def sign_in(request: Request) -> Response:
        wanted = _own_path(request.query_params.get("next", ""))
        if pages.viewer(request, "staff"):
            return sent(request, wanted)
        return page(request, "sign-in", settings=pages.settings, wanted=wanted)

    @router.get("/sign-in/back")
    def sign_in_back(request: Request) -> Response:
        return page(request, "sign-in-back", settings=pages.settings)

    @router.get("/enrol")
    def enrol(request: Request) -> Response:
        return page(request, "enrol", settings=pages.settings)

    @router.get("/join")
    def join(request: Request) -> Response:
        return page(request, "join", settings=pages.settings)

    @router.get("/walk-in")
    def walk_in(request: Request) -> Response:
        return page(request, "walk-in", settings=pages.settings, offered=offered_by(pages))

    @router.get("/account")
    def account(request: Request) -> Response:
        viewer = pages.viewer(request, "staff")
        if viewer is None:
            return sent(request, "/sign-in?next=/account")
        return page(request, "account", settings=pages.settings, viewer=viewer)

    return router


def _own_path(claimed: str) -> str:
    """A path of this site, never an address elsewhere."""
    is_ours = claimed.startswith("/") and not claimed.startswith(("//", "/\\")) and "\n" not in claimed
    return claimed if is_ours else "/"
