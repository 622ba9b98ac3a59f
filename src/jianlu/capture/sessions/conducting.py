"""Leading a talk: suspend and resume, hand over, refuse, end. What is over stays over.

A pause records nothing and says so (a declared gap); it exists only where the template allows it. How it is done is `pausing.py`.
"""

from __future__ import annotations

from dataclasses import replace

from jianlu.capture.cases.case_rows import change_case
from jianlu.capture.sessions import engine
from jianlu.capture.sessions.lifecycle import OPEN, may
from jianlu.capture.sessions.model import Act
from jianlu.capture.sessions.opening import Standing, opened, session_ms
from jianlu.capture.sessions.pausing import go_on, suspend
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import carry_out, disconnect, keep, phase_now
from jianlu.capture.sessions.steps import reason_code
from jianlu.capture.sessions.supervising import SUPERVISOR, get_up, is_supervising
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal
from jianlu.runtime.database import transaction

_DISPLAY_MAX = 80


def pause(case: str, reason: str, *, using: SessionPorts, by: Principal) -> None:
    """Suspend talk and recording; ConflictError where the template allows no pause."""
    with opened(case, using=using, by=by) as (live, standing):
        if live.talk.paused_at_ms is not None and not live.talk.end_reason:
            return
        _require(live, standing, Act.PAUSE)
        if not live.course.may_pause:
            raise ConflictError("this template allows no pause: go on, or end the session", code="no_pause_here")
        suspend(live, reason_code(reason), standing.seat, using=using)


def resume(case: str, *, using: SessionPorts, by: Principal) -> None:
    """Go on after a pause; one that the health rule made ends by itself when the recording is healthy again."""
    with opened(case, using=using, by=by) as (live, standing):
        if live.talk.is_live:
            return
        _require(live, standing, Act.RESUME)
        if live.talk.pause_reason == engine.UNHEALTHY:
            raise ConflictError(
                "the recording is not healthy: the session goes on by itself when it is, or end it", code="recording_unhealthy"
            )
        go_on(live, using=using)


def handover(case: str, to: str, display: str, reason: str, *, using: SessionPorts, by: Principal) -> None:
    """Give the agent's seat to the account `to`; a supervisor may also take it, by naming themselves."""
    if not 1 <= len(to) <= 64 or not 1 <= len(display.strip()) <= _DISPLAY_MAX:
        raise InvalidError("a hand-over names the account that goes on and how it is shown")
    with opened(case, using=using, by=by) as (live, standing):
        if live.row.agent == to:
            return
        _require(live, standing, Act.HANDOVER)
        if standing.seat == "supervisor" and to != standing.account:
            raise DeniedError("a supervisor takes a session over, and does not give it to others")
        now_ms = session_ms(live, using=using)
        body = {"seat": "agent", "reason": reason_code(reason), "at_ms": now_ms}
        commits = {"from": digest_of(live.row.agent.encode()), "to": digest_of(to.encode())}
        live.log.append(EventType.SEAT_ASSIGNED, body, commits=commits)
        live.log.append(EventType.SEAT_TAKEN, {"seat": "agent", "how": "handover"})
        if is_supervising(live, standing):
            disconnect(live, SUPERVISOR, using=using)
            get_up(live, "handover")
        live.catch_up()
        with transaction(using.database) as connection:
            change_case(connection, using.tenant, case, agent=to, agent_display=display.strip())
        live.row = replace(live.row, agent=to, agent_display=display.strip())
        disconnect(live, "agent", using=using)
        keep(live, using=using)


def refuse(case: str, *, using: SessionPorts, by: Principal) -> None:
    """The customer refuses: this channel ends, with its record."""
    _end(case, Act.REFUSE, "refused", using, by)


def abandon_session(case: str, *, using: SessionPorts, by: Principal) -> None:
    """End a session that leads nowhere; what was recorded is kept and judged as it is."""
    _end(case, Act.ABANDON, "abandoned", using, by)


def end_session(case: str, *, using: SessionPorts, by: Principal) -> None:
    """End a session whose steps are all done; ConflictError while one is not."""
    _end(case, Act.END, "completed", using, by)


def _end(case: str, act: Act, reason: str, using: SessionPorts, by: Principal) -> None:
    with opened(case, using=using, by=by) as (live, standing):
        if live.talk.end_reason:
            return
        _require(live, standing, act)
        seat = "customer" if act is Act.REFUSE and standing.seat == "agent" else standing.seat
        carry_out(live, engine.end(live.talk, reason, by=seat, now_ms=session_ms(live, using=using)), using=using)


def _require(live: LiveSession, standing: Standing, act: Act) -> None:
    phase = phase_now(live)
    if phase not in OPEN:
        raise ConflictError("this session is over: make a new case", code="session_over")
    if not any(may(act, standing.seat, each) for each in OPEN):
        raise DeniedError("this is not for your seat to do: ask whoever leads the session", code="not_your_seat")
    if not may(act, standing.seat, phase):
        raise ConflictError(f"this cannot be done while the session is {phase.value}: look at its present state", code="not_now")
