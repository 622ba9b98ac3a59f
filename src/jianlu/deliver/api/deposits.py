"""Deposit of signed documents during a session: the body is the file itself.

What is recorded of it is decided in `capture/sessions/depositing.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from jianlu.capture.sessions.depositing import deposit_document
from jianlu.core.errors import InvalidError
from jianlu.deliver.api.deps import Caller, CaseRef, TheDeps, Wakes
from jianlu.deliver.api.rights import on_case

PDF = "application/pdf"
router = APIRouter(prefix="/api/v1/cases/{case}", tags=["session"], dependencies=[Wakes])
_BODY = {"requestBody": {"required": True, "content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}}


async def _file(request: Request, _: Caller) -> bytes:
    """The body, which is not read before it is known who calls."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PDF:
        raise InvalidError(f"the body must be {PDF}: set Content-Type")
    return await request.body()


@router.post("/deposits/{document}", status_code=201, openapi_extra=_BODY, dependencies=[on_case("session.take_part")])
def deposit(
    document: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
    case: CaseRef,
    content: Annotated[bytes, Depends(_file)],
    caller: Caller,
    deps: TheDeps,
) -> dict[str, Any]:
    """Put a signed PDF into the case while it is recorded: sealed with it, its SHA-256 and its second on the record."""
    return asdict(deposit_document(case, document, content, using=deps.sessions, by=caller))
