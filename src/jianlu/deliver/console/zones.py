"""In which time zone a visitor reads times: the one they chose on their account page, else the institution's.

A preference of a browser, kept in a cookie like the language; evidence, ledger and interface count in UTC whatever is chosen.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from starlette.requests import Request

from jianlu.core.errors import InvalidError
from jianlu.runtime.zones import offset_of, zone_of

ZONE_COOKIE = "__Host-jianlu-zone"
_NAME = re.compile(r"[A-Za-z0-9_+\-/]{1,64}")


def zone_for(request: Request, institution: str) -> str:
    """The IANA name of the visitor's zone; the institution's for whoever chose none, or one that this machine does not know."""
    claimed = request.cookies.get(ZONE_COOKIE, "")
    return claimed if claimed and _is_known(claimed) else institution


def offset_now(zone: str) -> str:
    """How far that zone is from UTC at present: `UTC+8`."""
    return offset_of(datetime.now(UTC).astimezone(zone_of(zone)))


@lru_cache(maxsize=64)
def _is_known(claimed: str) -> bool:
    if not _NAME.fullmatch(claimed):
        return False
    try:
        zone_of(claimed)
    except InvalidError:
        return False
    return True
