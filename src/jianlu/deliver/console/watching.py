"""The pages over everything: retention calendar, responsibility matrix, administration, stores, and samples of an inspection.

They draw what the interface's documents say; who may see it is decided there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.oversight_ports import OversightPorts
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.texts import lang_of
from jianlu.deliver.console.work import staff_or_none, to_sign_in
from jianlu.deliver.oversight.matrix import matrix_csv
from jianlu.govern.identity.model import Role

_MONTH = re.compile(r"^(\d{4}-\d{2}|open|none)$")
_CASE = re.compile(r"^c[a-z2-7]{26}$")
_BOM = "\ufeff"
"""Spreadsheets take a CSV without it for something else than UTF-8."""


def watching_routes(pages: ConsolePorts, oversight: OversightPorts) -> APIRouter:
    """`/retention`, `/holds`, `/responsibility` (and `.csv`), `/people`, `/administration`, `/stores`, `/samples`, `/samples/{sample}`,
    `/samples/{sample}/cases/{drawn}`.

    For members of staff.
    """
    router = APIRouter(include_in_schema=False)
    _add_what_is_kept(router, pages, oversight)
    _add_who_watches(router, pages, oversight)
    return router


def _add_what_is_kept(router: APIRouter, pages: ConsolePorts, oversight: OversightPorts) -> None:
    """What is kept how long, what is held, and who answers for which clause."""

    @router.get("/retention")
    def retention(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        claimed = request.query_params.get("month", "")
        found = oversight.retention(request, claimed if _MONTH.fullmatch(claimed) else "")
        return page(request, "retention", settings=pages.settings, viewer=viewer, found=found)

    @router.get("/holds")
    def holds(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        case = request.query_params.get("case", "")
        shown: dict[str, Any] = {
            "found": oversight.holds(request),
            "asked_for": oversight.case_holds(request, case) if _CASE.fullmatch(case) else None,
            "may_place": Role.COMPLIANCE.value in viewer.roles,
        }
        return page(request, "holds", settings=pages.settings, viewer=viewer, **shown)

    @router.get("/responsibility")
    def responsibility(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "responsibility", settings=pages.settings, viewer=viewer, found=oversight.responsibility(request))

    @router.get("/responsibility.csv")
    def responsibility_file(request: Request) -> Response:
        if staff_or_none(pages, request) is None:
            return to_sign_in(request)
        text = _BOM + matrix_csv(dict(oversight.responsibility(request)), lang_of(request))
        headers = {"content-disposition": 'attachment; filename="responsibility.csv"', "cache-control": "no-store"}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _add_who_watches(router: APIRouter, pages: ConsolePorts, oversight: OversightPorts) -> None:
    """People, the system, its stores, and samples of an inspection."""

    @router.get("/people")
    def people(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        shown: dict[str, Any] = {
            "may_release": bool(viewer.roles & {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR}),
            "is_told": bool(viewer.roles & {Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR}),
            "people": oversight.people(request) if Role.SECURITY_ADMINISTRATOR in viewer.roles else None,
        }
        return page(request, "people", settings=pages.settings, viewer=viewer, **shown)

    @router.get("/administration")
    def administration(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        shown: dict[str, Any] = {
            "system": oversight.system(request),
            "people": oversight.people(request),
            "may_change": Role.SECURITY_ADMINISTRATOR.value in viewer.roles,
            "roles": [role.value for role in Role],
        }
        return page(request, "administration", settings=pages.settings, viewer=viewer, **shown)

    @router.get("/stores")
    def stores(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "stores", settings=pages.settings, viewer=viewer, found=oversight.stores(request))

    @router.get("/samples")
    def samples(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        today = datetime.now(UTC).date()
        days: dict[str, Any] = {"from_on": (today - timedelta(days=30)).isoformat(), "until_on": today.isoformat()}
        return page(request, "samples", settings=pages.settings, viewer=viewer, found=oversight.samples(request), **days)

    @router.get("/samples/{sample}")
    def sample(request: Request, sample: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "sample", settings=pages.settings, viewer=viewer, found=oversight.sample(request, sample))

    @router.get("/samples/{sample}/cases/{drawn}")
    def drawn_file(request: Request, sample: str, drawn: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found = oversight.drawn_file(request, sample, drawn)
        return page(request, "case-file", settings=pages.settings, viewer=viewer, file=found, ref=drawn, sample=sample)
