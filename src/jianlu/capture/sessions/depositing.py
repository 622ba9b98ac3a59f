"""Deposit of an electronic contract during a session: the file is sealed with the case, and its event says at which second it came.

The event commits to the file's SHA-256; the package opens the commitment and carries the file. What is said of its signature is only
what can be seen in the file (`signed_pdf.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Never

from jianlu.capture.cases.find_cases import read_case
from jianlu.capture.sessions.lifecycle import may
from jianlu.capture.sessions.model import Act, Phase, StepState
from jianlu.capture.sessions.opening import opened, session_ms, standing_in
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import keep, phase_now
from jianlu.capture.sessions.signed_pdf import SignatureSeen, signature_seen
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal

DEPOSITS_MAX = 50
"""Documents of one session: a contract with its annexes."""

_NOT_YOURS = "this is not for your seat to do: whoever leads the session, or signs, deposits documents"
_DOCUMENT = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposited document: its sealed object, its SHA-256, the session's ms at which it came, and what is seen of a signature."""

    deposit: str
    document: str
    sha256: str
    at_ms: int
    signature: SignatureSeen


def require_depositor(case: str, *, using: SessionPorts, by: Principal) -> None:
    """DeniedError for whoever does not deposit documents in that case, NotFoundError for a case that `by` may not see.

    Asked before a long file is taken in: the session is not opened for it, whoever is at work on it not waited for.
    """
    if not may(Act.DEPOSIT, standing_in(read_case(case, using=using, by=by), by).seat, Phase.LIVE):
        raise DeniedError(_NOT_YOURS)


def deposit_document(case: str, document: str, content: bytes, *, using: SessionPorts, by: Principal) -> Deposit:
    """Put a signed PDF into the case, under a code such as `contract`; the same file under the same code again is the same deposit.

    ConflictError while the session is not recorded; DeniedError for a seat that may not, and for a file in which the scanner found
    malware, which is recorded and not kept; InvalidError for what is no PDF; UnavailableError while a scanner that is set does not answer.
    """
    if not _DOCUMENT.fullmatch(document):
        raise InvalidError("`document` is a code of a-z, 0-9 and underscore, such as contract")
    require_depositor(case, using=using, by=by)
    signature, digest = signature_seen(content), digest_of(content)
    found = using.scan(content) if using.scan else ""  # before the session is locked: a scan takes seconds
    with opened(case, using=using, by=by) as (live, standing):
        if not may(Act.DEPOSIT, standing.seat, Phase.LIVE):
            raise DeniedError(_NOT_YOURS)
        if phase_now(live) is not Phase.LIVE:
            raise ConflictError(
                "documents are deposited while the session is recorded: their second is their evidence", code="not_recorded_yet"
            )
        turn = live.talk.next_run
        step = turn.step if turn is not None and turn.state is StepState.CURRENT else ""
        if found:
            fields = {"document": document, "step": step, "found": found, "by": standing.seat}
            _refuse(live, {**fields, "at_ms": session_ms(live, using=using)}, digest)
        known = [event for event in live.log.events if event.type is EventType.DEPOSIT_RECORDED]
        event = next((each for each in known if _is_same(live, each, document, content, digest)), None)
        if event is None:
            if len(known) >= DEPOSITS_MAX:
                raise ConflictError(
                    "this session has too many documents: put the rest into another case", code="too_many_documents"
                )
            fields = {"document": document, "step": step, "signature": signature, "by": standing.seat}
            body = {**fields, "at_ms": session_ms(live, using=using)}
            event = live.log.seal_and_append(EventType.DEPOSIT_RECORDED, f"deposit-{len(known) + 1}", content, body)
            live.catch_up()
            keep(live, using=using)
        return Deposit(event.body["object"], document, digest, event.body["at_ms"], signature)


def _refuse(live: LiveSession, body: dict[str, Any], digest: str) -> Never:
    """Record that malware came, once for each file as far as there is room for it, and refuse it."""
    told = [event for event in live.log.events if event.type is EventType.DEPOSIT_REFUSED]
    is_told = any(opens(event.body["content"], digest, live.log.salt(f"{event.n}/content")) for event in told)
    if not is_told and len(told) < DEPOSITS_MAX:
        live.log.append(EventType.DEPOSIT_REFUSED, body, commits={"content": digest})
        live.catch_up()
    raise DeniedError("malware was found in this file, so it is not taken: have the device looked at", code="malware_found")


def _is_same(live: LiveSession, event: Event, document: str, content: bytes, digest: str) -> bool:
    body = event.body
    if (body["document"], body["plain_bytes"]) != (document, len(content)):
        return False
    return digest_of(live.log.open_object(body["object"], body["version"])) == digest
