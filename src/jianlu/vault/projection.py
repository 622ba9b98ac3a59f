"""From ledger entries to index rows, pure: the one rule by which the index is filled, rebuilt and compared.

Event bodies are read as `specs/event.md` has them; a body that lacks a field leaves the column empty rather than failing,
because the ledger is the truth and the index must be able to show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import FIRST_PREV, Event
from jianlu.core.terms.events import EventType
from jianlu.vault.model import object_parts

SEALED, MISSING, SHREDDED, ENDED = "sealed", "missing", "shredded", "ended"
"""States of an object: there, not there, and not there because its keys were destroyed, with the whole case's or its part's alone."""

STATE_BROKEN = "broken"
"""The case's events are no chain: something was appended beside the case log. The ledger shows what."""

_STATES = {
    EventType.RECORDING_STARTED: "recording",
    EventType.RECORDING_ENDED: "recorded",
    EventType.RECORDING_ABANDONED: "abandoned",
    EventType.VERDICTS_JUDGED: "judged",
    EventType.CASE_CLOSED: "closed",
}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One ledger entry."""

    position: int
    tenant: str
    case_ref: str
    n: int
    type: str
    at: str
    digest: str


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One sealed object, as an event names it; `state` is what the vault's files say: sealed, missing or shredded."""

    position: int
    field: str
    tenant: str
    unit: str
    object: str
    version: int
    n: int
    sealed_digest: str
    sealed_bytes: int
    plain_bytes: int
    commitment: str
    state: str


@dataclass(frozen=True, slots=True)
class RetentionRow:
    """How long a part of the case is kept, and by which clause."""

    position: int
    tenant: str
    case_ref: str
    part: str
    until: str
    clause: str


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold on `case_ref` was placed, or lifted; `chain` is the custody chain that says so."""

    position: int
    tenant: str
    chain: str
    case_ref: str
    hold: str
    is_lift: bool
    at: str


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A day was stated for `case_ref` in its custody chain `chain`; `until` and `clause` are the case's end after it."""

    position: int
    tenant: str
    chain: str
    case_ref: str
    statement: str
    trigger: str
    day: str
    until: str
    clause: str
    at: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as its events so far show it; `events` of them, the last with `head_digest`."""

    tenant: str
    case_ref: str
    state: str
    opened_at: str
    closed_at: str | None
    events: int
    head_digest: str
    segments: int
    duration_ms: int | None
    media_bytes: int | None
    met: int | None
    not_met: int | None
    not_evidenced: int | None


def event_row(event: Event, position: int) -> EventRow:
    """The row of `event` at ledger `position`."""
    return EventRow(position, event.tenant, event.case, event.n, event.type.value, event.at, event.digest)


def object_rows(event: Event, position: int, *, state: str) -> list[ObjectRow]:
    """The rows of the objects that `event` names; none when a part is malformed (the verifier reports that)."""
    try:
        return [
            ObjectRow(
                position=position,
                field=part.field,
                tenant=event.tenant,
                unit=event.case,
                object=part.object,
                version=part.version,
                n=event.n,
                sealed_digest=part.sealed_digest,
                sealed_bytes=part.sealed_bytes,
                plain_bytes=part.plain_bytes,
                commitment=part.commitment,
                state=state,
            )
            for part in object_parts(event)
        ]
    except InvalidError:
        return []


def retention_row(event: Event, position: int) -> RetentionRow | None:
    """The row of a retention event; None for other events."""
    if event.type is not EventType.RETENTION_SET:
        return None
    part, until, clause = (_text(event.body, name) for name in ("part", "until", "clause"))
    return RetentionRow(position, event.tenant, event.case, part[:64], until[:10], clause)


def hold_row(event: Event, position: int) -> HoldRow | None:
    """The row of a hold's event; None for other events."""
    if event.type not in (EventType.HOLD_PLACED, EventType.HOLD_LIFTED):
        return None
    of, hold = (_text(event.body, name) for name in ("of", "hold"))
    is_lift = event.type is EventType.HOLD_LIFTED
    return HoldRow(position, event.tenant, event.case, of[:64], hold[:32], is_lift, event.at)


def settlement_row(event: Event, position: int) -> SettlementRow | None:
    """The row of a stated day; None for other events."""
    if event.type is not EventType.TRIGGER_STATED:
        return None
    of, statement, trigger, day, until, clause = (
        _text(event.body, name) for name in ("of", "statement", "trigger", "day", "until", "clause")
    )
    said = (of[:64], statement[:32], trigger[:64], day[:10], until[:10], clause)
    return SettlementRow(position, event.tenant, event.case, *said, event.at)


def advance(case: CaseRow | None, event: Event) -> CaseRow:
    """The case's row after `event`; broken, and broken for good, when the event does not follow the ones before."""
    if case is None:
        case = CaseRow(event.tenant, event.case, "open", event.at, None, 0, FIRST_PREV, 0, None, None, None, None, None)
    follows = event.n == case.events and event.prev == case.head_digest
    state = _STATES.get(event.type, case.state) if follows and case.state != STATE_BROKEN else STATE_BROKEN
    if case.state == "abandoned" and state != STATE_BROKEN:
        state = "abandoned"
    case = replace(case, state=state, events=case.events + 1, head_digest=event.digest)
    body = event.body
    match event.type:
        case EventType.SEGMENT_SEALED:
            return replace(case, segments=case.segments + 1)
        case EventType.RECORDING_ENDED:
            return replace(case, duration_ms=_count(body, "duration_ms"), media_bytes=_count(body, "media_bytes"))
        case EventType.VERDICTS_JUDGED:
            return replace(
                case, met=_count(body, "met"), not_met=_count(body, "not_met"), not_evidenced=_count(body, "not_evidenced")
            )
        case EventType.CASE_CLOSED:
            return replace(case, closed_at=event.at)
        case _:
            return case


def _count(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else None


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
