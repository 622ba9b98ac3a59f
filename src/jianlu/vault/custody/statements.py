"""Days that are stated after the call: when the contract ended with which a term begins (`specs/custody.md`).

A statement is an event of the case's custody chain, by two people, with the document that shows the day. A correction is a new statement of
a later day; what would make a case due earlier is refused. Whether it may be said is read from the chains, the index is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.custody import LAST_ZONE, is_closed, kept_until
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import OPEN, has_day, part_kept, stated_days, waiting_for
from jianlu.core.formats.statement import Statement, statement_bytes, statement_of
from jianlu.core.limits import CERTIFICATE_STATEMENTS_MAX
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.runtime.clock import Clock
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.chain import REASON_MAX, REASON_MIN, said
from jianlu.vault.keys import is_shredded
from jianlu.vault.ports import VaultPorts

EVIDENCE_MIN, EVIDENCE_MAX = 2, 120
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stated:
    """What is to be said of one case: the trigger, its day, the document that shows it and that document's SHA-256."""

    case: str
    trigger: str
    day: str
    evidence: str
    evidence_digest: str


@dataclass(frozen=True, slots=True)
class ApprovedStatement:
    """The id of what two people saw, why, who asked, who approved, by which request."""

    statement: str
    reason: str
    by: str
    second: str
    request: str


def require_statable(stated: Stated, case: Sequence[Event], custody: Sequence[Event], *, clock: Clock) -> None:
    """Raise unless that may be said of the case with these events now.

    InvalidError for words that say nothing, a day that has not come or lies before the recording, or a trigger that no term of the case
    waits for; NotFoundError without events; ConflictError for a case that is not closed, is being destroyed, or for which that day or a
    later one was stated before.
    """
    said(stated.evidence, EVIDENCE_MIN, EVIDENCE_MAX, "the document that shows the day")
    if not _DIGEST.fullmatch(stated.evidence_digest):
        raise InvalidError(
            "the document's SHA-256 is 64 hexadecimal digits in small letters: see `sha256sum`", code="statement_digest"
        )
    if not has_day(stated.day):
        raise InvalidError("a day is written 2036-11-30", code="statement_day")
    if stated.day > clock.now().date().isoformat():
        raise InvalidError("that day has not come: state it when it has", code="statement_future")
    if not case:
        raise NotFoundError("there is no such case in the ledger: check its number", code="statement_case")
    if not is_closed(case):
        raise ConflictError("the case is not closed: its terms are not set yet", code="statement_open")
    if stated.day < (parse_instant(case[0].at) - LAST_ZONE).date().isoformat():
        raise InvalidError("that day lies before the recording: look at the case and the document again", code="statement_before")
    parts = [part_kept(event.body) for event in case if event.type is EventType.RETENTION_SET]
    waited = waiting_for(parts)
    if stated.trigger not in waited:
        names = ", ".join(waited) or "none"
        raise InvalidError(f"no term of this case waits for that day; it waits for: {names}", code="statement_trigger")
    if any(event.type is EventType.DESTRUCTION_STARTED for event in custody):
        raise ConflictError("the destruction of this case began already: nothing is stated any more", code="statement_destroyed")
    before = stated_days(custody).get(stated.trigger, "")
    if stated.day <= before:
        raise ConflictError(f"{before} was stated already: only a later day corrects it", code="statement_earlier")
    if sum(event.type is EventType.TRIGGER_STATED for event in custody) >= CERTIFICATE_STATEMENTS_MAX:
        raise ConflictError("too many days were stated for this case: find out why", code="statement_many")


def state_trigger(
    log: CaseLog, case: Sequence[Event], stated: Stated, approved: ApprovedStatement, *, using: VaultPorts, clock: Clock
) -> Event:
    """The event by which the day holds, in the ledger on return; the same statement again changes nothing.

    `log` is the case's custody chain, `case` its own events. DeniedError when one person did both; else as `require_statable`.
    """
    if approved.by == approved.second or not approved.second:
        raise DeniedError("a day is stated by two people: have somebody else approve")
    known = (approved.statement, stated.trigger)
    for event in log.events:
        if event.type is EventType.TRIGGER_STATED and (event.body["statement"], event.body["trigger"]) == known:
            return event
    require_statable(stated, case, log.events, clock=clock)
    if is_shredded(using, log.tenant, stated.case):
        raise ConflictError("the case is destroyed already: nothing is stated any more", code="statement_destroyed")
    now = clock.now()
    document = Statement(
        case=stated.case,
        statement=approved.statement,
        trigger=stated.trigger,
        day=stated.day,
        replaces=stated_days(log.events).get(stated.trigger, ""),
        evidence=stated.evidence.strip(),
        evidence_digest=stated.evidence_digest,
        reason=said(approved.reason, REASON_MIN, REASON_MAX, "the reason"),
        by=approved.by,
        second=approved.second,
        request=approved.request,
        at=instant_text(now),
    )
    end = kept_until([*case, *log.events, _draft(log, stated, instant_text(now))])
    body = {
        "of": stated.case,
        "statement": approved.statement,
        "trigger": stated.trigger,
        "day": stated.day,
        "until": end.until if end is not None else OPEN,
        "clause": end.clause if end is not None else "",
    }
    commits = {"by": digest_of(approved.by.encode()), "second": digest_of(approved.second.encode())}
    return log.seal_and_append(
        EventType.TRIGGER_STATED, f"statement-{log.next_n}", statement_bytes(document), body, commits=commits
    )


def statements_of(log: CaseLog) -> list[Statement]:
    """Every statement about the case in its order, from the sealed documents of its custody chain; IntegrityError when one says another."""
    return [
        statement_of(log.open_object(event.body["object"], event.body["version"]), event)
        for event in log.events
        if event.type is EventType.TRIGGER_STATED
    ]


def _draft(log: CaseLog, stated: Stated, at: str) -> Event:
    """The event that is about to be written, as far as the rules of keeping read it."""
    body = {"trigger": stated.trigger, "day": stated.day}
    return Event(EventType.TRIGGER_STATED, log.tenant, log.case, log.next_n, "", at, body, b"")
