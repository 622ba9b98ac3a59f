"""A pause and its end: nothing is forwarded, nothing recorded, and both are on the record. And recorders that did not hear of it.

A pause holds from the moment at which it is recorded. A recorder that could not be told may go on recording: that is an alarm, shown and
recorded from the beginning of the pause until every recorder says that it is paused, and the watch tells them at each beat (`watch.py`).
What the health rule suspends is recorded on, so that its end can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from jianlu.capture.sessions import engine
from jianlu.capture.sessions.forwarding import cut, forward
from jianlu.capture.sessions.health import PAUSE_UNCONFIRMED, WHOLE, pause_of
from jianlu.capture.sessions.model import Talk
from jianlu.capture.sessions.opening import session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.capture.sessions.recording import keep, needed_recorders, recorders_of
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType


def is_paused_by_people(talk: Talk) -> bool:
    """Whether recorders are to record nothing now."""
    return talk.paused_at_ms is not None and talk.pause_reason != engine.UNHEALTHY and not talk.end_reason


def suspend(live: LiveSession, reason: str, by: str, *, using: SessionPorts) -> None:
    """The pause itself, for a session whose lock is held: nothing is forwarded, then nothing recorded."""
    cut(live, using=using)
    now_ms = session_ms(live, using=using)
    live.log.append(EventType.RECORDING_PAUSED, {"reason": reason, "by": by, "at_ms": now_ms})
    live.catch_up()
    keep(live, using=using)
    if is_paused_by_people(live.talk):
        heard = [_is_told(live, name, using) for name in needed_recorders(live)]
        if not all(heard):
            _alarm(live, now_ms, using)


def go_on(live: LiveSession, *, using: SessionPorts) -> None:
    """The end of a pause, for a session whose lock is held: recorded first, then forwarded. Errors as `Recorders.resume`."""
    for recorder in recorders_of(live, using=using).values():
        recorder.resume(live.row.case)
    live.log.append(EventType.RECORDING_RESUMED, {"at_ms": session_ms(live, using=using)})
    live.catch_up()
    keep(live, using=using)
    with suppress(UnavailableError, NotFoundError):  # told by the watch when it is back
        forward(live, using=using)


def agree_on_pause(live: LiveSession, found: Mapping[str, RecordingStatus | None], *, using: SessionPorts) -> None:
    """Tell every recorder that answers, by what it says of itself, what the talk is: paused by people, or not."""
    wanted = is_paused_by_people(live.talk)
    for name, status in found.items():
        if status is None or status.state in ("idle", "stopped"):
            continue
        if (pause_of(status) is not True) if wanted else status.state == "paused":
            _is_told(live, name, using)


def _is_told(live: LiveSession, name: str, using: SessionPorts) -> bool:
    recorder = using.recorders.get(name)
    if recorder is None:
        return False
    tell: Callable[[str], None] = recorder.pause if is_paused_by_people(live.talk) else recorder.resume
    try:
        tell(live.row.case)
    except (UnavailableError, NotFoundError):
        return False
    return True


def _alarm(live: LiveSession, at_ms: int, using: SessionPorts) -> None:
    """Shown at once, recorded at the next beat of the watch."""
    alarms = {**live.vigil.alarms, (PAUSE_UNCONFIRMED, WHOLE): using.clock.monotonic_ms()}
    live.vigil = replace(live.vigil, alarms=alarms)
    live.owed.append((EventType.HEALTH_ALARMED, {"code": PAUSE_UNCONFIRMED, "track": WHOLE, "at_ms": at_ms}))
    using.owed.keep(live.row.case, live.owed)
