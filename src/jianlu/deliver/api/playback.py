"""Looking at a sealed session: manifest, media by role and segment. Taking its package away is `exporting.py`.

For staff who may see the case; media are taken out of sealed segments by `deliver/playback`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from jianlu.capture.cases.find_cases import read_case
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_case
from jianlu.deliver.playback.manifest import playback_manifest
from jianlu.deliver.playback.media import Clip, open_init, open_segment
from jianlu.govern.identity.model import Staff
from jianlu.vault.case_log import CaseLog

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["playback"])


@router.get("/playback", dependencies=[on_case("case.play")])
def manifest(case: CaseRef, staff: StaffCaller, deps: TheDeps, q: Annotated[str, Query(max_length=80)] = "") -> dict[str, Any]:
    """One time line: media, gaps, transcript (with `q`, what holds it), findings, clauses, events, steps."""
    return playback_manifest(_log(deps, staff, case), address=f"/api/v1/cases/{case}/playback", text=q)


@router.get("/playback/{role}/init.mp4", dependencies=[on_case("case.play")])
def init(role: str, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> Response:
    """What a player needs of a role before any segment."""
    return _media(open_init(_log(deps, staff, case), role))


@router.get("/playback/{role}/{no}.m4s", dependencies=[on_case("case.play")])
def segment(role: str, no: int, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> Response:
    """One segment of a role."""
    return _media(open_segment(_log(deps, staff, case), role, no))


def _log(deps: Deps, staff: Staff, case: str) -> CaseLog:
    read_case(case, using=deps.sessions, by=staff)
    return deps.reader.log(case)


def _media(clip: Clip) -> Response:
    return Response(clip.content, media_type=clip.mime)
