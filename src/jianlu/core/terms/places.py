"""Places on earth by code, and which lie within which: `CN-31` within `CN`, `DE` within `EU`.

A place is an ISO 3166-1 or 3166-2 code; an area is a place or one of the unions below. Pure data and two functions.
"""

from __future__ import annotations

import re

PLACE = re.compile(r"^[A-Z]{2}(-[A-Z0-9]{1,6})?$")
AREA = re.compile(r"^[A-Z]{2,3}(-[A-Z0-9]{1,6})?$")

_EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
UNIONS = {"EU": _EU, "EEA": _EU | {"EU", "IS", "LI", "NO"}}

_BEYOND = {"CN": ("CN-HK", "CN-MO", "CN-TW")}
"""Codes that begin like an area and lie outside the border that its laws on export draw (`policies/00-default.cedar` has the same)."""


def is_within(place: str, area: str) -> bool:
    """Whether `place` (or area) lies wholly within `area`; an empty place lies nowhere."""
    if place == area:
        return bool(place)
    if place in UNIONS.get(area, ()) or place.split("-")[0] in UNIONS.get(area, ()):
        return True
    return place.startswith(f"{area}-") and not any(
        place == each or place.startswith(f"{each}-") for each in _BEYOND.get(area, ())
    )


def common_areas(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The areas within both lists, sorted; empty when they have nothing in common."""
    found = {each for each in one if any(is_within(each, area) for area in other)}
    return tuple(sorted(found | {each for each in other if any(is_within(each, area) for area in one)}))
