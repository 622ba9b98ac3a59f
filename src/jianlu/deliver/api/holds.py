"""Legal holds over HTTP: placing one at once, lifting it by two people, and what stands (`specs/custody.md`).

Who may is decided by policies; the custody chain is written here, by the process that has the desk, one thread at a time.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParameter
from pydantic import Field

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import NotFoundError
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.custody import custody_of, writing_custody
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.masking import shown_number
from jianlu.deliver.api.rights import hold_resource, on_case, on_hold, on_tenant
from jianlu.govern.access.grants import APPROVED, ASKED
from jianlu.govern.access.requests import RequestPorts, open_requests, used_up
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff
from jianlu.vault.custody import chain as custody
from jianlu.vault.custody.chain import Hold
from jianlu.vault.custody.holds import held_cases

router = APIRouter(prefix="/api/v1", tags=["oversight"])

HoldId = Annotated[str, PathParameter(pattern=r"^h[0-9a-f]{26}$")]
Reason = Annotated[str, Field(min_length=custody.REASON_MIN, max_length=custody.REASON_MAX)]


class NewHold(Body):
    """What the case is kept for, and why. The same `hold` over several cases makes them one matter; left out, a new one is made."""

    matter: Annotated[str, Field(min_length=custody.MATTER_MIN, max_length=custody.MATTER_MAX)]
    reason: Reason
    hold: Annotated[str, Field(pattern=r"^(h[0-9a-f]{26})?$")] = ""


class Lifting(Body):
    """Why nothing keeps the case any more."""

    reason: Reason


@router.get("/holds", dependencies=[on_tenant("hold.list")])
def read_holds(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every hold that stands, by matter, the newest first; cases that the caller may not read are counted and not named."""
    return holds_document(deps, staff)


@router.get("/cases/{case}/holds", dependencies=[on_case("hold.read")])
def read_case_holds(case: CaseRef, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every hold that was ever placed on the case, the lifted ones too."""
    return case_holds_document(deps, case)


@router.post("/cases/{case}/holds", status_code=201, dependencies=[on_case("hold.place")])
def place_hold(case: CaseRef, body: NewHold, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Keep everything of the case from now on, whatever its terms say; at once, by one person."""
    with writing_custody(deps, case) as log:
        hold = body.hold or custody.new_hold_id()
        words = {"matter": body.matter, "reason": body.reason}
        placed = custody.place_hold(log, case, hold=hold, **words, by=staff.account.id, using=deps.search.vault, clock=deps.clock)
    deps.changes.notify(case)
    return _shown([placed], _names(deps, [placed]))[0]


@router.post("/cases/{case}/holds/{hold}/lift", dependencies=[on_hold("hold.lift")])
def lift_hold(case: CaseRef, hold: HoldId, body: Lifting, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """End a hold, with the approval of a second person for this very hold."""
    on = hold_resource(row_of(case, using=deps.sessions), hold)
    asked = RequestPorts(deps.database, deps.clock, deps.access.log)
    with (
        writing_custody(deps, case) as log,
        used_up("hold.lift", on, for_digest="", using=asked, by=staff.account.id) as approved,
    ):
        lifted = custody.lift_hold(
            log,
            case,
            hold,
            reason=body.reason,
            by=staff.account.id,
            second=approved.decided_by,
            request=approved.request,
            clock=deps.clock,
        )
    deps.changes.notify(case)
    return _shown([lifted], _names(deps, [lifted]))[0]


def require_standing(deps: Deps, case: str, hold: str) -> None:
    """NotFoundError unless that hold stands over the case: nobody is asked to approve the lifting of another."""
    if not any(each.hold == hold and each.lift is None for each in custody.holds_of(custody_of(deps, case), case)):
        raise NotFoundError("there is no such hold over this case, or it was lifted: see its holds")


def holds_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/holds`."""
    matters: dict[str, dict[str, Any]] = {}
    requests = _own_requests(deps, staff)
    for case, standing in held_cases(deps.search.vault, deps.tenant).items():
        number = _number(deps, staff, case)
        holds = [each for each in custody.holds_of(custody_of(deps, case), case) if each.hold in standing]
        for each in _shown(holds, _names(deps, holds)):
            head = {name: each[name] for name in ("hold", "matter", "reason", "by_name", "at")}
            found = matters.setdefault(each["hold"], {**head, "cases": [], "hidden": 0})
            if number is None:
                found["hidden"] += 1
            else:
                found["cases"].append(
                    {"case": case, "number": number, "at": each["at"], "request": requests.get(f"{case}.{each['hold']}", "")}
                )
    return {"holds": sorted(matters.values(), key=lambda each: str(each["at"]), reverse=True)}


def case_holds_document(deps: Deps, case: str) -> dict[str, Any]:
    """The answer of `/cases/{case}/holds`."""
    found = custody.holds_of(custody_of(deps, case), case)
    return {"case": case, "holds": _shown(found, _names(deps, found))}


def _own_requests(deps: Deps, staff: Staff) -> dict[str, str]:
    """How the caller's own requests to lift holds stand, by resource: `asked` or `approved`, where they still count."""
    found = open_requests(deps.tenant, database=deps.database, clock=deps.clock, of=staff.account.id)
    now = instant_text(deps.clock.now())
    mine = [each for each in found if each.action == "hold.lift" and each.asked_by == staff.account.id and each.expires_at > now]
    return {each.resource: each.state for each in reversed(mine) if each.state in (ASKED, APPROVED) and not each.used_at}


def _number(deps: Deps, staff: Staff, case: str) -> str | None:
    try:
        row = row_of(case, using=deps.sessions)
    except NotFoundError:
        return None  # a case of the command line, which no page shows
    may_read = deps.access.decide(staff, "hold.read", case_resource(row)).is_allowed
    return shown_number(deps, staff, row) if may_read else None


def _names(deps: Deps, found: list[Hold]) -> dict[str, str]:
    people = {each.by for each in found} | {who for each in found if each.lift for who in (each.lift.by, each.lift.second)}
    return shown_names(deps.identity, deps.tenant, people)


def _shown(found: list[Hold], names: dict[str, str]) -> list[dict[str, Any]]:
    shown = []
    for each in found:
        lift = None
        if each.lift is not None:
            lift = {**asdict(each.lift), "by_name": names.get(each.lift.by, ""), "second_name": names.get(each.lift.second, "")}
        shown.append({**asdict(each), "by_name": names.get(each.by, ""), "lift": lift})
    return shown
