"""Beside the voices: written messages, sealed with the case, and shares of a screen, a document or a whiteboard.

A share is recorded as a track of its own; how it is sent is `media.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.capture.cases.model import SHARE_KINDS
from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.model import Phase
from jianlu.capture.sessions.opening import opened, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import SCREEN, keep, phase_now, seats_of
from jianlu.capture.sessions.supervising import SUPERVISOR, require_supervising
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal

MESSAGE_FORMAT = "jianlu/message/v1"
MESSAGE_CHARACTERS_MAX = 2_000
ADVISED = "agent"
"""The seat that a supervisor's whisper is for."""

MESSAGES_MAX = 1_000
"""Messages of a session: a talk of an hour in writing; beyond, somebody floods it."""


def send_message(case: str, text: str, *, using: SessionPorts, by: Principal) -> None:
    """Say something in writing to everybody in the session."""
    if not 1 <= len(text.strip()) <= MESSAGE_CHARACTERS_MAX:
        raise InvalidError(f"a message has 1 to {MESSAGE_CHARACTERS_MAX} characters")
    with opened(case, using=using, by=by) as (live, standing):
        if phase_now(live) not in OPEN:
            raise ConflictError("this session is over: nothing is added to it", code="session_over")
        if standing.seat not in (*seats_of(live), SUPERVISOR):
            raise DeniedError("only who has a seat writes", code="sit_first")
        require_supervising(live, standing)
        _write(live, text.strip(), {"by": standing.seat, "at_ms": session_ms(live, using=using)}, {})


def advise(case: str, text: str, *, using: SessionPorts, by: Principal) -> None:
    """Tell the agent something that the customer does not read: a supervisor's whisper.

    It is sealed with the case like every message, and everybody in the session is told by whom and when the agent was advised.
    DeniedError for whoever does not sit on the supervisor's seat.
    """
    if not 1 <= len(text.strip()) <= MESSAGE_CHARACTERS_MAX:
        raise InvalidError(f"a message has 1 to {MESSAGE_CHARACTERS_MAX} characters")
    with opened(case, using=using, by=by) as (live, standing):
        if phase_now(live) not in OPEN:
            raise ConflictError("this session is over: nothing is added to it", code="session_over")
        if standing.seat != SUPERVISOR:
            raise DeniedError("the agent is advised by a supervisor: ask one")
        require_supervising(live, standing)
        body = {"by": SUPERVISOR, "to": ADVISED, "at_ms": session_ms(live, using=using)}
        _write(live, text.strip(), body, {"who": digest_of(standing.account.encode())})


def _write(live: LiveSession, text: str, body: Mapping[str, Any], commits: Mapping[str, str]) -> None:
    number = len(live.talk.messages) + 1
    if number > MESSAGES_MAX:
        raise ConflictError("this session has too many messages: talk instead", code="too_many_messages")
    name = f"message-{number}"
    content = canonical_bytes({"format": MESSAGE_FORMAT, "by": body["by"], "text": text})
    live.log.seal_and_append(EventType.MESSAGE_RECORDED, name, content, body, commits=commits or None)
    live.texts[name] = text
    live.catch_up()


def start_share(case: str, kind: str, *, using: SessionPorts, by: Principal) -> str:
    """Begin to share; returns the feed (and track) that the share is published as. A share that goes on answers with itself."""
    if kind not in SHARE_KINDS:
        raise InvalidError(f"`kind` is one of: {', '.join(SHARE_KINDS)}")
    with opened(case, using=using, by=by) as (live, standing):
        rule = live.scene.seat_of(standing.seat)
        if rule is None or not rule.may_share or standing.seat not in seats_of(live):
            raise DeniedError("this template lets other seats share, not yours", code="not_your_share")
        if phase_now(live) is not Phase.LIVE:
            raise ConflictError("sharing begins once the session is recorded", code="not_recorded_yet")
        track = f"{standing.seat}{SCREEN}"
        if any(share.track == track and share.kind == kind for share in live.talk.shares):
            return track
        now_ms = session_ms(live, using=using)
        if any(share.track == track for share in live.talk.shares):
            live.log.append(EventType.SHARE_ENDED, {"track": track, "at_ms": now_ms})
        live.log.append(EventType.SHARE_STARTED, {"track": track, "kind": kind, "at_ms": now_ms})
        live.catch_up()
        keep(live, using=using)
        return track


def end_share(case: str, track: str, *, using: SessionPorts, by: Principal) -> None:
    """End a share: one's own, or as agent anybody's. One that is over already stays so."""
    with opened(case, using=using, by=by) as (live, standing):
        share = next((each for each in live.talk.shares if each.track == track), None)
        if share is None:
            if track.removesuffix(SCREEN) not in seats_of(live):
                raise NotFoundError("there is no such share in this session")
            return
        if standing.seat not in (share.by, "agent"):
            raise DeniedError("whoever shares ends it, or the agent")
        live.log.append(EventType.SHARE_ENDED, {"track": track, "at_ms": session_ms(live, using=using)})
        live.catch_up()
        keep(live, using=using)
