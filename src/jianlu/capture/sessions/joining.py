"""Joining: signed invitations that work once, seats taken and left. Nothing is installed and nobody needs an account but staff.

A token is `payload.signature`: who may sit where, until when, and an id that the table of invitations crosses off. The signature keeps
guesses away from the database; only the table says whether an invitation is still good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from jianlu.capture.cases.case_rows import change_case, claim_agent
from jianlu.capture.sessions._tables import invitations
from jianlu.capture.sessions.lifecycle import OPEN, may
from jianlu.capture.sessions.members import room_spec
from jianlu.capture.sessions.model import Act, Phase
from jianlu.capture.sessions.opening import Standing, opened, opened_by_watch, require_seat, session_ms, standing_of
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import disconnect, keep, phase_now, seats_of
from jianlu.capture.sessions.supervising import SUPERVISOR, is_supervising, require_supervising, sit_as_supervisor
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, JianluError, NotFoundError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId, case_ref
from jianlu.core.terms.instants import instant_text
from jianlu.govern.apikeys.keys import by_key
from jianlu.govern.identity.model import Principal, Role, Staff
from jianlu.runtime.database import transaction

VALID_FOR = timedelta(hours=24)
"""How long an invitation holds: sent the evening before, used the next day."""

_LABEL = b"jianlu/invitation@v1\x00"
_TOKEN_MAX = 600
_LEFT_REASONS = ("left", "handover", "expired")


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as it is handed over: `token` is shown once and kept nowhere; `check_code` is what both sides compare."""

    token: str
    case: str
    seat: str
    check_code: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Whom a good invitation admits; `token` is what they show from then on, kept nowhere."""

    tenant: TenantId
    case: CaseRef
    seat: str
    token: str = ""


Admit = Callable[[Connection, TenantId, CaseRef, str], str]
"""Enters in a transaction that somebody is admitted to a seat, and returns their token."""


def invite(case: str, seat: str, *, using: SessionPorts, by: Principal) -> Invitation:
    """An invitation to a seat of the case; an earlier one to the same seat is revoked.

    ConflictError for a session that is over; DeniedError for whoever does not lead it; InvalidError for a seat that it does not have.
    """
    with opened(case, using=using, by=by) as (live, standing):
        _require(live, standing, Act.INVITE)
        if seat not in seats_of(live) or seat == "agent":
            raise InvalidError(f"this session invites to: {', '.join(each for each in seats_of(live) if each != 'agent')}")
        return issue(live, seat, standing.account, using=using)


def issue(live: LiveSession, seat: str, account: str, *, using: SessionPorts) -> Invitation:
    """The invitation itself, for a session whose lock is held."""
    now = using.clock.now()
    name, expires = secrets.token_hex(12), now + VALID_FOR
    with transaction(using.database) as connection:
        connection.execute(
            update(invitations).where(*_outstanding(using.tenant, live.row.case, seat)).values(revoked_at=instant_text(now))
        )
        connection.execute(
            insert(invitations).values(
                invitation=name,
                tenant=using.tenant,
                case_ref=live.row.case,
                seat=seat,
                issued_by=account,
                issued_at=instant_text(now),
                expires_at=instant_text(expires),
            )
        )
        if live.row.state == Phase.DRAFT.value:
            change_case(connection, using.tenant, live.row.case, state=Phase.WAITING.value)
    payload = json.dumps([name, live.row.case, seat, int(expires.timestamp())], separators=(",", ":")).encode()
    token = f"{_text(payload)}.{_text(_signature(using, payload))}"
    return Invitation(token, live.row.case, seat, live.row.check_code, instant_text(expires))


def revoke(case: str, seat: str, *, using: SessionPorts, by: Principal) -> None:
    """Take back what invitations to the seat are still good."""
    with opened(case, using=using, by=by) as (live, standing):
        _require(live, standing, Act.INVITE)
        mine = _outstanding(using.tenant, case, seat)
        with transaction(using.database) as connection:
            connection.execute(update(invitations).where(*mine).values(revoked_at=instant_text(using.clock.now())))


def accept(token: str, *, using: SessionPorts, admit: Admit = lambda *_: "") -> Admission:
    """Take the seat that the token invites to; it works once. Whoever sits there on another device is disconnected, on the record.

    DeniedError for a token that is not ours, over, used, or taken back, always in the same words; ConflictError when the session is over.
    A use of one that was used or taken back is on the record. It is crossed off in the transaction in which `admit` enters the
    admission: UnavailableError when room, record or database are away, and then it was not used.
    """
    name, case, seat = _claims(token, using)
    at = instant_text(using.clock.now())
    with opened_by_watch(case, using=using) as live:
        if phase_now(live) not in OPEN:
            raise ConflictError("this session is over: ask the institution if you expected another", code="session_over")
        place = (invitations.c.tenant == using.tenant, invitations.c.case_ref == case, invitations.c.seat == seat)
        named = (invitations.c.invitation == name, *place)
        good = (*named, *_good(at))
        if not _is_there(good, using):
            _record_stale(live, name, seat, using=using)
            raise _stale()
        _admit(live, seat, using=using)
        try:
            admission = _use(good, at, Admission(using.tenant, case_ref(case), seat), admit, using)
        except JianluError:
            _record_left(live, seat, "left")  # they sat down, and nobody can show that it was them
            raise
        keep(live, using=using)
        return admission


def take_seat(case: str, seat: str = "agent", *, using: SessionPorts, by: Staff) -> None:
    """Sit down by account or key: the agent of a case, or a supervisor beside them, which everybody is told. The same one again is fine.

    A second agent is ConflictError, and on the record.
    """
    if by.tenant != using.tenant:
        raise NotFoundError("there is no such case here: check the link")
    with opened_by_watch(case, using=using) as live:
        standing = standing_of(live, by)
        if phase_now(live) not in OPEN:
            raise ConflictError("this session is over: make a new case", code="session_over")
        if seat == SUPERVISOR:
            require_seat(standing, SUPERVISOR)
            if not is_supervising(live, standing):
                disconnect(live, SUPERVISOR, using=using)
            sit_as_supervisor(live, standing)
            keep(live, using=using)
            return
        if seat != "agent" or not by.has(Role.AGENT, Role.SUPERVISOR):
            raise DeniedError("an account sits on the agent's seat, or on the supervisor's: others are invited")
        with transaction(using.database) as connection:
            is_theirs = claim_agent(connection, using.tenant, case, by.account.id, by.account.display)
        how = "program" if by_key(by) else "account"
        if not is_theirs:
            _record_refusal(live, seat, how, "occupied", by.account.id, using=using)
            raise ConflictError("another agent leads this session: ask for a hand-over", code="another_leads")
        _sit(live, "agent", how, using=using)


def leave_seat(case: str, *, using: SessionPorts, by: Principal, reason: str = "left") -> None:
    """Get up; whoever was invited needs a new invitation, an agent just sits down again."""
    with opened(case, using=using, by=by) as (live, standing):
        require_supervising(live, standing)
        if standing.seat in live.talk.seats and phase_now(live) in OPEN:
            kept = reason if reason in _LEFT_REASONS else "left"
            disconnect(live, standing.seat, using=using)
            _record_left(live, standing.seat, kept)
            keep(live, using=using)


def outstanding_seats(live: LiveSession, *, using: SessionPorts) -> frozenset[str]:
    """Seats with an invitation that is still good."""
    query = select(invitations.c.seat).where(
        *_outstanding(using.tenant, live.row.case), invitations.c.expires_at > instant_text(using.clock.now())
    )
    with transaction(using.database, writes=False) as connection:
        return frozenset(connection.execute(query).scalars())


def _good(at: str) -> tuple[ColumnElement[bool], ...]:
    return (invitations.c.used_at.is_(None), invitations.c.revoked_at.is_(None), invitations.c.expires_at > at)


def _is_there(good: tuple[ColumnElement[bool], ...], using: SessionPorts) -> bool:
    with transaction(using.database, writes=False) as connection:
        return connection.execute(select(invitations.c.invitation).where(*good)).first() is not None


def _use(good: tuple[ColumnElement[bool], ...], at: str, admission: Admission, admit: Admit, using: SessionPorts) -> Admission:
    """Cross the invitation off and enter the admission, both or neither; DeniedError when it is good no longer."""
    with transaction(using.database) as connection:
        if connection.execute(update(invitations).where(*good).values(used_at=at)).rowcount != 1:
            raise _stale()
        return replace(admission, token=admit(connection, admission.tenant, admission.case, admission.seat))


def _admit(live: LiveSession, seat: str, *, using: SessionPorts) -> None:
    using.rooms.open_room(live.row.case, room_spec(live, using.video_codecs))
    disconnect(live, seat, using=using)
    if seat in live.talk.seats:
        _record_left(live, seat, "replaced")
    _record_taken(live, seat, "invitation")


def _sit(live: LiveSession, seat: str, how: str, *, using: SessionPorts) -> None:
    using.rooms.open_room(live.row.case, room_spec(live, using.video_codecs))
    _record_taken(live, seat, how)
    keep(live, using=using)


def _record_taken(live: LiveSession, seat: str, how: str) -> None:
    if live.talk.seats.get(seat) != how:
        live.log.append(EventType.SEAT_TAKEN, {"seat": seat, "how": how})
        live.catch_up()


def _record_left(live: LiveSession, seat: str, reason: str) -> None:
    live.log.append(EventType.SEAT_LEFT, {"seat": seat, "reason": reason})
    live.catch_up()


def _record_stale(live: LiveSession, name: str, seat: str, *, using: SessionPorts) -> None:
    """An invitation of ours that is good no longer was used: which one, and why it is not."""
    with transaction(using.database, writes=False) as connection:
        query = select(invitations.c.used_at, invitations.c.revoked_at).where(
            invitations.c.invitation == name, invitations.c.tenant == using.tenant, invitations.c.case_ref == live.row.case
        )
        found = connection.execute(query).first()
    if found is not None and (found.used_at or found.revoked_at):
        _record_refusal(live, seat, "invitation", "used" if found.used_at else "revoked", name, using=using)


def _record_refusal(live: LiveSession, seat: str, how: str, reason: str, who: str, *, using: SessionPorts) -> None:
    """Somebody was turned away. Once for each account or invitation: who tries again and again fills no ledger."""
    if who not in live.turned_away:
        body = {"seat": seat, "how": how, "reason": reason, "at_ms": session_ms(live, using=using)}
        live.log.append(EventType.SEAT_REFUSED, body, commits={"by": digest_of(who.encode())})
        live.turned_away.add(who)
        live.catch_up()


def _require(live: LiveSession, standing: Standing, act: Act) -> None:
    phase = phase_now(live)
    if phase not in OPEN:
        raise ConflictError("this session is over: make a new case", code="session_over")
    if not may(act, standing.seat, phase):
        raise DeniedError("whoever leads the session invites: ask them", code="not_your_seat")


def _outstanding(tenant: str, case: str, seat: str = "") -> tuple[ColumnElement[bool], ...]:
    columns = invitations.c
    found = (columns.tenant == tenant, columns.case_ref == case, columns.used_at.is_(None), columns.revoked_at.is_(None))
    return (*found, columns.seat == seat) if seat else found


def _claims(token: str, using: SessionPorts) -> tuple[str, str, str]:
    claimed_payload, _, claimed_signature = token.partition(".")
    try:
        if len(token) > _TOKEN_MAX:
            raise _stale()
        payload, signature = _bytes(claimed_payload), _bytes(claimed_signature)
        if not hmac.compare_digest(signature, _signature(using, payload)):
            raise _stale()
        name, case, seat, expires = json.loads(payload)
    except (binascii.Error, ValueError, UnicodeEncodeError) as error:
        raise _stale() from error
    if expires <= using.clock.now().timestamp():
        raise _stale()
    return name, case, seat


def _stale() -> DeniedError:
    return DeniedError(
        "this invitation is not good, or no longer: open the newest one, or ask for another", code="invitation_not_good"
    )


def _signature(using: SessionPorts, payload: bytes) -> bytes:
    key = hmac.new(using.tenant_secret, _LABEL, hashlib.sha256).digest()
    return hmac.new(key, payload, hashlib.sha256).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
