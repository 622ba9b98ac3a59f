"""What people are told of the ways into accounts: their owners of their own, security and audit administrators of all.

Which acts these are is `govern/identity/notices.py`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from jianlu.deliver.api.deps import StaffCaller, TheDeps
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.notices import notices_for, read_until_now

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.get("/me/notices")
def my_notices(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """What happened to the ways into one's own account that one did not do oneself; security and audit see all of them."""
    found = notices_for(deps.identity, staff)
    who = {each.note.account for each in found} | {each.note.by for each in found}
    names = shown_names(deps.identity, deps.tenant, who)
    told = [
        {
            "at": each.note.at,
            "act": each.note.act,
            "account": names.get(each.note.account, ""),
            "is_own": each.note.account == staff.account.id,
            "by": names.get(each.note.by, each.note.by),
            "device": each.note.device,
            "is_new": each.is_new,
        }
        for each in found
    ]
    return {"notices": told, "unread": sum(each.is_new for each in found)}


@router.post("/me/notices/read", status_code=204, response_class=Response)
def read_my_notices(staff: StaffCaller, deps: TheDeps) -> None:
    """One has read them."""
    read_until_now(deps.identity, staff)
