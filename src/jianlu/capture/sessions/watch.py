"""The watchdog's beat: once a second every open session is looked at, and what the health rule says is done and recorded.

The first segment turns forwarding on, an unhealthy recording turns it off, by the scene's rule ends or suspends the talk; an ended talk
is wound up. When even the record of a halt cannot be written, forwarding is off all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, wait
from contextlib import suppress
from dataclasses import replace

from jianlu.capture.cases.case_rows import cases_by_state, change_case
from jianlu.capture.sessions import engine
from jianlu.capture.sessions.alerts import recall_notes
from jianlu.capture.sessions.checking import is_away
from jianlu.capture.sessions.encryption import look_at_members
from jianlu.capture.sessions.forwarding import cut, forward
from jianlu.capture.sessions.health import PAUSE_UNCONFIRMED, UNWATCHED, WHOLE, Finding, Seen, monitor
from jianlu.capture.sessions.members import room_spec
from jianlu.capture.sessions.model import Phase
from jianlu.capture.sessions.opening import opened_by_watch, session_ms
from jianlu.capture.sessions.owing import pay
from jianlu.capture.sessions.pausing import agree_on_pause, go_on, is_paused_by_people, suspend
from jianlu.capture.sessions.ports import PRIMARY, SECOND, SessionPorts
from jianlu.capture.sessions.preparing import look_around, look_at_probes
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.capture.sessions.recording import carry_out, needed_recorders, wind_up
from jianlu.capture.sessions.rooms import RoomStatus
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import JianluError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.runtime.database import transaction

WATCHDOG = "watchdog"
FORGOTTEN_MS = 600_000
"""A session that nobody has looked at for ten minutes, and in which nobody sends, is no longer held in memory."""

PATIENCE_S = 0.9
"""How long a beat waits for the looks that it began."""

_BUSY_S = 0.2
_RUNNING_STATES = (Phase.READY.value, Phase.LIVE.value, Phase.PAUSED.value)
_OVER_STATES = (Phase.ENDED.value, Phase.REFUSED.value, Phase.HALTED.value)


Complain = Callable[[str, BaseException], None]
"""Told of a case whose beat failed, and why."""


def watch_sessions(*, using: SessionPorts, complain: Complain, threads: Executor, patience_s: float = PATIENCE_S) -> None:
    """One beat over every session that is open in this process, each in a thread of its own: no session's trouble is another's.

    A look that takes longer than `patience_s` goes on, and is not begun anew before it is over; what it comes to is told then.
    """
    sessions = using.switchboard.sessions
    for live in sessions:
        if live.look is None:
            live.look = threads.submit(_look, live, using)
    wait([live.look for live in sessions if live.look is not None], timeout=patience_s)
    for live in sessions:
        error: BaseException | None = UnavailableError("the look at this session is not over: see which process does not answer")
        if live.look is not None and live.look.done():
            error, live.look = live.look.exception(), None
        if error is not None:
            complain(live.row.case, error)


def _look(live: LiveSession, using: SessionPorts) -> None:
    """One beat over a session, unless somebody is starting or ending it. A defect in it cuts it: nobody knows whether it is recorded."""
    if not live.lock.acquire(timeout=_BUSY_S):
        return
    is_known = False
    try:
        watch_session(live.row.case, using=using)
        is_known = True
    except JianluError:
        is_known = True
        raise
    finally:
        if not is_known:
            cut(live, using=using)
            live.level, live.talk = "red", replace(live.talk, is_unhealthy=True)
        live.lock.release()


def watch_session(case: str, *, using: SessionPorts) -> None:
    """One beat over one session; what cannot be recorded leaves as an error, after forwarding was turned off."""
    with opened_by_watch(case, using=using) as live:
        if live.talk.end_reason:
            _after_talk(live, using)
        elif live.row.zero_us is None and not live.talk.is_recording:
            _before_talk(live, using)
        else:
            _beat(live, using)


def reopen_sessions(*, using: SessionPorts, complain: Complain, threads: Executor) -> None:
    """After a start of this process: know the sessions that run or ended meanwhile, and hand over what was not; a beat does the rest.

    Of talks that are over, those whose case is closed are not opened unless stages after the call are still to come.
    """
    with transaction(using.database, writes=False) as connection:
        running = cases_by_state(connection, using.tenant, (*_RUNNING_STATES, Phase.WAITING.value))
        over = cases_by_state(connection, using.tenant, _OVER_STATES)
    closed = using.desk.closed(using.tenant, over)
    sealed = [case for case, is_recorded in closed.items() if is_recorded and _is_done(case, using)]
    finished = {*sealed, *(case for case, is_recorded in closed.items() if not is_recorded)}
    opening = {case: threads.submit(_reopen, case, using) for case in [*running, *over] if case not in finished}
    for case in sealed:
        _seal_row(case, using)
    for case, opened in opening.items():
        if (error := opened.exception()) is not None:
            complain(case, error)
    with suppress(JianluError):  # what a supervisor knew is shown if it can be read; the watch waits for nothing
        recall_notes(using=using)


def _reopen(case: str, using: SessionPorts) -> None:
    with opened_by_watch(case, using=using) as live:
        was_handed_over = live.is_handed_over and live.talk.is_recorded and not live.talk.is_closed
    if was_handed_over:
        using.after_call(case)


def cut_sessions(*, using: SessionPorts) -> None:
    """Nothing is forwarded any more: for a process that must end, because nothing can be recorded. A healthy session is told on later.

    Nobody's lock is waited for: whoever holds one, and is about to forward, finds that nothing may be.
    """
    using.switchboard.cut()
    for live in using.switchboard.sessions:
        cut(live, using=using)


def _before_talk(live: LiveSession, using: SessionPorts) -> None:
    """Let the recorders look as soon as somebody sits down, so that the gate knows; let go of a session that nobody looks at."""
    case = live.row.case
    live.room = _room_status(live, using) if live.talk.seats else None
    with suppress(UnavailableError):
        look_at_members(live, using=using)
    arrives = live.room is not None and any(feed.state == "connected" for feed in live.room.feeds)
    if not arrives and using.clock.monotonic_ms() - live.touched_ms > FORGOTTEN_MS:
        with suppress(UnavailableError):
            using.rooms.close_room(case)
        using.switchboard.forget(case)
    elif live.room is not None:
        with suppress(UnavailableError):
            look_around(live, using=using, is_fresh=False)


def _after_talk(live: LiveSession, using: SessionPorts) -> None:
    """Wind up what is not yet; once the stages after the call are done, the case is sealed and need not be known here."""
    if not live.is_handed_over:
        wind_up(live, using=using, patience_ms=0)
    elif not live.talk.is_recorded or _is_done(live.row.case, using):
        if live.talk.is_recorded and live.row.state != Phase.SEALED.value:
            _seal_row(live.row.case, using)
        if using.clock.monotonic_ms() - live.touched_ms > FORGOTTEN_MS:
            using.switchboard.forget(live.row.case)


def _is_done(case: str, using: SessionPorts) -> bool:
    return bool(using.jobs_of(case)["jobs"]["stage"] == "done")


def _seal_row(case: str, using: SessionPorts) -> None:
    with transaction(using.database) as connection:
        change_case(connection, using.tenant, case, state=Phase.SEALED.value)


def _beat(live: LiveSession, using: SessionPorts) -> None:
    found = {name: _recording_status(live.row.case, name, using) for name in needed_recorders(live)}
    live.status, live.room = found[PRIMARY], _room_status(live, using)
    agree_on_pause(live, found, using=using)
    if live.row.zero_us is None and live.status is not None and live.status.zero_us:
        _learn_zero(live, live.status.zero_us, using)
    if using.is_edge:
        _follow_clock(live, using)
    seen = Seen(
        first=live.status,
        room=live.room,
        wants_second=live.scene.two_recorders,
        second=found.get(SECOND),
        is_paused=is_paused_by_people(live.talk),
        is_starting=live.talk.segments == 0,
        is_edge=using.is_edge,
        is_checker_away=using.watching is not None and is_away(using.watching, using.clock.monotonic_ms()),
        failing=look_at_probes(live, using=using),
    )
    before = live.vigil
    finding = monitor(seen, live.scene.health, before, using.clock.monotonic_ms())
    live.vigil, live.level, live.looked_ms = finding.vigil, finding.level, using.clock.monotonic_ms()
    live.talk = replace(live.talk, is_unhealthy=finding.level == "red")
    try:
        look_at_members(live, using=using)
        _record_alarms(live, finding, using)
        _act(live, finding, using)
    except JianluError:
        cut(live, using=using)
        live.vigil = replace(finding.vigil, is_acted=before.is_acted)  # what the rule wants is still to be done
        raise
    if not live.talk.end_reason:
        _forward(live, using)


def _act(live: LiveSession, found: Finding, using: SessionPorts) -> None:
    now_ms = session_ms(live, using=using)
    if found.action == "stop":
        cut(live, using=using)
        carry_out(live, engine.end(live.talk, "halted", by=WATCHDOG, now_ms=now_ms), using=using)
    elif found.action == "pause" and live.talk.paused_at_ms is None:
        suspend(live, engine.UNHEALTHY, WATCHDOG, using=using)
    elif found.action == "resume" and live.talk.pause_reason == engine.UNHEALTHY:
        go_on(live, using=using)


def _record_alarms(live: LiveSession, found: Finding, using: SessionPorts) -> None:
    """What cannot be recorded now is still owed at the next beat, with the instant at which it was seen."""
    at_ms, paused_ms = session_ms(live, using=using), live.talk.paused_at_ms
    since = {PAUSE_UNCONFIRMED: at_ms if paused_ms is None else paused_ms}
    if live.unwatched_ms is not None:
        live.owed += [
            (EventType.HEALTH_ALARMED, {"code": UNWATCHED, "track": WHOLE, "at_ms": min(at_ms, live.unwatched_ms)}),
            (EventType.HEALTH_CLEARED, {"code": UNWATCHED, "track": WHOLE, "at_ms": at_ms}),
        ]
        live.unwatched_ms = None
    live.owed += [
        (EventType.HEALTH_ALARMED, {"code": code, "track": track, "at_ms": since.get(code, at_ms)})
        for code, track in found.raised
    ]
    live.owed += [(EventType.HEALTH_CLEARED, {"code": code, "track": track, "at_ms": at_ms}) for code, track in found.cleared]
    pay(live, using.owed)


def _forward(live: LiveSession, using: SessionPorts) -> None:
    """Forwarding is on exactly while people talk and are recorded; a room that was opened anew is told again."""
    is_on = live.room.is_forwarding if live.room is not None else live.is_forwarding
    if live.talk.is_live and not is_on:
        forward(live, using=using)
    elif is_on and not live.talk.is_live:
        using.rooms.set_forwarding(live.row.case, False)
    live.is_forwarding = live.talk.is_live and not using.switchboard.is_cut


def _follow_clock(live: LiveSession, using: SessionPorts) -> None:
    """Two machines have two monotonic clocks: the session's time is that of the recorder, as it last said."""
    status = live.status
    if status is not None and status.now_ms and status.zero_us and live.row.zero_us is not None:
        live.offset_ms = status.now_ms - (using.clock.monotonic_ms() - live.row.zero_us // 1000)


def _learn_zero(live: LiveSession, zero_us: int, using: SessionPorts) -> None:
    """A start that was cut short before the row knew its zero."""
    with transaction(using.database) as connection:
        change_case(connection, using.tenant, live.row.case, zero_us=zero_us)
    live.row = replace(live.row, zero_us=zero_us)


def _recording_status(case: str, name: str, using: SessionPorts) -> RecordingStatus | None:
    recorder = using.recorders.get(name)
    try:
        return recorder.status(case) if recorder is not None else None
    except UnavailableError:
        return None


def _room_status(live: LiveSession, using: SessionPorts) -> RoomStatus | None:
    """The room; one that a media process lost when it started anew is opened again, for people to come back to."""
    case = live.row.case
    try:
        try:
            return using.rooms.status(case)
        except NotFoundError:
            using.rooms.open_room(case, room_spec(live, using.video_codecs))
            return using.rooms.status(case)
    except (UnavailableError, NotFoundError):
        return None
