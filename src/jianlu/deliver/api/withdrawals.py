"""Taking back a consent after the talk: the person themself on the page of their copy, or staff who write down what they said.

To take back is as easy as to give (PIPL Art. 15, GDPR Art. 7): one act, no second person, no reason asked of the person. It narrows what
the case may be used for from then on; a recording that the law has kept is not kept by consent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.deliver.api._bodies import Body, Code
from jianlu.deliver.api.custody import writing_custody
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, TheDeps
from jianlu.deliver.api.rights import on_case
from jianlu.deliver.oversight.own_copy import OWN_SEATS
from jianlu.govern.consent import AFTERWARDS, decisions_in
from jianlu.govern.identity.model import Participant
from jianlu.vault.custody.chain import REASON_MAX
from jianlu.vault.custody.withdrawals import withdraw

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["oversight"])

OVER = frozenset({"ended", "sealed", "refused", "halted"})
BY_THEMSELF = "taken back by the person on the page of their copy"


class TakingBack(Body):
    """Which consent is taken back. Staff also say whose it is, how the person said so and on what paper or call; a person need not."""

    purpose: Literal["sharing", "export", "training", "research", "marketing"]
    seat: Code = "customer"
    way: Literal["letter", "telephone", "counter"] | None = None
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""


@router.post("/withdrawals", status_code=201, dependencies=[on_case("consent.withdraw")])
def take_consent_back(body: TakingBack, case: CaseRef, caller: Caller, deps: TheDeps) -> dict[str, Any]:
    """The consent does not hold from now on; in the ledger on return. The same again changes nothing."""
    said: dict[str, Any] = {"purpose": body.purpose}
    if isinstance(caller, Participant):
        if caller.seat not in OWN_SEATS or caller.scope:
            raise DeniedError("a consent is taken back by whoever gave it")
        said |= {"seat": caller.seat, "way": "page", "reason": BY_THEMSELF, "by": f"seat:{caller.seat}"}
    else:
        if body.way is None:
            raise InvalidError("say how the person took it back: letter, telephone or counter")
        said |= {"seat": body.seat, "way": body.way, "reason": body.reason, "by": caller.account.id}
    _require_given(deps, case, body.purpose, said["seat"])
    with writing_custody(deps, case) as log:
        made = withdraw(log, case, **said, clock=deps.clock)
    deps.changes.notify(case)
    return {name: getattr(made, name) for name in ("case", "purpose", "seat", "way", "at")}


def _require_given(deps: Deps, case: str, purpose: str, seat: str) -> None:
    if row_of(case, using=deps.sessions).state not in OVER:
        raise ConflictError("the talk is not over: take it back there", code="withdraw_in_talk")
    decision = decisions_in(deps.reader.log(case).events).get((purpose, seat))
    if purpose not in AFTERWARDS or decision is None or decision.state != "given":
        raise ConflictError("no such consent of this person is in force: see the consents of the case", code="withdraw_nothing")
