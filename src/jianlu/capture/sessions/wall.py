"""The wall: every session that goes on, as one tile each, with how its recording and every track of it stand.

Who sees which tile is the policies' condition. A tile is drawn from what is known and waits for nobody: while somebody is at
work on a session it shows that as it was a moment ago. A session that this process has not opened yet is shown by its row alone, its
health not known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jianlu.capture.cases.case_access import visible_cases
from jianlu.capture.cases.case_rows import cases_where, newest_in_states
from jianlu.capture.cases.masks import masked_number
from jianlu.capture.cases.model import CaseRow
from jianlu.capture.sessions.alerts import noted_of
from jianlu.capture.sessions.checking import wants_supervisor
from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.model import Phase
from jianlu.capture.sessions.opening import session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.supervising import supervisor_of
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.capture.sessions.view_parts import health_part
from jianlu.govern.identity.model import Staff
from jianlu.govern.script_texts import facts_in, filled
from jianlu.runtime.database import transaction

TILES_MAX = 200
"""Sessions on one wall: far more than anybody watches; beyond it the oldest are left off, and that is said."""

_ORDER = {"red": 0, "amber": 1, "green": 2, "none": 3}
_LIVE_FIRST = {Phase.LIVE.value: 0, Phase.PAUSED.value: 0, Phase.READY.value: 1, Phase.WAITING.value: 2, Phase.DRAFT.value: 3}


def wall(*, using: SessionPorts, by: Staff) -> dict[str, Any]:
    """{tiles, left_off}: sessions that wait, are ready, run or pause, and that `by` may read; those that need somebody come first.

    Numbers are masked where `by` does not see them.
    """
    visible, numbered = (visible_cases(using.access, by, action=action) for action in ("session.read", "case.see_number"))
    states = tuple(phase.value for phase in OPEN if phase is not Phase.DRAFT)
    with transaction(using.database, writes=False) as connection:
        rows, total = newest_in_states(connection, using.tenant, states, visible, TILES_MAX)
        clear = cases_where(connection, using.tenant, [row.case for row in rows], numbered)
    known = {live.row.case: live for live in using.switchboard.sessions}
    shown = [row if row.case in clear else replace(row, number=masked_number(row.number)) for row in rows]
    tiles = [_tile(row, known.get(row.case), using) for row in shown]
    return {"tiles": sorted(tiles, key=_urgency), "left_off": total - len(rows)}


def _urgency(tile: dict[str, Any]) -> tuple[int, int, int, str]:
    is_called = 0 if tile["calls_supervisor"] and tile["noted"] is None else 1
    return is_called, _LIVE_FIRST.get(tile["state"], 9), _ORDER[tile["health"]["level"]], tile["created_at"]


def _tile(row: CaseRow, live: LiveSession | None, using: SessionPorts) -> dict[str, Any]:
    tile: dict[str, Any] = {
        "case": row.case,
        "number": row.number,
        "title": row.title,
        "template": row.scene,
        "state": row.state,
        "language": row.language,
        "profile": row.profile,
        "customer": row.customer,
        "agent": row.agent_display,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "elapsed_ms": 0,
        "step": None,
        "recording": {"state": "idle", "recorded_until_ms": 0},
        "tracks": {},
        "health": {"level": "none", "messages": [], "looked_ms": None},
        "calls_supervisor": False,
        "supervisor": None,
        "noted": None,
    }
    return tile | _of_session(live, using) if live is not None else tile


def _of_session(live: LiveSession, using: SessionPorts) -> dict[str, Any]:
    talk, status = live.talk, live.status
    turn = talk.next_run
    step = live.course.step_of(turn.step) if turn is not None else None
    number = next((no for no, each in enumerate(live.course.steps, 1) if turn is not None and each.id == turn.step), 0)
    shown = {"no": number, "of": len(live.course.steps), "title": filled(step.title, facts_in(live.plan))} if step else None
    seated, noted = supervisor_of(live), noted_of(live, using)
    return {
        "elapsed_ms": session_ms(live, using=using),
        "step": shown,
        "recording": {
            "state": status.state if status is not None else "idle" if live.row.zero_us is None else "starting",
            "recorded_until_ms": status.recorded_until_ms if status is not None else talk.recorded_until_ms,
        },
        "tracks": {track: health.state for track, health in status.tracks.items()} if status is not None else {},
        "health": health_part(live, Phase(live.row.state), using.clock.monotonic_ms()),
        "calls_supervisor": wants_supervisor(talk),
        "supervisor": seated.name if seated is not None else None,
        "noted": {"name": noted.name, "at": noted.at} if noted is not None else None,
    }
