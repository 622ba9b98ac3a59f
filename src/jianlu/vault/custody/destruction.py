"""The destruction of a case in its custody chain: refused, or started by two people and completed when nothing of it is found any more.

From `custody:destruction:started` on no hold is placed and no term lengthened (`specs/custody.md`). Whether it may start is read from the
ledger right before, by whoever has the chain; what is then done is a job (`entry/destroy_case.py`). One writer a chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.certificate import COMPLETED_FORMAT, STARTED_FORMAT
from jianlu.core.formats.custody import Refusal, has_ended, kept_until
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import part_kept, retention_body, settled, stated_days
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.clock import Clock
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.chain import REASON_MAX, REASON_MIN, refuse_destruction, said
from jianlu.vault.custody.reading import CaseCustody
from jianlu.vault.custody.time_reading import TimeReading

DESTRUCTION = "destroy/"
"""The job of a destruction has this before the case's reference as its subject."""

WHY = {
    Refusal.OPEN: "the case is not closed: close it, or abandon its recording",
    Refusal.HOLD: "the case is under a hold: two people lift it before anything is destroyed",
    Refusal.RETENTION: "the case is kept longer than until today: see the retention calendar",
    Refusal.CLOCK: "the clock and the ledger do not agree what day it is: see why under destructions, set the clock right",
}


class RefusedError(ConflictError):
    """The case may not be destroyed; the refusal is in its custody chain."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(WHY[refusal], code=f"destruction_{refusal.value}")
        self.refusal = refusal


class GoingOnError(ConflictError):
    """The destruction of the case began already, or is done."""


@dataclass(frozen=True, slots=True)
class Approved:
    """By whom it was asked and approved: accounts, the approved request, the reason, and the batch whose cases both saw."""

    by: str
    second: str
    request: str
    reason: str
    batch: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A place that was looked at: how much of the case it could have held, where that is known (else 0), and how much is left there."""

    place: str
    named: int
    left: int


def require_due(log: CaseLog, case: CaseLog, custody: CaseCustody, reading: TimeReading, *, by: str) -> None:
    """RefusedError, recorded in the custody chain `log`, unless the case may be destroyed now; GoingOnError when that began already.

    `case` is the case's own log: the terms of the sealed plan count beside those of its events, and the longest governs.
    """
    if custody.started is not None:
        raise GoingOnError("the destruction of this case began already: see how far it is under destructions")
    refusal = custody.refusal(reading)
    if refusal is None and not all(has_ended(until, reading.counts) for until in _planned_ends(case, custody)):
        refusal = Refusal.RETENTION
    if refusal is not None:
        refuse_destruction(log, case.case, refusal.value, by=by)
        raise RefusedError(refusal)


def start_destruction(
    log: CaseLog, case: str, custody: CaseCustody, reading: TimeReading, said_by: Approved, *, clock: Clock
) -> Event:
    """The event from which on the case is destroyed, in the ledger on return; `require_due` comes right before, in the same turn.

    DeniedError when one person did both; ConflictError when something was placed on the chain since it was read.
    """
    if said_by.by == said_by.second or not said_by.second:
        raise DeniedError("a case is destroyed by two people: have somebody else approve")
    if [event.digest for event in log.events] != [event.digest for event in custody.custody_events]:
        raise ConflictError("something came into the case's custody just now: look at it, then ask again")
    kept = kept_until([*custody.events, *custody.custody_events])
    if kept is None:
        raise RefusedError(Refusal.RETENTION)
    document = {
        "format": STARTED_FORMAT,
        "case": case,
        "until": kept.until,
        "clause": kept.clause,
        **{name: value for name, value in asdict(said_by).items() if name != "reason"},
        "reason": said(said_by.reason, REASON_MIN, REASON_MAX, "the reason"),
        "time": {"clock": reading.clock, "counts": instant_text(reading.counts), "by": reading.by, **asdict(reading.ledger)},
        "at": instant_text(clock.now()),
    }
    commits = {"by": digest_of(said_by.by.encode()), "second": digest_of(said_by.second.encode())}
    body = {"of": case, "until": kept.until, "clause": kept.clause}
    return log.seal_and_append(
        EventType.DESTRUCTION_STARTED, f"destruction-{log.next_n}", canonical_bytes(document), body, commits=commits
    )


def complete_destruction(log: CaseLog, case: str, looked: Sequence[Looked], *, clock: Clock) -> Event:
    """The event that says that nothing of the case is found any more, in the ledger on return; the same again changes nothing.

    IntegrityError when something was left somewhere, or no destruction was started: neither is ever recorded as done.
    """
    started = _of_kind(log.events, EventType.DESTRUCTION_STARTED)
    if started is None or any(each.left for each in looked) or not looked:
        raise IntegrityError("a destruction that did not start, or left something, is not completed: run the job again")
    done = _of_kind(log.events, EventType.DESTRUCTION_COMPLETED)
    if done is not None:
        return done
    places = [asdict(each) for each in looked]
    document = {
        "format": COMPLETED_FORMAT,
        "case": case,
        "started": started.digest,
        "places": places,
        "at": instant_text(clock.now()),
    }
    objects = next((each.named for each in looked if each.place == "objects"), 0)
    body = {"of": case, "started": started.digest, "objects": objects, "places": len(looked)}
    return log.seal_and_append(EventType.DESTRUCTION_COMPLETED, f"destroyed-{log.next_n}", canonical_bytes(document), body)


def destruction_documents(log: CaseLog, case: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What was sealed at the start and at the end of the case's destruction, None for what is not there yet.

    IntegrityError when a document is not of this case.
    """
    found = [_of_kind(log.events, kind) for kind in (EventType.DESTRUCTION_STARTED, EventType.DESTRUCTION_COMPLETED)]
    first, last = (
        None if event is None else _document(log, event, form, case)
        for event, form in zip(found, (STARTED_FORMAT, COMPLETED_FORMAT), strict=True)
    )
    return first, last


def _planned_ends(case: CaseLog, custody: CaseCustody) -> list[str]:
    days = stated_days(custody.custody_events)
    planned = parse_plan(case.open_object("plan")).retention
    return [settled(part_kept(retention_body(each)), days).until for each in planned]


def _of_kind(events: Iterable[Event], kind: EventType) -> Event | None:
    return next((event for event in events if event.type is kind), None)


def _document(log: CaseLog, event: Event, form: str, case: str) -> dict[str, Any]:
    fields = parse_canonical(log.open_object(event.body["object"], event.body["version"]))
    if not isinstance(fields, dict) or fields.get("format") != form or fields.get("case") != case:
        raise IntegrityError("a document of custody is not the one that its event names: run `jianlu ledger fsck`")
    return fields
