"""Cases and the templates they are made of: list, make, read.

What happens in a session is `conduct.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from jianlu.capture.cases.create_case import create_case
from jianlu.capture.cases.find_cases import cases_after, find_cases, read_case
from jianlu.capture.cases.model import CaseRequest, CaseRow, Person
from jianlu.capture.cases.scenes import scene_document
from jianlu.capture.sessions.checking import calls_for_supervisor
from jianlu.capture.sessions.model import Phase
from jianlu.capture.sessions.view import view_session
from jianlu.deliver.api._bodies import NewCase
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.masking import shown_case, shown_rows
from jianlu.deliver.api.paging import Cursor, behind
from jianlu.deliver.api.rights import on_case, on_tenant, purpose_of
from jianlu.govern.identity.model import Principal, Staff

router = APIRouter(prefix="/api/v1", tags=["cases"])


@router.get("/templates", dependencies=[on_tenant("template.read")])
def templates(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every template: what a new case may be, and what it asks for."""
    return templates_document(deps)


@router.get("/cases", dependencies=[on_tenant("case.list")])
def cases(
    staff: StaffCaller,
    deps: TheDeps,
    state: Annotated[Phase | None, Query()] = None,
    q: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """The work list, newest first; customers' names are masked. Programs go through it by cursor, people by page."""
    if cursor:
        return cases_by_cursor(deps, staff, state.value if state else "", q, behind(cursor))
    return cases_document(deps, staff, state.value if state else "", q, page)


@router.post("/cases", status_code=201, dependencies=[on_tenant("case.make")])
def make_case(body: NewCase, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """A new case with its frozen plan and script. The same number with the same content again is the same case."""
    scene = deps.sessions.scenes.get(body.template)
    request = CaseRequest(
        scene=body.template,
        number=body.number,
        title=body.title or (scene.title.get(body.language, "") if scene else ""),
        language=body.language,
        profile=body.profile,
        facts=dict(body.facts),
        people={seat: Person(person.name, person.phone) for seat, person in body.people.items()},
        seats=body.seats,
        end_to_end=body.end_to_end,
    )
    return {"case": create_case(request, using=deps.sessions, by=staff)}


@router.get("/supervision", dependencies=[on_tenant("supervision.read")])
def supervision(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The talks in which a check made during the call asks for a supervisor."""
    return {"calls": calls_for_supervisor(using=deps.sessions, by=staff)}


@router.get("/cases/{case}", dependencies=[on_case("case.read")])
def case(case: CaseRef, caller: Caller, deps: TheDeps, request: Request) -> dict[str, Any]:
    """What is known of a case without opening its evidence, with the progress of what is done after the call."""
    return case_document(deps, caller, case, purpose_of(request))


@router.get("/cases/{case}/session", dependencies=[on_case("session.read")])
def session(case: CaseRef, caller: Caller, deps: TheDeps) -> dict[str, Any]:
    """The session as this caller may see it: the one object that pages and clients draw."""
    return view_session(case, using=deps.sessions, by=caller)


@router.get("/cases/{case}/progress", dependencies=[on_case("case.read")])
def progress(case: CaseRef, caller: Caller, deps: TheDeps) -> dict[str, Any]:
    """How far inspecting, judging and packaging are; the result when they are done."""
    read_case(case, using=deps.sessions, by=caller)
    return dict(deps.sessions.jobs_of(case))


def templates_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/templates`."""
    return {"templates": [scene_document(scene) for scene in deps.sessions.scenes.values()]}


def cases_document(deps: Deps, staff: Staff, state: str, q: str, page: int) -> dict[str, Any]:
    """The answer of `/cases`."""
    found = find_cases(using=deps.sessions, by=staff, state=state, q=q, page=page)
    rows = _shown(deps, staff, found.rows)
    counts = {phase.value: found.counts.get(phase.value, 0) for phase in Phase}
    return {"cases": rows, "total": found.total, "page": found.page, "pages": found.pages, "counts": counts, "next": ""}


def cases_by_cursor(deps: Deps, staff: Staff, state: str, q: str, cursor: str) -> dict[str, Any]:
    """The answer of `/cases` to a program that goes through all of them: nothing is counted."""
    found, further = cases_after(cursor, using=deps.sessions, by=staff, state=state, q=q)
    return {"cases": _shown(deps, staff, found), "total": 0, "page": 0, "pages": 0, "counts": {}, "next": further}


def _shown(deps: Deps, staff: Staff, rows: Sequence[CaseRow]) -> list[dict[str, Any]]:
    """The rows of one page, with how far the stages after the call are."""
    jobs = deps.sessions.jobs([row.case for row in rows])
    return [{**shown, **jobs[row.case]} for row, shown in zip(rows, shown_rows(deps, staff, rows), strict=True)]


def case_document(deps: Deps, caller: Principal, case: str, purpose: str = "") -> dict[str, Any]:
    """The answer of `/cases/{case}`."""
    row = read_case(case, using=deps.sessions, by=caller)
    return {**shown_case(deps, caller, row, purpose), **deps.sessions.jobs_of(case)}
