"""The time zone of a tenant, in which people are shown times.

What law and ledger count with is UTC, and stands beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jianlu.core.errors import InvalidError
from jianlu.core.terms.instants import parse_instant

CHINA = "Asia/Shanghai"
_CHINA_TIME = timezone(timedelta(hours=8), CHINA)
"""China has had one time all year since 1992: known without a time zone database."""


def zone_of(name: str) -> tzinfo:
    """The zone of that IANA name; InvalidError when this machine knows none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if name == CHINA:
            return _CHINA_TIME
        raise InvalidError(
            "a time zone is a name such as Asia/Shanghai that this machine knows: see the IANA database"
        ) from error


def shown_in(instant: str, zone: str) -> str:
    """An instant of ours as people of the zone read it, with its offset: `2026-11-26 20:05:13 (UTC+8)`."""
    at = parse_instant(instant).astimezone(zone_of(zone))
    return f"{at:%Y-%m-%d %H:%M:%S} ({offset_of(at)})"


def offset_minutes(zone: str, at: datetime) -> int:
    """How far the zone is ahead of UTC at that instant."""
    return int((at.astimezone(zone_of(zone)).utcoffset() or timedelta()).total_seconds()) // 60


def offset_of(at: datetime) -> str:
    """`UTC+8`, `UTC-3:30`, `UTC`."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
