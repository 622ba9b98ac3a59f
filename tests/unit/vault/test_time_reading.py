"""What day it is, for those who destroy: every sign that the clock was moved frees nothing, and a case ends nowhere too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jianlu.core.errors import InvalidError, UnavailableError
from jianlu.core.formats.custody import Refusal, has_ended, kept_until, refusal_of
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.formats.keeping import KeptUntil
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.ledger.anchors.trusted_time import ExpiryReading
from jianlu.vault.custody.time_reading import (
    LEAP_MAX,
    MOVED_MAX_MS,
    SETTLED_AFTER,
    ClockWatch,
    LeapFinder,
    LedgerTime,
    read_time,
    unproved_time,
)
from tests.fakes.sessions.clocks import SetClock
from tests.fakes.vault.home import CASE, TENANT

NOW = datetime(2037, 3, 1, 9, 0, tzinfo=UTC)


def times(*at: datetime) -> LedgerTime:
    finder = LeapFinder()
    for each in at:
        finder.take(instant_text(each))
    return LedgerTime(len(at) - 1, finder.newest, finder.leapt_at)


def days(*back: float) -> list[datetime]:
    return [NOW - timedelta(days=each) for each in back]


def why(ledger: LedgerTime, *, is_moved: bool = False) -> str:
    clock = SetClock()
    clock.moment = NOW
    return read_time(NOW, ledger, is_moved=is_moved, expiry=unproved_time(clock)).why


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        ([50, 41, 33, 25, 17, 9, 0.1], ""),
        ([4000, 0.1], "leapt"),
        ([4000, 29, 20, 11, 2, 0.1], "leapt"),
        ([4000, 31, 22, 13, 4, 0.1], ""),
        ([9, 3], "behind"),
        ([9, -0.1], "ahead"),
        ([], "empty"),
        ([20, -3000, 19, 10, 1, 0.1], ""),  # the clock was set ahead for a moment, and back: the leap was taken back
    ],
)
def test_only_a_ledger_that_goes_on_by_the_clock_is_believed(back: list[float], expected: str) -> None:
    assert why(times(*days(*back))) == expected


def test_a_clock_that_parts_from_the_one_that_cannot_be_set_is_not_believed() -> None:
    clock = SetClock()
    watch = ClockWatch(clock)
    clock.move(10 * 24 * 3_600_000)
    before = watch.is_moved
    clock.moment += timedelta(milliseconds=MOVED_MAX_MS + 1)
    assert (before, watch.is_moved) == (False, True)
    assert why(times(*days(9, 0.1)), is_moved=True) == "moved"


def test_the_earliest_time_counts_and_an_authority_that_is_away_stops_everything() -> None:
    ledger = times(*days(9, 0.1))
    early = NOW - timedelta(days=400)
    found = read_time(
        NOW, ledger, is_moved=False, expiry=lambda at: ExpiryReading(early, "authority", {"authority": early, "ledger": at}, True)
    )
    assert (found.counts, found.by, found.is_trusted) == (early, "authority", True)

    def away(at: datetime) -> ExpiryReading:
        raise UnavailableError(f"no token since {at}")

    assert read_time(NOW, ledger, is_moved=False, expiry=away).why == "unstamped"


def test_bounds_that_a_holiday_does_not_touch() -> None:
    assert timedelta(days=9) < LEAP_MAX < SETTLED_AFTER


@pytest.mark.parametrize(
    ("until", "at", "ended"),
    [
        ("2037-02-28", "2037-03-01T11:59:59", False),
        ("2037-02-28", "2037-03-01T12:00:00", True),
        ("2037-02-28", "2037-02-28T23:59:59", False),
        ("2036-02-29", "2036-03-01T12:00:00", True),
        ("open", "9998-01-01T00:00:00", False),
        ("2037-2-28", "9998-01-01T00:00:00", False),
    ],
)
def test_a_day_has_ended_when_it_has_ended_everywhere(until: str, at: str, ended: bool) -> None:
    assert has_ended(until, datetime.fromisoformat(at).replace(tzinfo=UTC)) is ended


def event(kind: EventType, **body: object) -> Event:
    return make_event(kind, tenant=tenant_id(TENANT), case=case_ref(CASE), n=0, prev=FIRST_PREV, at=instant_text(NOW), body=body)


def term(until: str) -> Event:
    return event(EventType.RETENTION_SET, part="recording", until=until, clause="pack:c1")


def longer(until: str) -> Event:
    return event(EventType.RETENTION_EXTENDED, of=CASE, until=until)


def test_the_latest_day_governs_and_nothing_shortens() -> None:
    assert kept_until([term("2031-01-01"), term("2036-01-01"), term("2030-01-01")]) == KeptUntil("2036-01-01", "pack:c1")
    assert kept_until([term("2036-01-01"), longer("2040-01-01"), longer("2030-01-01")]) == KeptUntil("2040-01-01", "")
    assert kept_until([term("2036-01-01"), term("open"), longer("2040-01-01")]) == KeptUntil("open", "pack:c1")
    assert kept_until([]) is None
    with pytest.raises(InvalidError):
        kept_until([term("soon")])


def test_what_stands_against_destruction_is_said_in_order() -> None:
    closed, hold = event(EventType.CASE_CLOSED, events=1), event(EventType.HOLD_PLACED, of=CASE, hold="h1")
    lift = event(EventType.HOLD_LIFTED, of=CASE, hold="h1")
    assert refusal_of([term("2036-01-01")], [hold], NOW) is Refusal.OPEN
    assert refusal_of([term("2050-01-01"), closed], [hold], NOW) is Refusal.HOLD
    assert refusal_of([term("2050-01-01"), closed], [hold, lift], NOW) is Refusal.RETENTION
    assert refusal_of([closed], [], NOW) is Refusal.RETENTION
    assert refusal_of([term("2036-01-01"), closed], [longer("2037-02-28")], NOW) is Refusal.RETENTION
    assert refusal_of([term("2036-01-01"), closed], [hold, lift, longer("2037-02-27")], NOW) is None
