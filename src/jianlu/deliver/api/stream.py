"""A session as server-sent events: a view whenever it changes, looked at each second, until the caller's sign-in ends.

`id` is the view's version and a digest, so that a reconnecting page gets nothing twice (Last-Event-ID). A comment each fifteen seconds
keeps proxies from cutting a quiet stream. The stream ends with an event `end` that says why.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from jianlu.capture.sessions.view import view_session
from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.terms.digests import digest_of
from jianlu.deliver.api.deps import CaseRef, Deps, TheDeps, caller_of
from jianlu.deliver.api.problems import problem
from jianlu.deliver.api.rights import on_case
from jianlu.govern.identity.admissions import is_admitted
from jianlu.govern.identity.model import Participant, Principal, SignInNeededError, Staff

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["session"])

LOOK_EVERY_S = 1.0
KEEP_ALIVE_EVERY = 15
RETRY_MS = 2000
STREAMS_MAX = 8
"""Of one caller at once: a person has a few tabs, not dozens."""


@router.get("/stream", response_class=StreamingResponse, dependencies=[on_case("session.read")])
async def stream(case: CaseRef, request: Request, deps: TheDeps) -> Response:
    """The session as it goes on (text/event-stream)."""
    caller = await asyncio.to_thread(caller_of, request, deps)
    await deps.looks.run(case, lambda: view_session(case, using=deps.sessions, by=caller))
    who = _name_of(caller)
    if deps.streams[who] >= STREAMS_MAX:
        return problem(429, "too many streams are open: close a tab", headers={"Retry-After": "10"})
    last = request.headers.get("last-event-id", "")
    events = _counted(deps.streams, who, _events(request, deps, case, last, caller))
    return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _counted(streams: Counter[str], who: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    streams[who] += 1
    try:
        async for event in events:
            yield event
    finally:
        streams[who] -= 1


async def _events(request: Request, deps: Deps, case: str, last: str, caller: Principal) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    quiet = 0
    while True:
        seen = deps.changes.number(case)
        if deps.is_draining.is_set():
            yield _event("end", {"reason": "restarting"})
            return
        try:
            name, text = await deps.looks.run(case, lambda: _look(request, deps, case, caller))
        except SignInNeededError:
            yield _event("end", {"reason": await asyncio.to_thread(_why_ended, deps, caller)})
            return
        except UnavailableError as error:
            name, text = last, ""
            yield _event("trouble", {"detail": str(error)})
        except JianluError as error:
            yield _event("end", {"reason": "gone", "detail": str(error)})
            return
        quiet += 1
        if name != last:
            yield f"id: {name}\nevent: view\ndata: {text}\n\n"
            last, quiet = name, 0
        elif quiet >= KEEP_ALIVE_EVERY:
            yield ": still here\n\n"
            quiet = 0
        await deps.changes.wait(case, seen, LOOK_EVERY_S)


def _look(request: Request, deps: Deps, case: str, caller: Principal) -> tuple[str, str]:
    """The view's id and JSON, for whoever opened the stream and is still signed in."""
    found = deps.still(request, caller)
    if found is None:
        raise SignInNeededError("the sign-in ended: sign in again")
    view = view_session(case, using=deps.sessions, by=found)
    text = json.dumps(view, ensure_ascii=False, separators=(",", ":"))
    return f"{view['version']}.{digest_of(text.encode())[:12]}", text


def _why_ended(deps: Deps, caller: Principal) -> str:
    """`replaced` when somebody was admitted to the caller's seat since: the customer goes on with another device."""
    is_replaced = isinstance(caller, Participant) and is_admitted(deps.identity, caller.tenant, caller.case, caller.seat)
    return "replaced" if is_replaced else "signed_out"


def _event(name: str, fields: dict[str, str]) -> str:
    return f"event: {name}\ndata: {json.dumps(fields, ensure_ascii=False)}\n\n"


def _name_of(caller: Principal) -> str:
    return caller.sign_in if isinstance(caller, Staff) else caller.admission
