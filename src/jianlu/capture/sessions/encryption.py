"""End-to-end encryption of a session: pages announce their keys, the lead's page hands the secret to recorders and to other pages.

Everything that passes here is public or wrapped to a member's own key. Who the members are is recorded when the recording
starts and whenever it changes; a recorder that the plan demands and that is no member keeps the session from starting.
"""

from __future__ import annotations

import base64
import binascii
import re

from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.members import LEAD, PageKey, is_encrypted
from jianlu.capture.sessions.opening import Standing, opened, require_seat, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recorders import RecorderMember, Recorders
from jianlu.capture.sessions.recording import keep, phase_now, recorders_of, seats_of
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal

SUITE = 4
"""SFrame AES_128_GCM_SHA256_128 (RFC 9605)."""

KEY_BYTES, WRAPPED_BYTES = 32, 80
CHANGES_MAX = 50
"""Changes of the members of one session that are recorded: people come and go, and no page fills the ledger."""

_SECRET_ID = re.compile(r"^([0-9a-f]{16})?$")
_PROOF = re.compile(r"^[A-Za-z0-9_-]{0,43}$")


def announce(case: str, public_key: str, secret: str, proof: str, *, using: SessionPorts, by: Principal) -> None:
    """The caller's page has this key, and holds the secret of that id (none: ""); what the lead's page holds is the room's secret.

    InvalidError for anything that is no key, id or proof; ConflictError for a session that is over, or not encrypted.
    """
    key = _bytes(public_key, KEY_BYTES)
    if not _SECRET_ID.fullmatch(secret) or not _PROOF.fullmatch(proof):
        raise InvalidError("a secret's id has 16 hexadecimal digits, a proof at most 43 characters: load the page again")
    with opened(case, using=using, by=by) as (live, standing):
        _require(live)
        if standing.seat not in (*seats_of(live), "supervisor"):
            raise DeniedError("only who has a seat takes part: take a seat first")
        page = PageKey(key, secret, proof)
        if live.members.pages.get(standing.seat) == page:
            return
        live.members.pages[standing.seat] = page
        if standing.seat == LEAD:
            live.members.secret = secret
        if live.members.holds(standing.seat):
            live.members.handovers.pop(standing.seat, None)
        _changed(live, using)


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
        found.admit(case, content)
        _look(live, recorder, found)
        _changed(live, using)


def hand_over(case: str, seat: str, wrapped: str, *, using: SessionPorts, by: Principal) -> None:
    """Keep the room's secret, wrapped to the key of that seat's page, until the page has fetched it."""
    content = _bytes(wrapped, WRAPPED_BYTES)
    with opened(case, using=using, by=by) as (live, standing):
        _require(live)
        _require_lead(standing)
        if seat not in live.members.pages:
            raise NotFoundError("nobody on that seat asks for the key: wait until they have opened their page")
        live.members.handovers[seat] = content
        _changed(live, using)


def look_at_members(live: LiveSession, *, using: SessionPorts) -> None:
    """Ask the recorders of an encrypted session what they are given, and record what is new of the members while it is recorded."""
    if not is_encrypted(live):
        return
    for name, recorder in recorders_of(live, using=using).items():
        _look(live, name, recorder)
    if live.talk.is_recording:
        record_members(live, using=using)


def record_members(live: LiveSession, *, using: SessionPorts) -> None:
    """Record who the members are, if that is not yet on the record."""
    members = live.members
    if not is_encrypted(live) or members.roster == members.recorded or members.changes >= CHANGES_MAX or not members.secret:
        return
    members.recorded, members.changes = members.roster, members.changes + 1
    body = {"suite": SUITE, "secret": members.secret, "members": members.recorded, "at_ms": session_ms(live, using=using)}
    live.log.append(EventType.ENCRYPTION_SET, body)
    live.catch_up()


def written(content: bytes) -> str:
    """Bytes as text: base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _look(live: LiveSession, name: str, recorder: Recorders) -> None:
    found: RecorderMember | None
    try:
        found = recorder.member(live.row.case)
    except UnavailableError:
        found = None
    live.members.recorders[name] = found


def _changed(live: LiveSession, using: SessionPorts) -> None:
    if live.talk.is_recording and not live.talk.end_reason:
        record_members(live, using=using)
    keep(live, using=using)


def _require(live: LiveSession) -> None:
    if phase_now(live) not in OPEN:
        raise ConflictError("this session is over: make a new case")
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
