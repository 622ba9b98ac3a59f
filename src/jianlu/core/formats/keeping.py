"""Terms that begin with a day nobody knew when the case was closed, and what stated days make of them (`specs/custody.md`), pure.

`case:retention:set` carries the beginnings that a part waits for; `custody:trigger:stated` says such a day later. The list of what is due,
the check right before a destruction and a stranger's verifier fold the same events here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Retention, RetentionTerm
from jianlu.core.limits import RETENTION_BODY_BYTES_MAX
from jianlu.core.terms.events import EventType

OPEN = "open"
"""`until` of a term whose beginning nobody has stated yet: kept without end."""

NONE = "none"
"""`until` of a contingent term whose occasion has not arisen."""

YEAR_MAX = 9999


@dataclass(frozen=True, slots=True)
class KeptUntil:
    """The last day on which something is kept (a date, or `open`), and by which clause; the clause is empty for an extension."""

    until: str
    clause: str


@dataclass(frozen=True, slots=True)
class Start:
    """A day that a part waits for: the longest term that begins with it, in months, and its clause.

    One that does not count yet (a dispute that nobody has raised) counts from the day on that somebody states.
    """

    trigger: str
    months: int
    counts: bool
    clause: str


@dataclass(frozen=True, slots=True)
class PartKept:
    """A part as its event sets it: its end then, the days that it waits for, and the latest end that is known without them."""

    part: str
    end: KeptUntil
    starts: tuple[Start, ...]
    least: KeptUntil | None


def add_term(start: date, *, years: int, months: int) -> date:
    """`start` plus the term by calendar; the first of the next month where the day does not exist. InvalidError beyond year 9999."""
    month = start.month - 1 + months
    year, month = start.year + years + month // 12, month % 12 + 1
    if year >= YEAR_MAX or years < 0 or months < 0:
        raise InvalidError("a retention term must be positive and end before the year 9999")
    try:
        return date(year, month, start.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


def retention_body(retention: Retention) -> dict[str, Any]:
    """The body of `case:retention:set` for a part of the plan.

    Where the beginnings do not fit into an event they are left out: then no stated day ends the part, which is kept without end.
    """
    body: dict[str, Any] = {"part": retention.part, "until": retention.until, "clause": retention.clause}
    waiting = [term for term in retention.terms if term.until in (OPEN, NONE)]
    if not waiting:
        return body
    starts = [
        _start([term for term in waiting if term.trigger == trigger]) for trigger in dict.fromkeys(t.trigger for t in waiting)
    ]
    whole = {**body, "starts": [[each.trigger, each.months, int(each.counts), each.clause] for each in starts]}
    dated = [term for term in retention.terms if term.until not in (OPEN, NONE)]
    if dated:
        last = max(dated, key=lambda term: term.until)
        whole["least"] = [last.until, last.clause]
    return whole if len(canonical_bytes(whole)) <= RETENTION_BODY_BYTES_MAX else body


def part_kept(body: Mapping[str, Any]) -> PartKept:
    """What the body of a `case:retention:set` says; InvalidError for beginnings that are none. The end itself is not looked at."""
    end = KeptUntil(str(body.get("until", "")), str(body.get("clause", "")))
    rows, least = body.get("starts", []), body.get("least")
    if not isinstance(rows, list) or not (least is None or (_is_row(least, str, str) and has_day(least[0]))):
        raise InvalidError("an event says in no known form what a part of the case waits for: look for a newer version")
    return PartKept(str(body.get("part", "")), end, tuple(_read(row) for row in rows), KeptUntil(*least) if least else None)


def stated_days(events: Iterable[Event]) -> dict[str, str]:
    """The latest day that was stated for each trigger: a later statement can only lengthen.

    What names no day, or one that had not come when it was stated, says nothing.
    """
    found: dict[str, str] = {}
    for event in events:
        if event.type is EventType.TRIGGER_STATED:
            trigger, day = event.body.get("trigger"), event.body.get("day")
            if isinstance(trigger, str) and isinstance(day, str) and has_day(day) and day <= event.at[:10]:
                found[trigger] = max(day, found.get(trigger, ""))
    return found


def settled(kept: PartKept, days: Mapping[str, str]) -> KeptUntil:
    """The part's end with these stated days: the latest of every term that counts, open while one of them waits."""
    waits = [each for each in kept.starts if each.trigger not in days and each.counts]
    if waits:
        longest = max(waits, key=lambda each: each.months)
        return KeptUntil(OPEN, longest.clause)
    if kept.end.until == OPEN and not any(each.counts for each in kept.starts):
        return kept.end  # an event that does not say what it waits for
    ends = [_ended(each, days[each.trigger]) for each in kept.starts if each.trigger in days]
    known = [each for each in (kept.end, kept.least) if each is not None and each.until != OPEN]
    return max([*known, *ends], key=lambda each: each.until)


def waiting_for(parts: Sequence[PartKept]) -> tuple[str, ...]:
    """The triggers that any of the parts waits for, each once, in their order."""
    return tuple(dict.fromkeys(each.trigger for part in parts for each in part.starts))


def has_day(text: str) -> bool:
    """Whether `text` is a day of the calendar, written 2036-11-30."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _start(terms: Sequence[RetentionTerm]) -> Start:
    longest = max(terms, key=lambda term: term.years * 12 + term.months)
    months = longest.years * 12 + longest.months
    return Start(longest.trigger, months, any(term.until == OPEN for term in terms), longest.clause)


def _ended(start: Start, day: str) -> KeptUntil:
    return KeptUntil(add_term(date.fromisoformat(day), years=0, months=start.months).isoformat(), start.clause)


def _read(row: Any) -> Start:
    if not _is_row(row, str, int, int, str) or row[1] < 0 or row[1] > YEAR_MAX * 12 or row[2] not in (0, 1):
        raise InvalidError("an event says in no known form what a part of the case waits for: look for a newer version")
    return Start(row[0], row[1], row[2] == 1, row[3])


def _is_row(row: Any, *kinds: type) -> bool:
    return (
        isinstance(row, list)
        and len(row) == len(kinds)
        and all(isinstance(each, kind) and not isinstance(each, bool) for each, kind in zip(row, kinds, strict=True))
    )
