"""Reviews over HTTP: the work list with its last days, taking, deciding, appealing, draws, statistics, the record for a regulator.

Who may is decided by the policies, duties of a single case and everything else by `judge/review/`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from fastapi.responses import Response
from pydantic import Field

from jianlu.core.terms.verdicts import Verdict
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.paging import Cursor
from jianlu.deliver.api.review_documents import (
    draws_document,
    review_document,
    review_resource,
    reviews_document,
    statistics_document,
)
from jianlu.deliver.api.review_redos import redo_document, redos_document
from jianlu.deliver.api.rights import on_tenant
from jianlu.govern.identity.model import Staff
from jianlu.judge.review.deciding import appeal as appeal_against
from jianlu.judge.review.deciding import decide_task
from jianlu.judge.review.decisions import REASON_MAX, Said
from jianlu.judge.review.drawing import check_draw, draw_due
from jianlu.judge.review.export import export_reviews
from jianlu.judge.review.redoing import redo_case
from jianlu.judge.review.taking import find_tasks, leave_task, take_task

router = APIRouter(prefix="/api/v1", tags=["reviews"])

Which = Literal["open", "mine", "late", "redo", "done", "all"]
Stage = Annotated[Literal["first", "second"], PathParameter()]
Millisecond = Annotated[int, Field(ge=0, le=1 << 40, strict=True)]
Day = Annotated[str, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class ClauseSaid(Body):
    """A reviewer's verdict on one clause; a reason and the stretch that shows it where it is another than the machine's."""

    clause: Annotated[str, Field(min_length=3, max_length=200)]
    verdict: Verdict
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""
    from_ms: Millisecond | None = None
    to_ms: Millisecond | None = None


class Decided(Body):
    """What a reviewer says of a case: every clause once; `redo` says why the talk should be done again, or is empty."""

    clauses: Annotated[list[ClauseSaid], Field(max_length=500)]
    redo: Annotated[str, Field(max_length=REASON_MAX)] = ""


class Appealed(Body):
    """What the agent says against a review."""

    clauses: Annotated[list[Annotated[str, Field(min_length=3, max_length=200)]], Field(min_length=1, max_length=500)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX)]


class Redone(Body):
    """Under which number the talk is done again."""

    number: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]{1,64}$")]


@router.get("/reviews")
def reviews(
    staff: StaffCaller,
    deps: TheDeps,
    which: Annotated[Which, Query()] = "open",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """The reviews to be done, the most urgent first; agents see those of their own cases."""
    return reviews_document(deps, staff, which, page, cursor)


@router.get("/reviews/statistics", dependencies=[on_tenant("review.list")])
def review_statistics(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Shares reached, agreement of machine and people by clause and of people with each other, with intervals and counts."""
    return statistics_document(deps)


@router.get("/reviews/export", dependencies=[on_tenant("review.export")])
def review_export(
    _: StaffCaller, deps: TheDeps, first_on: Day, last_on: Day, format: Annotated[Literal["json", "csv"], Query()] = "json"
) -> Response:
    """The record of the reviews that were opened on these days, with ledger positions and digests; JSON names the SHA-256 of the CSV."""
    document, table = export_reviews(first_on, last_on, using=deps.reviews)
    content, media = (table, "text/csv; charset=utf-8") if format == "csv" else (document, "application/json")
    name = f"reviews-{first_on}-{last_on}.{format}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=media, headers=headers)


@router.get("/reviews/redos")
def redos(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The talks that are still to be done again, the most urgent first; agents see their own."""
    return redos_document(deps, staff)


@router.get("/reviews/draws", dependencies=[on_tenant("review.list")])
def review_draws(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every roll and what was drawn of it, and the plans that demand them."""
    return draws_document(deps)


@router.post("/reviews/draws", status_code=201, dependencies=[on_tenant("review.plan")])
def draw_reviews(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Draw now what was closed since the last draw; nobody can draw anything twice."""
    draw_due(deps.reviews, is_asked=True)
    return draws_document(deps)


@router.get("/reviews/draws/{plan}/{no}", dependencies=[on_tenant("review.list")])
def check_review_draw(
    plan: Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,64}:[a-z0-9-]{1,40}$")],
    no: Annotated[int, PathParameter(ge=1, le=1_000_000)],
    _: StaffCaller,
    deps: TheDeps,
) -> dict[str, Any]:
    """The draw, made again from its sealed roll and the ledger's own tree; an error says what does not agree."""
    sample = check_draw(plan, no, deps.reviews)
    tree = {"origin": sample.tree.origin, "size": sample.tree.size, "root": sample.tree.root}
    lists = {name: list(getattr(sample, name)) for name in ("grouped", "drawn", "twice")}
    return {"plan": plan, "no": no, "is_repeated": True, "roll": sample.roll_digest, **tree, **lists}


@router.get("/cases/{case}/review")
def review(case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Everything that the workbench shows of a case beside its playback: tasks, clauses, script, decisions that may be read."""
    _require_case(deps, staff, "review.read", case)
    return review_document(deps, staff, case)


@router.post("/cases/{case}/review/{stage}/take")
def take_review(case: CaseRef, stage: Stage, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Take the review; taking it again is fine."""
    _require_case(deps, staff, "review.decide", case)
    take_task(case, stage, using=deps.reviews, by=staff)
    return review_document(deps, staff, case)


@router.post("/cases/{case}/review/{stage}/leave")
def leave_review(case: CaseRef, stage: Stage, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Give the review back undone."""
    _require_case(deps, staff, "review.decide", case)
    leave_task(case, stage, using=deps.reviews, by=staff)
    return review_document(deps, staff, case)


@router.post("/cases/{case}/review/{stage}/decision")
def decide_review(case: CaseRef, stage: Stage, body: Decided, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Confirm or overturn the verdict of every clause; the machine's verdicts stay beside it."""
    _require_case(deps, staff, "review.decide", case)
    said = [Said(each.clause, each.verdict, each.reason, each.from_ms, each.to_ms) for each in body.clauses]
    decide_task(case, stage, said, body.redo, using=deps.reviews, by=staff)
    return review_document(deps, staff, case)


@router.post("/cases/{case}/review/appeal")
def appeal_review(case: CaseRef, body: Appealed, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The agent's appeal: a second person looks."""
    _require_case(deps, staff, "review.appeal", case)
    appeal_against(case, body.clauses, body.reason, using=deps.reviews, by=staff)
    return review_document(deps, staff, case)


@router.post("/cases/{case}/review/redo", status_code=201)
def redo_review(case: CaseRef, body: Redone, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Make the case in which the talk is done again, from what this one stated; the same number again is the same case."""
    _require_case(deps, staff, "review.redo", case)
    redo_case(case, body.number, using=deps.reviews, by=staff)
    return redo_document(deps, staff, case)


def _require_case(deps: Deps, staff: Staff, action: str, case: str) -> None:
    deps.access.require(staff, action, review_resource(deps, find_tasks(case, using=deps.reviews)))
