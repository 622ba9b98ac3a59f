"""Where sign-ins come from: places that the settings name for network addresses, and what is done about a new one or one too far away.

Nothing is looked up elsewhere: addresses of no named network are `ELSEWHERE`. Whoever was in one place an hour ago is not a thousand
kilometres away now; distances are great circles (haversine) between the coordinates that the settings give, where they give any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from jianlu.core.errors import InvalidError
from jianlu.runtime.settings import PlaceSettings

ELSEWHERE = "elsewhere"
SPEED_KM_H_MAX = 900
"""An airliner's; trains and cars are slower."""

_EARTH_KM = 6_371.0
NEAR_KM = 100.0
"""Closer places are not judged by speed: addresses are not that exact."""


class Rule(StrEnum):
    """What a sign-in from there does: owner and security are told; or it takes a passkey, a code or the organisation; or it is refused."""

    TELL = "tell"
    SECOND_FACTOR = "second-factor"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Been:
    """Where an account was, and when last."""

    locality: str
    last_at: datetime


@dataclass(frozen=True)
class Localities:
    """The table of places and the rules; without networks nothing is asked of anybody."""

    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...] = ()
    coordinates: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    new: Rule = Rule.TELL
    too_far: Rule = Rule.SECOND_FACTOR
    speed_km_h_max: int = SPEED_KM_H_MAX

    def of(self, address: str) -> str:
        """The place of a network address: that of the narrowest network; empty where the settings name none at all."""
        if not self.networks:
            return ""
        try:
            claimed = ip_address(address)
        except ValueError:
            return ELSEWHERE
        found = [(network.prefixlen, name) for network, name in self.networks if claimed in network]
        return max(found)[1] if found else ELSEWHERE

    def is_too_far(self, been: Been, locality: str, now: datetime) -> bool:
        """Whether nobody gets from there to here in that time; False where a distance is not known."""
        km = self._km(been.locality, locality)
        hours = max((now - been.last_at) / timedelta(hours=1), 1 / 60)
        return km is not None and km > NEAR_KM and km / hours > self.speed_km_h_max

    def _km(self, one: str, other: str) -> float | None:
        if one not in self.coordinates or other not in self.coordinates:
            return None
        (a, b), (c, d) = (map(math.radians, self.coordinates[each]) for each in (one, other))
        half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
        return 2 * _EARTH_KM * math.asin(math.sqrt(half))


def coordinates_of(text: str) -> tuple[float, float]:
    """`31.23,121.47`: degrees north and east. InvalidError for anything else."""
    try:
        north, east = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidError("coordinates are degrees north and east, such as 31.23,121.47: correct [places]") from error
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        raise InvalidError("coordinates are degrees north and east, such as 31.23,121.47: correct [places]")
    return north, east


def localities_of(places: PlaceSettings) -> Localities:
    """The table of places and its rules. InvalidError for coordinates that are none."""
    pairs = [each.rpartition("=") for each in places.coordinates]
    return Localities(
        networks=tuple((ip_network(network), name) for network, _, name in (each.partition("=") for each in places.networks)),
        coordinates={name: coordinates_of(text) for name, _, text in pairs},
        new=Rule(places.new),
        too_far=Rule(places.too_far),
        speed_km_h_max=places.speed_km_h_max,
    )
