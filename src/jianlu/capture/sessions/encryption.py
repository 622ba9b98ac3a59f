"""End-to-end encryption of a session: pages announce their keys, the lead's page hands the secret to recorders and to other pages.

Everything that passes here is public or wrapped to a member's own key. Who the members are is recorded when the recording
starts and whenever it changes, before anything else is done about it: what cannot be recorded does not happen. A recorder that the plan
demands and that is no member keeps the session from starting.
"""

from __future__ import annotations

import base64
import binascii
import re

from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.members import LEAD, RECORDER_PREFIX, Membership, PageKey, is_encrypted
from jianlu.capture.sessions.opening import Standing, opened, require_seat, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recorders import Recorders
from jianlu.capture.sessions.recording import keep, phase_now, recorders_of, seats_of
from jianlu.capture.sessions.supervising import require_supervising
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal

SUITE = 4
"""SFrame AES_128_GCM_SHA256_128 (RFC 9605)."""

KEY_BYTES, WRAPPED_BYTES = 32, 80
CHANGES_MAX, CHANGES_OF_SEAT_MAX = 50, 10
"""Changes of the members of one session, by whoever leads and by each other seat: people come and go, no page fills the ledger, and none
uses up what is another's."""

MEMBERS_MAX = 12
"""Keys that one secret was given to: as many as one event names."""

_SECRET_ID = re.compile(r"^([0-9a-f]{16})?$")
_PROOF = re.compile(r"^[A-Za-z0-9_-]{0,43}$")


def announce(case: str, public_key: str, secret: str, proof: str, *, using: SessionPorts, by: Principal) -> None:
    """The caller's page has this key, and holds the secret of that id (none: ""); what the lead's page holds is the room's secret.

    InvalidError for anything that is no key, id or proof; ConflictError for a session that is over, or not encrypted, and for a seat
    whose keys changed too often.
    """
    key = _bytes(public_key, KEY_BYTES)
    if not _SECRET_ID.fullmatch(secret) or not _PROOF.fullmatch(proof):
        raise InvalidError("a secret's id has 16 hexadecimal digits, a proof at most 43 characters: load the page again")
    with opened(case, using=using, by=by) as (live, standing):
        _require(live)
        if standing.seat not in (*seats_of(live), "supervisor"):
            raise DeniedError("only who has a seat takes part: take a seat first", code="sit_first")
        require_supervising(live, standing)
        page, before = PageKey(key, secret, proof), live.members.pages.get(standing.seat)
        if page == before:
            return
        members = live.members.copy()
        members.pages[standing.seat] = page
        if standing.seat == LEAD:
            members.secret = secret
        if members.holds(standing.seat) or (before is not None and before.public_key != key):
            members.handovers.pop(standing.seat, None)
        _take(live, members, standing.seat, using)


def admit_recorder(case: str, recorder: str, wrapped: str, *, using: SessionPorts, by: Principal) -> None:
    """Give a recorder the room's secret, wrapped to its own key: it is a member from now on.

    DeniedError for whoever does not lead, and when the secret is not for this recorder; NotFoundError for a recorder that is not needed.
    """
    content = _bytes(wrapped, WRAPPED_BYTES)
    with opened(case, using=using, by=by) as (live, standing):
        _require(live)
        _require_lead(standing)
        found = recorders_of(live, using=using).get(recorder)
        if found is None:
            raise NotFoundError("this session has no such recorder: load the page again")
        members = live.members.copy()
        members.given.add((members.secret, f"{RECORDER_PREFIX}{recorder}", found.member(case).public_key))
        _require_record(live, members, LEAD)
        found.admit(case, content)
        members = live.members.copy()
        _look(live, members, recorder, found)
        _take(live, members, LEAD, using)


def hand_over(case: str, seat: str, wrapped: str, public_key: str = "", *, using: SessionPorts, by: Principal) -> None:
    """Give that seat's page the room's secret, wrapped to its key, and keep it until the page has fetched it: it is a member from now on.

    `public_key` says to which key it was wrapped, "" for the page's present one; one that was replaced meanwhile was given it all the same.
    NotFoundError for a seat of which no key is known; ConflictError where it cannot be recorded.
    """
    content, key = _bytes(wrapped, WRAPPED_BYTES), _bytes(public_key, KEY_BYTES) if public_key else b""
    with opened(case, using=using, by=by) as (live, standing):
        _require(live)
        _require_lead(standing)
        page = live.members.pages.get(seat)
        if seat not in (*seats_of(live), "supervisor") or (page is None and not key):
            raise NotFoundError("nobody on that seat asks for the key: wait until they have opened their page")
        if not live.members.secret:
            raise ConflictError("your page has not said which key it holds: load it again", code="reload_page")
        members = live.members.copy()
        present = page.public_key if page is not None else b""
        members.given.add((members.secret, seat, key or present))
        if present == (key or present):
            members.handovers[seat] = content
        _take(live, members, LEAD, using)


def look_at_members(live: LiveSession, *, using: SessionPorts) -> None:
    """Ask the recorders of an encrypted session what they are given, and record what is new of the members while it is recorded."""
    if not is_encrypted(live):
        return
    for name, recorder in recorders_of(live, using=using).items():
        _look(live, live.members, name, recorder)
    if live.talk.is_recording:
        record_members(live, using=using)


def record_members(live: LiveSession, *, using: SessionPorts) -> None:
    """Record who the members are, if that is not yet on the record."""
    _record(live, live.members, "", using)


def written(content: bytes) -> str:
    """Bytes as text: base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _look(live: LiveSession, members: Membership, name: str, recorder: Recorders) -> None:
    try:
        members.hear(name, recorder.member(live.row.case))
    except UnavailableError:
        members.hear(name, None)


def _take(live: LiveSession, members: Membership, seat: str, using: SessionPorts) -> None:
    """Go on with these members, by an act of that seat, once they are on the record."""
    _require_record(live, members, seat)
    if _is_recorded(live):
        _record(live, members, seat, using)
    live.members = members
    keep(live, using=using)


def _is_recorded(live: LiveSession) -> bool:
    return live.talk.is_recording and not live.talk.end_reason


def _require_record(live: LiveSession, members: Membership, seat: str) -> None:
    """ConflictError when these members could not be recorded as an act of that seat."""
    if len(members.roster) > MEMBERS_MAX:
        raise ConflictError(f"this key was given to {MEMBERS_MAX} already: start over with a new key")
    most = CHANGES_MAX if seat == LEAD else CHANGES_OF_SEAT_MAX
    if _is_recorded(live) and _is_new(members) and members.changes[seat] >= most:
        raise ConflictError(
            "this seat has changed the members of the session too often: go on with those who are, or end it",
            code="members_too_often",
        )


def _is_new(members: Membership) -> bool:
    return bool(members.secret) and members.recorded != (members.secret, members.roster)


def _record(live: LiveSession, members: Membership, seat: str, using: SessionPorts) -> None:
    if not is_encrypted(live) or not _is_new(members):
        return
    secret, roster = members.secret, members.roster
    body = {"suite": SUITE, "secret": secret, "members": [list(row) for row in roster], "at_ms": session_ms(live, using=using)}
    live.log.append(EventType.ENCRYPTION_SET, {**body, "by": seat} if seat else body)
    members.recorded = (secret, roster)
    members.changes[seat] += 1
    live.catch_up()


def _require(live: LiveSession) -> None:
    if phase_now(live) not in OPEN:
        raise ConflictError("this session is over: make a new case", code="session_over")
    if not is_encrypted(live):
        raise ConflictError("this session is not end-to-end encrypted: make a case that is")


def _require_lead(standing: Standing) -> None:
    require_seat(standing, LEAD)


def _bytes(text: str, size: int) -> bytes:
    try:
        content = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, UnicodeEncodeError) as error:
        raise InvalidError("keys and wrapped secrets are base64url: load the page again") from error
    if len(content) != size:
        raise InvalidError(f"{size} bytes are expected here: load the page again")
    return content
