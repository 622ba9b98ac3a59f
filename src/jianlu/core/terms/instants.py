"""Instants as text: RFC 3339 in UTC with milliseconds, the only form that enters a sealed document.

No clock is read here: callers that need the time take one from `runtime.clock`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jianlu.core.errors import InvalidError

_FORM = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$", re.ASCII)


def instant_text(moment: datetime) -> str:
    """`moment` (aware) as `2026-11-22T09:30:00.000Z`; raises InvalidError for a naive one."""
    if moment.tzinfo is None:
        raise InvalidError("an instant needs a time zone: pass an aware datetime")
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def parse_instant(text: str) -> datetime:
    """The aware datetime that `text` names; raises InvalidError unless it has exactly our form."""
    if not _FORM.fullmatch(text):
        raise InvalidError("an instant must look like 2026-11-22T09:30:00.000Z")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError("an instant must be a real date and time") from error
