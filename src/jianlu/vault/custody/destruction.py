"""The destruction of a case, or of a part of it whose own time has ended, in the case's custody chain.

Refused, or started by two people and completed when nothing of it is found any more.
From `custody:destruction:started` on no hold is placed and no term lengthened (`specs/custody.md`). Whether it may start is read from the
ledger right before, by whoever has the chain; what is then done is a job (`entry/destroy_case.py`). One writer a chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.certificate import COMPLETED_FORMAT, PART_COMPLETED_FORMAT, PART_STARTED_FORMAT, STARTED_FORMAT
from jianlu.core.formats.custody import Refusal, completed_part, has_ended, kept_of, started_part
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import part_kept, retention_body, settled, stated_days
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import ENDING_PARTS
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.clock import Clock
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.chain import REASON_MAX, REASON_MIN, refuse_destruction, said
from jianlu.vault.custody.reading import CaseCustody
from jianlu.vault.custody.time_reading import TimeReading

DESTRUCTION = "destroy/"
"""The job of a destruction has this before the case's reference as its subject, and behind that `/<part>` where it is of a part."""

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


def require_due(log: CaseLog, case: CaseLog, custody: CaseCustody, reading: TimeReading, *, by: str, part: str = "") -> None:
    """RefusedError, recorded in the custody chain `log`, unless the case, or that part, may be destroyed now.

    GoingOnError when that began already. `case` is the case's own log: the terms of the sealed plan count beside those of its events, and
    the longest governs. InvalidError for a part that does not end by itself.
    """
    if part and part not in ENDING_PARTS:
        raise InvalidError(f"no part of a case that ends by itself: one of {', '.join(ENDING_PARTS)}")
    if custody.started is not None or (part and custody.part_started(part) is not None):
        raise GoingOnError("the destruction of this case began already: see how far it is under destructions")
    refusal = custody.refusal(reading, part=part)
    if refusal is None and not all(has_ended(until, reading.counts) for until in _planned_ends(case, custody, part)):
        refusal = Refusal.RETENTION
    if refusal is not None:
        refuse_destruction(log, case.case, refusal.value, by=by, part=part)
        raise RefusedError(refusal)


def start_destruction(
    log: CaseLog, case: str, custody: CaseCustody, reading: TimeReading, said_by: Approved, *, clock: Clock, part: str = ""
) -> Event:
    """The event from which on the case, or that part, is destroyed, in the ledger on return; `require_due` right before, in the same turn.

    DeniedError when one person did both; ConflictError when something was placed on the chain since it was read.
    """
    if said_by.by == said_by.second or not said_by.second:
        raise DeniedError("a case is destroyed by two people: have somebody else approve")
    if [event.digest for event in log.events] != [event.digest for event in custody.custody_events]:
        raise ConflictError("something came into the case's custody just now: look at it, then ask again")
    kept = kept_of([*custody.events, *custody.custody_events], part)
    if kept is None:
        raise RefusedError(Refusal.RETENTION)
    which = {"part": part} if part else {}
    document = {
        "format": PART_STARTED_FORMAT if part else STARTED_FORMAT,
        "case": case,
        **which,
        "until": kept.until,
        "clause": kept.clause,
        **{name: value for name, value in asdict(said_by).items() if name != "reason"},
        "reason": said(said_by.reason, REASON_MIN, REASON_MAX, "the reason"),
        "time": {"clock": reading.clock, "counts": instant_text(reading.counts), "by": reading.by, **asdict(reading.ledger)},
        "at": instant_text(clock.now()),
    }
    commits = {"by": digest_of(said_by.by.encode()), "second": digest_of(said_by.second.encode())}
    body = {"of": case, **which, "until": kept.until, "clause": kept.clause}
    kind = EventType.PART_DESTRUCTION_STARTED if part else EventType.DESTRUCTION_STARTED
    return log.seal_and_append(kind, f"destruction-{log.next_n}", canonical_bytes(document), body, commits=commits)


def complete_destruction(log: CaseLog, case: str, looked: Sequence[Looked], *, clock: Clock, part: str = "") -> Event:
    """The event that says that nothing of the case, or of that part, is found any more, in the ledger on return; again changes nothing.

    IntegrityError when something was left somewhere, or no destruction was started: neither is ever recorded as done. ConflictError for a
    part of a case that is destroyed as a whole by now: that is said once.
    """
    started, done = destruction_events(log.events, part)
    if started is None or any(each.left for each in looked) or not looked:
        raise IntegrityError("a destruction that did not start, or left something, is not completed: run the job again")
    if done is not None:
        return done
    if part and destruction_events(log.events)[0] is not None:
        raise ConflictError("the whole case is being destroyed: this part goes with it")
    which = {"part": part} if part else {}
    document = {
        "format": PART_COMPLETED_FORMAT if part else COMPLETED_FORMAT,
        "case": case,
        **which,
        "started": started.digest,
        "places": [asdict(each) for each in looked],
        "at": instant_text(clock.now()),
    }
    objects = next((each.named for each in looked if each.place == "objects"), 0)
    body = {"of": case, **which, "started": started.digest, "objects": objects, "places": len(looked)}
    kind = EventType.PART_DESTRUCTION_COMPLETED if part else EventType.DESTRUCTION_COMPLETED
    return log.seal_and_append(kind, f"destroyed-{log.next_n}", canonical_bytes(document), body)


def destruction_events(custody: Sequence[Event], part: str = "") -> tuple[Event | None, Event | None]:
    """By which events of the custody chain the destruction of the case, or of that part, began and was completed; None while not."""
    if part:
        return started_part(custody, part), completed_part(custody, part)
    kinds = (EventType.DESTRUCTION_STARTED, EventType.DESTRUCTION_COMPLETED)
    first, last = (next((event for event in custody if event.type is kind), None) for kind in kinds)
    return first, last


def destruction_documents(log: CaseLog, case: str, part: str = "") -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What was sealed at the start and at the end of the destruction of the case, or of that part; None for what is not there yet.

    IntegrityError when a document is not of this case and part.
    """
    forms = (PART_STARTED_FORMAT, PART_COMPLETED_FORMAT) if part else (STARTED_FORMAT, COMPLETED_FORMAT)
    first, last = (
        None if event is None else _document(log, event, form, case, part)
        for event, form in zip(destruction_events(log.events, part), forms, strict=True)
    )
    return first, last


def parts_begun(custody: Iterable[Event]) -> tuple[str, ...]:
    """The parts whose destruction began, in the order in which it did."""
    return tuple(str(event.body["part"]) for event in custody if event.type is EventType.PART_DESTRUCTION_STARTED)


def _planned_ends(case: CaseLog, custody: CaseCustody, part: str) -> list[str]:
    days = stated_days(custody.custody_events)
    planned = [each for each in parse_plan(case.open_object("plan")).retention if not part or each.part == part]
    return [settled(part_kept(retention_body(each)), days).until for each in planned]


def _document(log: CaseLog, event: Event, form: str, case: str, part: str) -> dict[str, Any]:
    fields = parse_canonical(log.open_object(event.body["object"], event.body["version"]))
    is_its = isinstance(fields, dict) and fields.get("format") == form and fields.get("case") == case
    if not is_its or fields.get("part", "") != part:
        raise IntegrityError("a document of custody is not the one that its event names: run `jianlu ledger fsck`")
    return dict(fields)
