"""Errors as pages: what the API says as problem+json, a browser that asked for a page gets as one, with the next step.

Wraps the handlers that are there: status and message are theirs, so a page and a call cannot disagree.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from jianlu.core.errors import JianluError
from jianlu.deliver.console.ports import ConsolePorts, Viewer
from jianlu.deliver.console.render import page, sent
from jianlu.deliver.console.texts import texts_of

KNOWN = (401, 403, 404, 409, 410, 413, 422, 429, 500, 503)
NEEDS_FACTOR = "second_factor_needed"
"""The code of the one refusal that the caller's own account page is the answer to."""

_NOT_PAGES = ("/api/", "/whip/", "/whep/", "/static/", "/sample/")


def install_error_pages(app: FastAPI, pages: ConsolePorts) -> None:
    """Call after the API has installed its own handlers."""
    for kind, answer in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = _wrapped(answer, pages)


def _wrapped(answer: Any, pages: ConsolePorts) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def respond(request: Request, error: Exception) -> Response:
        plain: Any = answer(request, error)
        if inspect.isawaitable(plain):
            plain = await plain
        found: Response = plain
        return error_page(request, pages, found) if wants_page(request) else found

    return respond


def wants_page(request: Request) -> bool:
    """Whether a person will look at the answer."""
    is_page = not request.url.path.startswith(_NOT_PAGES)
    return is_page and request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def error_page(request: Request, pages: ConsolePorts, plain: Response) -> Response:
    """The page of a problem; a visitor who is not signed in goes where they can."""
    if plain.status_code == 401 and _said(plain, "code") == NEEDS_FACTOR:
        return sent(request, "/account")
    if plain.status_code == 401 and not request.url.path.startswith("/room/"):
        return sent(request, f"/sign-in?next={quote(request.url.path)}")
    status = plain.status_code if plain.status_code in KNOWN else 500
    viewer = _staff(request, pages)
    shown = {"fault": _fault(plain), "denial": _denial(plain), "case": _case_of(request)}
    return page(request, "error", settings=pages.settings, viewer=viewer, status=plain.status_code, code=status, **shown)


def _staff(request: Request, pages: ConsolePorts) -> Viewer | None:
    """Who looks, so that the way on stays at the top; nobody when that cannot be told either."""
    try:
        return None if request.url.path.startswith("/room/") else pages.viewer(request, "staff")
    except JianluError:
        return None


def _denial(plain: Response) -> dict[str, Any] | None:
    """Which rules denied it, by which clauses, and what to do in both languages; None for any other error."""
    found = _said(plain, "denial")
    return found if isinstance(found, dict) else None


def _said(plain: Response, name: str) -> Any:
    """A field of the problem; "" where it has none, or is no problem."""
    try:
        return json.loads(bytes(plain.body)).get(name, "")
    except (ValueError, AttributeError):
        return ""


def _case_of(request: Request) -> str:
    """The case whose page it was, "" for another page."""
    return str(request.path_params.get("case", ""))


def _fault(plain: Response) -> str:
    """The key of the words for this very error; "" where the status says all that a person can use. Details are for programs."""
    key = f"js.error.{_said(plain, 'code')}"
    return key if key in texts_of("zh") else ""
