"""Looking at a sealed session: manifest, media by role and segment, and the package to take away.

For staff who may see the case; media are taken out of sealed segments by `deliver/playback`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from starlette.responses import Response

from jianlu.capture.cases.find_cases import read_case
from jianlu.core.errors import NotFoundError
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.packages.write import package_path
from jianlu.deliver.playback.manifest import playback_manifest
from jianlu.deliver.playback.media import Clip, open_init, open_segment
from jianlu.govern.identity.model import Staff
from jianlu.vault.case_log import CaseLog

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["playback"])

PACKAGE_TYPE = "application/zip"
_KEEP = "private, max-age=3600, immutable"


@router.get("/playback")
def manifest(case: CaseRef, staff: StaffCaller, deps: TheDeps, q: Annotated[str, Query(max_length=80)] = "") -> dict[str, Any]:
    """One time line: media, gaps, transcript (with `q`, what holds it), findings, clauses, events, steps."""
    return playback_manifest(_log(deps, staff, case), address=f"/api/v1/cases/{case}/playback", text=q)


@router.get("/playback/{role}/init.mp4")
def init(role: str, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> Response:
    """What a player needs of a role before any segment."""
    return _media(open_init(_log(deps, staff, case), role))


@router.get("/playback/{role}/{no}.m4s")
def segment(role: str, no: int, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> Response:
    """One segment of a role."""
    return _media(open_segment(_log(deps, staff, case), role, no))


@router.get("/package", response_class=FileResponse)
def package(case: CaseRef, staff: StaffCaller, deps: TheDeps) -> FileResponse:
    """The package, once it is written."""
    row = read_case(case, using=deps.sessions, by=staff)
    path = package_path(deps.home, case_ref(case))
    if not path.is_file():
        raise NotFoundError("the package is not written yet: look at the progress of the case")
    return FileResponse(path, media_type=PACKAGE_TYPE, filename=f"{_file_name(row.number)}.jlp")


def _log(deps: Deps, staff: Staff, case: str) -> CaseLog:
    read_case(case, using=deps.sessions, by=staff)
    return deps.reader.log(case)


def _media(clip: Clip) -> Response:
    return Response(clip.content, media_type=clip.mime, headers={"cache-control": _KEEP})


def _file_name(number: str) -> str:
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "-" for each in number)
    return kept.strip(".-") or "case"
