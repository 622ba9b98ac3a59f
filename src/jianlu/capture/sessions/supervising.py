"""The supervisor beside a session: sits down before everybody's eyes, watches, advises, gets up; never unseen and never unrecorded.

Who sits there is sealed with the case, so that everybody in the session is told the name and the ledger holds none. Whoever only looks
at the state of a session (the wall, the case file) sits nowhere: they see and hear nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.capture.sessions.opening import Standing
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import DeniedError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType

SUPERVISOR = "supervisor"
SEATED_FORMAT = "jianlu/seated/v1"
NAME_CHARACTERS_MAX = 60


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who sits beside the session, and how they are shown to everybody in it."""

    account: str
    name: str


def supervisor_of(live: LiveSession) -> Supervisor | None:
    """Who sits on the supervisor's seat now, None when nobody does."""
    if SUPERVISOR not in live.talk.seats:
        return None
    taken = [event.body for event in live.log.events if event.type is EventType.SEAT_TAKEN and event.body["seat"] == SUPERVISOR]
    name = str(taken[-1]["object"])
    if name not in live.supervisors:
        sealed = parse_canonical(live.log.open_object(name))
        live.supervisors[name] = (str(sealed["account"]), str(sealed["name"]))
    return Supervisor(*live.supervisors[name])


def is_supervising(live: LiveSession, standing: Standing) -> bool:
    """Whether the caller is the supervisor who sits beside this session."""
    seated = supervisor_of(live) if standing.seat == SUPERVISOR else None
    return seated is not None and seated.account == standing.account


def require_supervising(live: LiveSession, standing: Standing) -> None:
    """DeniedError for a supervisor who has not sat down: nobody watches or writes unseen. Other seats pass."""
    if standing.seat == SUPERVISOR and not is_supervising(live, standing):
        raise DeniedError("everybody in the session must know who is there: take the supervisor's seat first", code="sit_first")


def sit_as_supervisor(live: LiveSession, standing: Standing) -> None:
    """Take the supervisor's seat, announced to everybody; another supervisor who sits there gets up. The same one again is fine."""
    if is_supervising(live, standing):
        return
    if SUPERVISOR in live.talk.seats:
        get_up(live, "replaced")
    taken = [event for event in live.log.events if event.type is EventType.SEAT_TAKEN and event.body["seat"] == SUPERVISOR]
    shown = standing.display.strip()[:NAME_CHARACTERS_MAX]
    content = canonical_bytes({"format": SEATED_FORMAT, "seat": SUPERVISOR, "account": standing.account, "name": shown})
    body = {"seat": SUPERVISOR, "how": "account"}
    commits = {"who": digest_of(standing.account.encode())}
    live.log.seal_and_append(EventType.SEAT_TAKEN, f"supervisor-{len(taken) + 1}", content, body, commits=commits)
    live.catch_up()


def get_up(live: LiveSession, reason: str) -> None:
    """Leave the supervisor's seat, on the record."""
    live.log.append(EventType.SEAT_LEFT, {"seat": SUPERVISOR, "reason": reason})
    live.catch_up()
