"""Times are shown in the tenant's zone with its offset; a zone that the machine does not know refuses to start."""

from __future__ import annotations

import pytest

from jianlu.core.errors import InvalidError
from jianlu.runtime.settings import TenantSettings
from jianlu.runtime.zones import shown_in, zone_of


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Shanghai", "2026-11-27 00:30:05 (UTC+8)"),
        ("UTC", "2026-11-26 16:30:05 (UTC)"),
        ("America/St_Johns", "2026-11-26 13:00:05 (UTC-3:30)"),
        ("Asia/Kathmandu", "2026-11-26 22:15:05 (UTC+5:45)"),
    ],
)
def test_an_instant_is_shown_in_its_zone(zone: str, shown: str) -> None:
    assert shown_in("2026-11-26T16:30:05.123Z", zone) == shown


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "a\x00b"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidError, match="time zone"):
        zone_of(zone)
    with pytest.raises(InvalidError, match="time zone"):
        TenantSettings(time_zone=zone)
