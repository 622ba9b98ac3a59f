"""Days of a review: dates in the time of China, where the packs that demand reviews hold. Pure.

An instant belongs to the day on which it is there; a term of n days ends with the n-th day after the day that begins it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from jianlu.core.errors import InvalidError
from jianlu.core.terms.instants import parse_instant

CHINA = timezone(timedelta(hours=8))


def day_of(instant: str) -> str:
    """The day of an instant text, as 2026-11-26."""
    return day_at(parse_instant(instant))


def day_at(instant: datetime) -> str:
    """The day of an instant."""
    return instant.astimezone(CHINA).date().isoformat()


def days_after(day: str, days: int) -> str:
    """The day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def checked_day(claimed: str) -> str:
    """`claimed` when it is a day, as 2026-11-26; InvalidError otherwise."""
    try:
        return date.fromisoformat(claimed).isoformat()
    except ValueError as error:
        raise InvalidError("a day is a real date such as 2026-11-26") from error
