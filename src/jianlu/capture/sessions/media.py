"""Signalling under the session's rules: each seat sends its own feed, watches the others', and touches no other's connection.

What is signalled is the port's (`rooms.py`). Whether anything is forwarded is the watch's to say.
"""

from __future__ import annotations

from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.members import room_spec
from jianlu.capture.sessions.opening import Standing, opened
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import SCREEN, phase_now, seats_of
from jianlu.capture.sessions.rooms import Connection
from jianlu.capture.sessions.supervising import SUPERVISOR, require_supervising
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, NotFoundError
from jianlu.govern.identity.model import Principal


def publish(case: str, feed: str, offer_sdp: str, *, using: SessionPorts, by: Principal) -> Connection:
    """Send the caller's own feed, or the share that they have begun; errors as `Rooms.publish`."""
    with opened(case, using=using, by=by) as (live, standing):
        _require_open(live)
        if standing.seat == SUPERVISOR:
            raise DeniedError(
                "a supervisor's voice is no recorded track, so it is not carried: write to the agent", code="whisper_in_writing"
            )
        if feed != standing.seat or feed not in seats_of(live):
            share = next((each for each in live.talk.shares if each.track == feed), None)
            if share is None or share.by != standing.seat:
                raise DeniedError("a seat sends its own feed, and the share that it has begun")
        using.rooms.open_room(case, room_spec(live, using.video_codecs))
        connection = using.rooms.publish(case, feed, offer_sdp)
        live.connections[connection.id] = standing.seat
        return connection


def subscribe(case: str, feed: str, offer_sdp: str, *, using: SessionPorts, by: Principal) -> Connection:
    """Watch another seat's feed or share; errors as `Rooms.subscribe`."""
    with opened(case, using=using, by=by) as (live, standing):
        _require_open(live)
        _require_seated(live, standing)
        owner = feed.removesuffix(SCREEN)
        if owner not in seats_of(live) or feed == standing.seat:
            raise NotFoundError(f"the feeds of this session are: {', '.join(seats_of(live))}")
        using.rooms.open_room(case, room_spec(live, using.video_codecs))
        connection = using.rooms.subscribe(case, feed, offer_sdp, standing.seat)
        live.connections[connection.id] = standing.seat
        return connection


def renegotiate(case: str, connection: str, offer_sdp: str, *, using: SessionPorts, by: Principal) -> Connection:
    """Another offer on one's own connection."""
    with opened(case, using=using, by=by) as (live, standing):
        _require_own(live, standing, connection)
        return using.rooms.renegotiate(case, connection, offer_sdp)


def trickle(case: str, connection: str, fragment: str, etag: str, *, using: SessionPorts, by: Principal) -> str:
    """An ICE fragment on one's own connection."""
    with opened(case, using=using, by=by) as (live, standing):
        _require_own(live, standing, connection)
        return using.rooms.trickle(case, connection, fragment, etag)


def close_connection(case: str, connection: str, *, using: SessionPorts, by: Principal) -> None:
    """Close one's own connection; one that is gone already is fine."""
    with opened(case, using=using, by=by) as (live, standing):
        _require_own(live, standing, connection)
        live.connections.pop(connection, None)
        using.rooms.close_connection(case, connection)


def _require_open(live: LiveSession) -> None:
    if phase_now(live) not in OPEN:
        raise ConflictError("this session is over: nothing is sent any more", code="session_over")


def _require_seated(live: LiveSession, standing: Standing) -> None:
    if standing.seat not in (*seats_of(live), SUPERVISOR):
        raise DeniedError("only who has a seat watches", code="sit_first")
    require_supervising(live, standing)


def _require_own(live: LiveSession, standing: Standing, connection: str) -> None:
    """After a restart nobody knows whose a connection is: its id is unguessable, and this seat may touch this case."""
    _require_seated(live, standing)
    if live.connections.get(connection, standing.seat) != standing.seat:
        raise NotFoundError("there is no such connection of yours")
