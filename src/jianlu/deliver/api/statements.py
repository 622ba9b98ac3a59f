"""Days stated after the call, over HTTP: the terms of a case as they stand, asking, and recording what a second person approved.

Who may is decided by policies, whether a day may be stated by the case's chains (`deliver/oversight/statements.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParameter
from pydantic import Field

from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import ConflictError, DeniedError
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.custody import custody_of, writing_custody
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.destructions import case_number, decision_state
from jianlu.deliver.api.recent import require_proof
from jianlu.deliver.api.rights import on_case, on_statement, on_tenant, statement_resource
from jianlu.deliver.oversight.statements import (
    LINES_MAX,
    LineOutcome,
    Sheet,
    StatementPorts,
    ask_statements,
    find_sheet,
    newest_sheets,
    record_sheet,
)
from jianlu.deliver.oversight.terms import case_terms, trigger_title
from jianlu.govern.access.grants import APPROVAL
from jianlu.govern.access.requests import RequestPorts, ask, find_request, used_up
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff
from jianlu.vault.custody import chain as custody
from jianlu.vault.custody.due import recorded_statements
from jianlu.vault.custody.statements import EVIDENCE_MAX, EVIDENCE_MIN, Stated

router = APIRouter(prefix="/api/v1", tags=["oversight"])

Reason = Annotated[str, Field(min_length=10, max_length=custody.REASON_MAX)]
SheetId = Annotated[str, PathParameter(pattern=r"^t[0-9a-f]{26}$")]


class Day(Body):
    """One day: the trigger that the term begins with, and the document that shows the day, with its SHA-256."""

    trigger: Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,63}$")]
    day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    evidence: Annotated[str, Field(min_length=EVIDENCE_MIN, max_length=EVIDENCE_MAX)]
    evidence_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Line(Day):
    """A day of one case."""

    case: Annotated[str, Field(pattern=r"^c[a-z2-7]{26}$")]


class NewDay(Day):
    """A day of the case of the path, and why it is known now."""

    reason: Reason


class NewStatement(Body):
    """Which days are to be stated, and why they are known now."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=LINES_MAX)]
    reason: Reason


@router.get("/cases/{case}/terms", dependencies=[on_case("hold.read")])
def read_case_terms(case: CaseRef, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """How long each part of the case is kept now, what it waits for, and every day that was stated, by whom and on what evidence."""
    return case_terms_document(deps, case)


@router.get("/statements", dependencies=[on_tenant("hold.list")])
def read_statements(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The days that were asked for, the newest first, and how far each decision is."""
    return statements_document(deps, staff)


@router.post("/statements", status_code=201, dependencies=[on_tenant("request.make")])
def ask_for_statement(body: NewStatement, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Ask a second person to approve that these days are stated. While one of them may not be, nobody is asked."""
    lines = [Stated(**line.model_dump()) for line in body.lines]
    return _ask(deps, staff, lines, body.reason)


@router.post("/cases/{case}/statements", status_code=201, dependencies=[on_tenant("request.make")])
def ask_for_day(case: CaseRef, body: NewDay, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Ask a second person to approve that this day of the case is stated: a sheet of one line."""
    fields = {name: value for name, value in body.model_dump().items() if name != "reason"}
    return _ask(deps, staff, [Stated(case=case, **fields)], body.reason)


@router.post("/statements/{sheet}/record", dependencies=[on_statement("trigger.state")])
def record_statement(sheet: SheetId, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """State the days of an approved sheet, with a recent proof of who does. What may not be stated any more stays out and is told."""
    require_proof(deps, staff)
    found = find_sheet(sheet, tenant=deps.tenant, database=deps.database)
    on, by = statement_resource(deps, sheet), staff.account.id
    with used_up("trigger.state", on, for_digest="", using=_requests(deps), by=by) as approved:
        using = statement_ports(deps)
        outcomes = record_sheet(found, using=using, by=by, second=approved.decided_by, request=approved.request)
        if all(each.why for each in outcomes):
            raise _refused(outcomes)
    for each in outcomes:
        deps.changes.notify(each.case)
    return {"sheet": sheet, "outcomes": [asdict(each) for each in outcomes]}


def case_terms_document(deps: Deps, case: str) -> dict[str, Any]:
    """The answer of `/cases/{case}/terms`."""
    found = case_terms(deps.reader.log(case), custody_of(deps, case))
    people = {each[name] for each in found["statements"] for name in ("by", "second")}
    names = shown_names(deps.identity, deps.tenant, people)
    statements = [
        {
            **{name: value for name, value in each.items() if name not in ("by", "second", "request")},
            "by_name": names.get(each["by"], ""),
            "second_name": names.get(each["second"], ""),
        }
        for each in found["statements"]
    ]
    return {**found, "case": case, "statements": statements}


def statements_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/statements`."""
    sheets = newest_sheets(tenant=deps.tenant, database=deps.database)
    return {"statements": [_sheet_document(deps, staff, each) for each in sheets]}


def statement_ports(deps: Deps) -> StatementPorts:
    """What stating works with, over what the API is given."""
    return StatementPorts(
        vault=deps.search.vault,
        tenant=deps.tenant,
        database=deps.database,
        clock=deps.clock,
        writing=lambda case: writing_custody(deps, case),
        read=deps.reader.log,
        read_custody=lambda case: custody_of(deps, case),
    )


def _ask(deps: Deps, staff: Staff, lines: Sequence[Stated], reason: str) -> dict[str, Any]:
    by = staff.account.id
    if not deps.access.could(staff, "trigger.state", statement_resource(deps, "")):
        decision = deps.access.decide(staff, "trigger.state", statement_resource(deps, ""))
        raise DeniedError(f"this would be denied with an approval too: {decision.next_step}")
    for line in lines:
        row_of(line.case, using=deps.sessions)

    def make(sheet: str) -> str:
        return ask(APPROVAL, "trigger.state", statement_resource(deps, sheet), reason, using=_requests(deps), by=by).request

    sheet, looked = ask_statements(lines, reason, using=statement_ports(deps), by=by, ask=make)
    if sheet is None:
        raise _refused(looked)
    return _sheet_document(deps, staff, sheet)


def _requests(deps: Deps) -> RequestPorts:
    return RequestPorts(deps.database, deps.clock, deps.access.log)


def _refused(outcomes: list[LineOutcome]) -> ConflictError:
    bad = [each for each in outcomes if each.why]
    first = bad[0]
    return ConflictError(f"{len(bad)} of these days may not be stated; {first.case}: {first.why}", code=first.code)


def _sheet_document(deps: Deps, staff: Staff, sheet: Sheet) -> dict[str, Any]:
    request = find_request(sheet.request, deps.tenant, database=deps.database)
    names = shown_names(deps.identity, deps.tenant, {sheet.asked_by, request.decided_by} - {""})
    recorded = recorded_statements(deps.search.vault, deps.tenant, sheet.sheet)
    return {
        "sheet": sheet.sheet,
        "request": sheet.request,
        "state": "recorded" if recorded else decision_state(request, now=instant_text(deps.clock.now())),
        "reason": sheet.reason,
        "asked_by_name": names.get(sheet.asked_by, ""),
        "decided_by_name": names.get(request.decided_by, ""),
        "asked_at": sheet.asked_at,
        "is_own": sheet.asked_by == staff.account.id,
        "lines": [
            {
                **asdict(line),
                "title": trigger_title(line.trigger),
                "number": case_number(deps, staff, line.case),
                "is_recorded": (line.case, line.trigger) in recorded,
            }
            for line in sheet.lines
        ],
    }
