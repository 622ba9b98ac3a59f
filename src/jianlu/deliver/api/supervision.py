"""Supervision: the wall of sessions that go on, asked once or as server-sent events, and the talks that call for a supervisor.

Each tile is shown to whoever may read that session; a wall is asked about once, and again for each look of its stream.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from jianlu.capture.sessions.alerts import take_note
from jianlu.capture.sessions.wall import wall
from jianlu.core.errors import DeniedError, JianluError, UnavailableError
from jianlu.core.terms.digests import digest_of
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.problems import problem
from jianlu.deliver.api.rights import on_case, on_tenant
from jianlu.deliver.api.stream import KEEP_ALIVE_EVERY, RETRY_MS, STREAMS_MAX
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.access.standings import branch_of
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import SignInNeededError, Staff
from jianlu.judge.review.team import team_reviews

router = APIRouter(prefix="/api/v1/supervision", tags=["supervision"])

LOOK_EVERY_S = 2.0
"""Recorders are looked at each second; a wall of many tiles need not flicker with them."""


@router.get("/wall", dependencies=[on_tenant("supervision.read")])
def read_wall(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every session that goes on and that the caller may read, those that need somebody first."""
    return wall_document(deps, staff)


@router.get("/reviews", dependencies=[on_tenant("supervision.read")])
def read_team_reviews(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """What the reviews of the caller's branch came to, agent by agent: numbers, neither clauses nor who reviewed."""
    return team_document(deps, staff)


@router.post("/cases/{case}/note", dependencies=[on_case("session.supervise")])
def note_alerts(case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Say that the caller knows what the session alarms about now; what comes later calls again. Answers with the wall."""
    take_note(case, using=deps.sessions, by=staff)
    return wall_document(deps, staff)


@router.get("/stream", response_class=StreamingResponse, dependencies=[on_tenant("supervision.read")])
async def wall_stream(request: Request, staff: StaffCaller, deps: TheDeps) -> Response:
    """The wall as it changes (text/event-stream): events `wall`, and one `end` that says why it ended."""
    first = await asyncio.to_thread(wall_document, deps, staff)
    if deps.streams[staff.sign_in] >= STREAMS_MAX:
        return problem(429, "too many streams are open: close a tab", headers={"Retry-After": "10"})
    events = _events(request, deps, staff, _text(first))
    return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def wall_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/supervision/wall`, for a caller about whom was decided."""
    return wall(using=deps.sessions, by=staff)


def team_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/supervision/reviews`, for a caller about whom was decided."""
    mine = branch_of(deps.database, deps.tenant, staff.account.id)

    def is_of_team(agent: str) -> bool:
        return not mine or branch_of(deps.database, deps.tenant, agent) in ("", mine)

    found = team_reviews(deps.reviews, is_of_team=is_of_team)
    names = shown_names(deps.identity, deps.tenant, {each.agent for each in found})
    return {"branch": mine, "agents": [{**asdict(each), "name": names.get(each.agent, "")} for each in found]}


async def _events(request: Request, deps: Deps, staff: Staff, text: str) -> AsyncIterator[str]:
    deps.streams[staff.sign_in] += 1
    try:
        yield f"retry: {RETRY_MS}\n\n"
        last, quiet = "", 0
        while True:
            name, quiet = digest_of(text.encode())[:16], quiet + 1
            if name != last:
                yield f"id: {name}\nevent: wall\ndata: {text}\n\n"
                last, quiet = name, 0
            elif quiet >= KEEP_ALIVE_EVERY:
                yield ": still here\n\n"
                quiet = 0
            await asyncio.sleep(LOOK_EVERY_S)
            if deps.is_draining.is_set():
                yield _end("restarting")
                return
            try:
                text = await asyncio.to_thread(_look, request, deps, staff)
            except (SignInNeededError, DeniedError):
                yield _end("signed_out")
                return
            except UnavailableError:
                continue
            except JianluError:
                yield _end("gone")
                return
    finally:
        deps.streams[staff.sign_in] -= 1


def _look(request: Request, deps: Deps, staff: Staff) -> str:
    """The wall for whoever opened it, is still signed in and still may see it."""
    caller = deps.still(request, staff)
    if not isinstance(caller, Staff):
        raise SignInNeededError("the sign-in ended: sign in again")
    if not deps.access.decide(caller, "supervision.read", tenant_wide(deps.tenant)).is_allowed:
        raise DeniedError("the wall is no longer yours to see: ask the security administrator")
    return _text(wall_document(deps, caller))


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _end(reason: str) -> str:
    return f'event: end\ndata: {{"reason":"{reason}"}}\n\n'
