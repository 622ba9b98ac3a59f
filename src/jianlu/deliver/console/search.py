"""The search page: one field for what was said, filters beside it, results with the second to jump to.

What is asked goes in a form's body, never into an address: names and numbers would stay in the browser's history. Without the page's
code the form works as a whole page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from jianlu.core.errors import InvalidError
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.search_ports import SearchPagePorts
from jianlu.deliver.console.work import staff_or_none, titles_of, to_sign_in

FIELDS = (
    "q",
    "near",
    "speaker",
    "customer",
    "number",
    "agent",
    "product",
    "template",
    "from",
    "to",
    "clause",
    "verdict",
    "order",
    "purpose",
    "page",
)
SPEAKERS = ("agent", "customer")
VERDICTS = ("met", "not_met", "not_evidenced")
PURPOSES = ("serving", "supervision", "review", "audit", "inspection", "disclosure", "emergency")
_VALUE_MAX = 200


class Piece(NamedTuple):
    """A part of a line, and whether it is what was asked."""

    text: str
    is_marked: bool


def search_routes(pages: ConsolePorts, searching: SearchPagePorts) -> APIRouter:
    """`/search`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    def draw(request: Request, fields: Mapping[str, str], template: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found, problem = None, ""
        try:
            if fields:
                found = searching.search(request, fields)
        except InvalidError as error:
            problem = str(error)
        shown: dict[str, Any] = {"found": found, "problem": problem, "wanted": fields, "titles": titles_of(pages)}
        choices: dict[str, Any] = {"verdicts": VERDICTS, "speakers": SPEAKERS, "purposes": PURPOSES, "pieces": pieces_of}
        return page(request, template, settings=pages.settings, viewer=viewer, **shown, **choices)

    @router.get("/search")
    def form(request: Request) -> Response:
        return draw(request, {}, "search")

    @router.post("/search")
    async def results(request: Request) -> Response:
        sent = await request.form()
        fields = {name: str(sent[name])[:_VALUE_MAX].strip() for name in FIELDS if sent.get(name)}
        template = "parts/found" if request.headers.get("hx-request") else "search"
        return await run_in_threadpool(draw, request, fields or {"q": ""}, template)

    return router


def pieces_of(text: str, marks: Sequence[Sequence[int]]) -> list[Piece]:
    """The line in parts: what was asked, and what stands between."""
    pieces: list[Piece] = []
    at = 0
    for start, end in marks:
        pieces += [Piece(text[at:start], False), Piece(text[start:end], True)]
        at = end
    return [piece for piece in [*pieces, Piece(text[at:], False)] if piece.text]
