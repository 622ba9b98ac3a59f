"""Until when objects are locked: the longest term, never a day short; without an end, or under a hold, a lock that rolls on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.vault.stores.retaining import end_of, locked_until
from tests.fakes.vault.home import CASE, TENANT

ROLLING = datetime(2026, 12, 31, tzinfo=UTC)


def term(until: str, kind: EventType = EventType.RETENTION_SET) -> Event:
    """A term, or an extension of one."""
    return said(kind, {"part": "recording", "until": until, "clause": "p:c"})


def said(kind: EventType, body: dict[str, str]) -> Event:
    """An event of a case or of its custody."""
    at = "2026-11-26T09:00:00.000Z"
    return make_event(kind, tenant=tenant_id(TENANT), case=case_ref(CASE), n=0, prev=FIRST_PREV, at=at, body=body)


PLACED, LIFTED = (said(kind, {"of": CASE, "hold": "h1"}) for kind in (EventType.HOLD_PLACED, EventType.HOLD_LIFTED))


@pytest.mark.parametrize(
    ("events", "until"),
    [
        ([], ROLLING),
        ([term("2036-11-22")], end_of("2036-11-22")),
        ([term("2036-11-22"), term("2031-11-22")], end_of("2036-11-22")),
        ([term("2020-01-01")], end_of("2020-01-01")),
        ([term("2020-01-01"), term("open")], ROLLING),
        ([term("2036-11-22"), term("open")], end_of("2036-11-22")),
        ([term("2031-11-22"), term("2040-01-31", EventType.RETENTION_EXTENDED)], end_of("2040-01-31")),
        ([term("2020-01-01"), PLACED], ROLLING),
        ([term("2036-11-22"), PLACED], end_of("2036-11-22")),
        ([term("2020-01-01"), PLACED, LIFTED], end_of("2020-01-01")),
        ([term("2020-01-01"), term("never")], ROLLING),
        ([term("2036-11-22"), term("never")], end_of("2036-11-22")),
    ],
)
def test_the_longest_of_all_that_was_said_governs(events: list[Event], until: datetime) -> None:
    assert locked_until(events, rolling=ROLLING) == until


def test_a_day_ends_where_it_ends_last() -> None:
    assert end_of("2028-02-29") == datetime(2028, 3, 1, 12, tzinfo=UTC)
