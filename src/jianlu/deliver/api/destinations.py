"""Where a package may go: asked of the case's plan, whose clauses confine what is kept, and of the policies, with the consents that stand.

A refusal is kept in the record of looks with its rule and clauses, as every other is; so is, before the first byte leaves, where it goes.
"""

from __future__ import annotations

from typing import Any

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.capture.cases.model import CaseRow
from jianlu.core.errors import ConflictError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.rights import consented_in
from jianlu.govern.access.destinations import EXPORT, NOWHERE, Destination
from jianlu.govern.access.model import AccessDeniedError, Decision
from jianlu.govern.access.ports import Asked
from jianlu.govern.access.requests import AccessRequest
from jianlu.govern.identity.model import Principal
from jianlu.vault.case_log import CaseLog
from jianlu.vault.handling import confined_from
from jianlu.vault.model import object_parts

CONFINED = "confined-by-its-plan"
"""The rule of a refusal by the case's own plan; its clauses are those of the plan."""


def require_destination(deps: Deps, who: Principal, row: CaseRow, to: Destination, *, purpose: str = "") -> None:
    """AccessDeniedError where the package of that case may not go there, even with the approval of a second person."""
    log = deps.reader.log(row.case)
    on = case_resource(row, given=consented_in(deps, row.case), goes_to=to.place, recipient=to.recipient)
    decision = _by_plan(log, to.place) or deps.access.approved(who, EXPORT, on, purpose=purpose)
    if not decision.is_allowed:
        deps.access.log.record(Asked(who, EXPORT, on, purpose), decision, is_sensitive=False)
        raise AccessDeniedError(decision)


def require_place(deps: Deps, who: Principal, asked: AccessRequest) -> None:
    """As `require_destination` for whoever approves: by the plan alone, since the policies are asked about whoever takes it away."""
    row = row_of(asked.case, using=deps.sessions)
    decision = _by_plan(deps.reader.log(row.case), asked.place)
    if decision is not None:
        deps.access.log.record(Asked(who, EXPORT, case_resource(row), ""), decision, is_sensitive=False)
        raise AccessDeniedError(decision)


def record_export(deps: Deps, row: CaseRow, approved: AccessRequest) -> None:
    """Put on the record, durably, which package goes where by which approval; ConflictError for one that does not say where."""
    if approved.destination == NOWHERE:
        raise ConflictError("the approval does not say where the package goes: ask for it again, with its destination")
    said: dict[str, Any] = {"case": row.case, "request": approved.request, "by": approved.asked_by, "package": approved.used_for}
    deps.access.log.change("export", {**said, "place": approved.place, "recipient": approved.recipient})


def _by_plan(log: CaseLog, place: str) -> Decision | None:
    objects = {part.object for event in log.events for part in object_parts(event)}
    clauses = confined_from(place, log.handling, objects)
    if not clauses:
        return None
    listed = ", ".join(clauses)
    return Decision(
        False,
        (CONFINED,),
        clauses,
        f"{listed} keep what is in this case within their places, and {place} is none of them: name a recipient there, or have counsel "
        "obtain the assessment that the clause asks for",
        f"{listed} 要求本案内容不离开规定的地域，{place} 不在其中：请改为境内接收，或由法务先办妥该条款要求的评估",
    )
