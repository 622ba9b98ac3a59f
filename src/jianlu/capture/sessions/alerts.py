"""Alerts of a session and who has taken note of them: a supervisor says that they know, and the ledger keeps that they did.

An alert is a check that calls for a supervisor, or something about the recording that is not as it should be. What is noted is exactly
what there was at that moment: whatever comes later calls again. It is kept in the access log (`specs/access-log.md`), not in the case's
chain: it says what a supervisor knew, not what happened in the talk; a process that begins anew reads it back.
"""

from __future__ import annotations

from jianlu.capture.sessions.checking import wants_supervisor
from jianlu.capture.sessions.model import Phase
from jianlu.capture.sessions.opening import opened
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.switchboard import LiveSession, Noted
from jianlu.capture.sessions.view_parts import health_part
from jianlu.core.errors import ConflictError
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity.model import Staff

CALLS = "calls_supervisor"
_KIND = "alert"


def alerts_of(live: LiveSession, using: SessionPorts) -> frozenset[str]:
    """What the session alarms about now, as codes, with the track where it is one track's."""
    health = health_part(live, Phase(live.row.state), using.clock.monotonic_ms())
    told = {f"{each['code']}:{each['track']}".rstrip(":") for each in health["messages"]}
    return frozenset(told | ({CALLS} if wants_supervisor(live.talk) else set()))


def noted_of(live: LiveSession, using: SessionPorts) -> Noted | None:
    """Who took note of everything that the session alarms about now; None when something is new, or nothing is the matter."""
    alerts = alerts_of(live, using)
    return live.noted if live.noted is not None and alerts and alerts <= live.noted.alerts else None


def take_note(case: str, *, using: SessionPorts, by: Staff) -> None:
    """Keep that `by` knows what the session alarms about now; durable on return. ConflictError when nothing is the matter any more."""
    with opened(case, using=using, by=by) as (live, _):
        alerts = alerts_of(live, using)
        if not alerts:
            raise ConflictError("nothing is the matter with this session any more: look at the wall again", code="no_alert")
        at = instant_text(using.clock.now())
        told = {"case": case, "account": by.account.id, "name": by.account.display, "alerts": sorted(alerts), "at": at}
        using.access.log.change(_KIND, told)
        live.noted = Noted(alerts, by.account.display, at)


def recall_notes(*, using: SessionPorts) -> None:
    """After a start of this process: whatever was noted of the sessions that are open in it holds on. Raises as `DecisionLog.recent`."""
    for told in using.access.log.recent(_KIND):
        live = using.switchboard.found(told["case"])
        if live is not None:
            with live.lock:
                live.noted = Noted(frozenset(told["alerts"]), str(told.get("name", "")), told["at"])
