"""What a sensitive act asks of whoever calls: a proof that it is them, at most five minutes old.

A program with an API key proves itself with each call; what it does that takes a second person was approved by one who proved it is them.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.govern.apikeys.model import KeyHolder
from jianlu.govern.identity.model import Staff
from jianlu.govern.identity.step_up import require_recent

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.post("/me/recent", status_code=204, response_class=Response)
def proved_recently(staff: StaffCaller, deps: TheDeps) -> None:
    """Whether a sensitive act would be done now; 401 `step-up-needed` otherwise: for pages, before they follow a link to a download."""
    require_proof(deps, staff)


def require_proof(deps: Deps, staff: Staff) -> None:
    """StepUpNeededError (401, `step-up-needed`) unless the person proved it within five minutes: then `/me/step-up` is what to do."""
    if not isinstance(staff, KeyHolder):
        require_recent(deps.identity, staff)
