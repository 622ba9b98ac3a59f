"""Destruction over HTTP: what is due, asking, starting what a second person approved, how far it is, and keeping a case longer.

Who may is decided by policies, whether a case may go by its ledger (`deliver/oversight/destructions.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter
from pydantic import Field

from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, NotFoundError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.custody import custody_of, writing_custody
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.masking import shown_number
from jianlu.deliver.api.recent import require_proof
from jianlu.deliver.api.rights import destruction_resource, on_case, on_destruction, on_tenant
from jianlu.deliver.oversight.certificates import write_certificate
from jianlu.deliver.oversight.destructions import (
    Batch,
    DestructionPorts,
    ask_destruction,
    find_batch,
    newest_batches,
    start_batch,
    subject_of,
)
from jianlu.govern.access.grants import APPROVAL, APPROVED, ASKED
from jianlu.govern.access.requests import AccessRequest, RequestPorts, ask, find_request, used_up
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff
from jianlu.ledger.anchors.rows import AnchorRow, CoveringStamps, named_authorities
from jianlu.runtime.jobs import DONE, FAILED, RUNNING, read_progress
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody import chain as custody
from jianlu.vault.custody.destruction import WHY, destruction_documents, parts_begun
from jianlu.vault.custody.due import custody_events, due_cases, due_parts, newest_time, placed_events
from jianlu.vault.custody.reading import CASES_MAX
from jianlu.vault.custody.time_reading import read_time

router = APIRouter(prefix="/api/v1", tags=["oversight"])

_STARTED = (EventType.DESTRUCTION_STARTED, EventType.PART_DESTRUCTION_STARTED)
_COMPLETED = (EventType.DESTRUCTION_COMPLETED, EventType.PART_DESTRUCTION_COMPLETED)

BatchId = Annotated[str, PathParameter(pattern=r"^d[0-9a-f]{26}$")]
Reason = Annotated[str, Field(min_length=10, max_length=custody.REASON_MAX)]
Part = Literal["", "recording", "transcript", "findings", "biometric", "consent"]
OneCase = Annotated[str, Field(pattern=r"^c[a-z2-7]{26}$")]


class NewDestruction(Body):
    """Which cases are to be destroyed, whole or that part of each, and why now."""

    cases: Annotated[tuple[OneCase, ...], Field(min_length=1, max_length=CASES_MAX)]
    part: Part = ""
    reason: Reason


class Longer(Body):
    """Until which day the case is kept, and why; a day before its own changes nothing."""

    until: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    reason: Reason


@router.get("/destructions", dependencies=[on_tenant("hold.list")])
def read_destructions(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """What is due, what was asked for, approved, started, done and refused; and what day it is by clock and ledger."""
    return destructions_document(deps, staff)


@router.post("/destructions", status_code=201, dependencies=[on_tenant("request.make")])
def ask_for_destruction(body: NewDestruction, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Ask a second person to approve that these cases are destroyed. While one of them may not be, nobody is asked and it is recorded."""
    by = staff.account.id
    if not deps.access.could(staff, "case.destroy", destruction_resource(deps, "")):
        decision = deps.access.decide(staff, "case.destroy", destruction_resource(deps, ""))
        raise DeniedError(f"this would be denied with an approval too: {decision.next_step}")
    for case in body.cases:
        row_of(case, using=deps.sessions)

    def make(batch: str) -> str:
        return ask(APPROVAL, "case.destroy", destruction_resource(deps, batch), body.reason, using=_requests(deps), by=by).request

    batch, refused = ask_destruction(body.cases, body.reason, using=ports_of(deps), by=by, ask=make, part=body.part)
    if batch is None:
        first = refused[0]
        why = next((text for refusal, text in WHY.items() if refusal.value == first.outcome), "its destruction began already")
        raise ConflictError(
            f"{len(refused)} of these cases may not be destroyed; {first.case}: {why}", code=f"destroy_{first.outcome}"
        )
    return _batch_document(deps, staff, batch)


@router.post("/destructions/{batch}/start", dependencies=[on_destruction("case.destroy")])
def start_destruction(batch: BatchId, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Destroy the cases of an approved batch, with a recent proof of who does. What may not be destroyed any more stays and is told."""
    require_proof(deps, staff)
    found = find_batch(batch, tenant=deps.tenant, database=deps.database)
    on, by = destruction_resource(deps, batch), staff.account.id
    with used_up("case.destroy", on, for_digest="", using=_requests(deps), by=by) as approved:
        outcomes = start_batch(found, using=ports_of(deps), by=by, second=approved.decided_by, request=approved.request)
        if not any(each.outcome in ("started", "begun") for each in outcomes):
            raise ConflictError("none of these cases may be destroyed any more: see what was refused under destructions")
    for each in outcomes:
        deps.changes.notify(each.case)
    return {"batch": batch, "outcomes": [{"case": each.case, "outcome": each.outcome} for each in outcomes]}


@router.get("/cases/{case}/destruction", dependencies=[on_case("hold.read")])
def read_case_destruction(case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """How the destruction of the case stands, by whom and by which term, and every place that was looked at."""
    return case_destruction_document(deps, staff, case)


@router.get("/cases/{case}/certificate", response_class=Response, dependencies=[on_case("hold.read")])
def read_certificate(case: CaseRef, _: StaffCaller, deps: TheDeps, part: Part = "") -> Response:
    """The certificate of the destruction of the case, or of that part of it: a JSON file that the shipped verifier checks offline.

    It carries the time stamps that cover the destruction by now; asked for again after the next stamp, it carries that.
    """
    which = f".{part}" if part else ""
    name = {"Content-Disposition": f'attachment; filename="{case}{which}.destroyed.json"'}
    return Response(certificate_of(deps, case, part), media_type="application/json", headers=name)


@router.post("/cases/{case}/retention", status_code=201, dependencies=[on_case("hold.place")])
def extend_retention(case: CaseRef, body: Longer, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Keep the case longer than its terms say; nothing makes it shorter."""
    by = staff.account.id
    with writing_custody(deps, case) as log:
        made = custody.extend_retention(
            log, case, body.until, reason=body.reason, by=by, using=deps.search.vault, clock=deps.clock
        )
    return {"case": case, "until": made.body["until"]}


def destructions_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/destructions`."""
    vault, now, using = deps.search.vault, deps.clock.now(), ports_of(deps)
    reading = read_time(now, newest_time(vault), is_moved=using.watch.is_moved, expiry=using.expiry)
    due = [(each, case_number(deps, staff, each.case)) for each in due_cases(vault, deps.tenant, now)]
    parts = [(each, case_number(deps, staff, each.case)) for each in due_parts(vault, deps.tenant, now)]
    batches = newest_batches(tenant=deps.tenant, database=deps.database)
    done = {_which(event): at for kind in _COMPLETED for at, event in placed_events(vault, deps.tenant, kind)}
    started = [event for kind in _STARTED for event in custody_events(vault, deps.tenant, kind)]
    stamps = _covering(deps)
    return {
        "time": {
            "why": reading.why,
            "clock": reading.clock,
            "ledger_at": reading.ledger.at,
            "counts": instant_text(reading.counts),
            "by": reading.by,
        },
        "due": [
            {"case": each.case, "number": number, "until": each.until, "is_held": each.is_held} for each, number in due if number
        ],
        "due_parts": [
            {
                "case": each.case,
                "number": number,
                "part": each.part,
                "until": each.until,
                "clause": each.clause,
                "is_held": each.is_held,
            }
            for each, number in parts
            if number
        ],
        "hidden": sum(not number for _, number in [*due, *parts]),
        "batches": [_batch_document(deps, staff, each) for each in batches],
        "started": [
            {
                "case": event.body["of"],
                "part": event.body.get("part", ""),
                "number": case_number(deps, staff, event.body["of"]),
                "until": event.body["until"],
                "started_at": event.at,
                **_progress(deps, *_which(event), is_done=_is_done(done, event)),
                **_attested(stamps.of(done[_which(event)]) if _which(event) in done else ()),
            }
            for event in sorted(started, key=lambda event: event.at, reverse=True)
        ],
        "refused": [_refused(deps, staff, event) for event in custody_events(vault, deps.tenant, EventType.DESTRUCTION_REFUSED)],
    }


def case_destruction_document(deps: Deps, staff: Staff, case: str) -> dict[str, Any]:
    """The answer of `/cases/{case}/destruction`."""
    log = custody_of(deps, case)
    started, completed = destruction_documents(log, case)
    names = shown_names(deps.identity, deps.tenant, {started["by"], started["second"]} if started else set())
    first = started or {"until": "", "clause": "", "reason": "", "by": "", "second": "", "at": ""}
    return {
        "case": case,
        "state": "completed" if completed else "started" if started else "kept",
        **{name: first[name] for name in ("until", "clause", "reason")},
        "by_name": names.get(first["by"], ""),
        "second_name": names.get(first["second"], ""),
        "started_at": first["at"],
        "completed_at": completed["at"] if completed else "",
        "places": completed["places"] if completed else [],
        **_stamped(deps, log),
        "refused": [_refused(deps, staff, event) for event in log.events if event.type is EventType.DESTRUCTION_REFUSED],
        "parts": [_part_document(deps, log, case, part) for part in parts_begun(log.events)],
    }


def _part_document(deps: Deps, log: CaseLog, case: str, part: str) -> dict[str, Any]:
    """How the destruction of that part of the case stands."""
    started, completed = destruction_documents(log, case, part)
    if started is None:
        raise IntegrityError("a part of the case has no document of its destruction: run `jianlu ledger fsck`")
    names = shown_names(deps.identity, deps.tenant, {started["by"], started["second"]})
    return {
        "part": part,
        "state": "completed" if completed else "started",
        **{name: started[name] for name in ("until", "clause", "reason")},
        "by_name": names.get(started["by"], ""),
        "second_name": names.get(started["second"], ""),
        "started_at": started["at"],
        "completed_at": completed["at"] if completed else "",
        "places": completed["places"] if completed else [],
    }


def _stamped(deps: Deps, custody_log: CaseLog) -> dict[str, Any]:
    """The time stamps over the completed destruction, those that do not hold too, and whose are not there yet."""
    last = custody_log.events[-1] if custody_log.events else None
    if last is None or last.type is not EventType.DESTRUCTION_COMPLETED:
        return {"stamps": [], "unstamped": []}
    rows = _covering(deps).of(custody_log.position_of(last.n))
    missing = [each.name for each in deps.settings.time.authorities if each.name not in {row.who for row in rows}]
    return {"stamps": [_stamp_document(row) for row in rows], "unstamped": missing}


def _stamp_document(row: AnchorRow) -> dict[str, Any]:
    at = instant_text(row.at) if row.at else ""
    return {"authority": row.who, "at": at, "size": row.size, "checked": row.is_checked, "problem": row.problem}


def _attested(rows: Sequence[AnchorRow]) -> dict[str, str]:
    first = min(((row.at, row.who) for row in rows if row.at is not None and row.is_checked), default=None)
    return {"attested_by": first[1] if first else "", "attested_at": instant_text(first[0]) if first else ""}


def _covering(deps: Deps) -> CoveringStamps:
    directory = deps.home / deps.settings.ledger.path
    return CoveringStamps(directory, named_authorities(directory, [each.name for each in deps.settings.time.authorities]))


def certificate_of(deps: Deps, case: str, part: str = "") -> bytes:
    """The certificate of the destruction of the case, or of that part of it, as a file."""
    return write_certificate(deps.reader.log(case), custody_of(deps, case), prove=deps.prove, part=part)


def ports_of(deps: Deps) -> DestructionPorts:
    """What destroying works with, over what the API is given."""

    def let_go(case: str) -> None:
        deps.reader.forget(case)
        deps.sessions.desk.release(deps.tenant, case)
        deps.sessions.switchboard.forget(case)

    return DestructionPorts(
        vault=deps.search.vault,
        tenant=deps.tenant,
        database=deps.database,
        clock=deps.clock,
        writing=lambda case: writing_custody(deps, case),
        read=deps.reader.log,
        let_go=let_go,
        watch=deps.clock_watch,
        expiry=deps.expiry,
    )


def _requests(deps: Deps) -> RequestPorts:
    return RequestPorts(deps.database, deps.clock, deps.access.log)


def case_number(deps: Deps, staff: Staff, case: str) -> str:
    """The case's number as the caller may see it; empty for a case that no page shows."""
    try:
        return shown_number(deps, staff, row_of(case, using=deps.sessions))
    except NotFoundError:
        return ""  # a case of the command line, which no page shows


def _refused(deps: Deps, staff: Staff, event: Event) -> dict[str, Any]:
    case, part, reason = event.body["of"], event.body.get("part", ""), event.body["reason"]
    return {"case": case, "part": part, "number": case_number(deps, staff, case), "reason": reason, "at": event.at}


def _which(event: Event) -> tuple[str, str]:
    """The case and the part, empty for the whole, that an event of a destruction is about."""
    return str(event.body["of"]), str(event.body.get("part", ""))


def _is_done(done: Collection[tuple[str, str]], event: Event) -> bool:
    """Whether what began with `event` was completed, a part with its case too."""
    case, part = _which(event)
    return (case, part) in done or (case, "") in done


def _progress(deps: Deps, case: str, part: str, *, is_done: bool) -> dict[str, str]:
    found = read_progress(deps.database, subject_of(case, part))
    state = "waits" if found is None else {DONE: "completed", FAILED: "failed", RUNNING: "goes_on"}.get(found.state, "waits")
    return {"state": "completed" if is_done else state, "error": "" if found is None or is_done else found.error}


def _batch_document(deps: Deps, staff: Staff, batch: Batch) -> dict[str, Any]:
    request = find_request(batch.request, deps.tenant, database=deps.database)
    names = shown_names(deps.identity, deps.tenant, {batch.asked_by, request.decided_by} - {""})
    return {
        "batch": batch.batch,
        "request": batch.request,
        "state": "started" if batch.started_at is not None else decision_state(request, now=instant_text(deps.clock.now())),
        "part": batch.part,
        "reason": batch.reason,
        "asked_by_name": names.get(batch.asked_by, ""),
        "decided_by_name": names.get(request.decided_by, ""),
        "asked_at": batch.asked_at,
        "is_own": batch.asked_by == staff.account.id,
        "cases": [{"case": case, "number": case_number(deps, staff, case)} for case in batch.cases],
    }


def decision_state(request: AccessRequest, *, now: str) -> str:
    """How far the decision of the second person is: asked, approved, refused, or over."""
    is_over = request.expires_at <= now or bool(request.used_at)
    return "over" if is_over and request.state in (ASKED, APPROVED) else request.state
