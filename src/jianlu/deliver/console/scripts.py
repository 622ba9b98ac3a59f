"""The pages of a script: its versions as text with what changed in them, and the form in which the next one is written.

Nobody is shown JSON. What is decided goes through the API, from the browser.
"""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.ports import ConsolePorts, Viewer
from jianlu.deliver.console.render import page
from jianlu.deliver.console.script_ports import ScriptPorts
from jianlu.deliver.console.work import staff_or_none, to_sign_in

EDITORS = frozenset({"supervisor", "compliance"})
"""Who is offered to write scripts (policies/20-work.cedar decides)."""

_VERSION = re.compile(r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$")


def script_routes(pages: ConsolePorts, scripts: ScriptPorts) -> APIRouter:
    """`/scripts/{script}`, `/scripts/{script}/edit`; for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/scripts/{script}")
    def script(request: Request, script: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found = pages.script(request, script)
        versions = sorted(found["versions"], key=lambda each: str(each.get("proposed_at")), reverse=True)
        known = [str(each["version"]) for each in versions]
        waiting = [str(each["version"]) for each in versions if each.get("state") == "proposed"]
        shown = _wanted(request, "version", known) or (waiting or known)[0]
        return page(
            request,
            "script",
            settings=pages.settings,
            viewer=viewer,
            script=found,
            versions=versions,
            shown=next(each for each in versions if each["version"] == shown),
            found=scripts.changes(request, script, shown, _wanted(request, "against", [v for v in known if v != shown])),
            acts=scripts.acts(request, script)["acts"],
            may_edit=_may_edit(viewer),
        )

    @router.get("/scripts/{script}/edit")
    def edit(request: Request, script: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        draft = scripts.draft(request, script)
        return page(request, "script-edit", settings=pages.settings, viewer=viewer, draft=draft, script=script)

    return router


def _may_edit(viewer: Viewer) -> bool:
    return bool(EDITORS & viewer.roles)


def _wanted(request: Request, name: str, known: list[str]) -> str:
    """A version that the query names; empty for one that is not there."""
    claimed = request.query_params.get(name, "")
    return claimed if _VERSION.fullmatch(claimed) and claimed in known else ""
