"""The pages that the top of every page leads to, by role, and how they are grouped where a role has many.

Only a way: who may see a page is decided where it is answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from jianlu.deliver.console.ports import Viewer

MAKERS = frozenset({"agent", "supervisor"})
"""Who is offered a new case (policies/20-work.cedar decides)."""

ABREAST = 6
"""So many pages stand side by side; of more, those of a kind are one entry that opens."""

_WORK = frozenset({"agent", "supervisor", "compliance", "reviewer", "auditor"})
_TALKS = frozenset({"agent", "supervisor"})
_WATCHES = frozenset({"supervisor", "compliance"})
_REVIEWS = frozenset({"agent", "compliance", "reviewer", "auditor", "regulator"})
_RULES = frozenset({"supervisor", "compliance", "reviewer", "auditor", "regulator"})
_KEEPS = frozenset({"compliance", "auditor", "audit_administrator"})
_INSPECTS = frozenset({"auditor", "regulator", "compliance"})
_ADMINISTERS = frozenset({"administrator", "security_administrator"})
_LETS_IN = _ADMINISTERS | {"supervisor", "audit_administrator"}
_GOVERNS = frozenset({"security_administrator", "audit_administrator", "compliance"})
_STORES = frozenset({"administrator", "compliance", "auditor", "audit_administrator"})
_PROOFS = frozenset({"supervisor", "compliance", "auditor", "regulator", "audit_administrator"})


@dataclass(frozen=True, slots=True)
class Place:
    """A page at the top: its path, its name's key under `frame`, the roles that are led there, its kind, whether it is administration's."""

    path: str
    key: str
    roles: frozenset[str]
    kind: str
    is_administrative: bool = False

    def is_at(self, path: str) -> bool:
        """Whether a page of that path is this one or lies beneath it."""
        return path == self.path or path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class Group:
    """Pages of one kind under one entry, whose name is under `frame.g_<kind>`; a kind of "" is a single page by itself."""

    kind: str
    places: tuple[Place, ...]

    def is_at(self, path: str) -> bool:
        """Whether a page of that path is one of them."""
        return any(place.is_at(path) for place in self.places)


PLACES = (
    Place("/cases", "cases", _WORK, "talks"),
    Place("/queue", "queue", _TALKS, "talks"),
    Place("/wall", "wall", _WATCHES, "talks"),
    Place("/search", "search", _WORK, "talks"),
    Place("/samples", "samples", _INSPECTS, "quality"),
    Place("/reviews", "reviews", _REVIEWS, "quality"),
    Place("/team", "team", frozenset({"supervisor"}), "quality"),
    Place("/scripts", "scripts", _WORK, "rules"),
    Place("/packs", "packs", _RULES, "rules"),
    Place("/responsibility", "responsibility", frozenset({"compliance", "auditor"}), "rules"),
    Place("/policies", "policies", _GOVERNS, "rules"),
    Place("/retention", "retention", _KEEPS, "keeping"),
    Place("/holds", "holds", _KEEPS, "keeping"),
    Place("/destructions", "destructions", _KEEPS, "keeping"),
    Place("/requests", "requests", _WORK, "proof"),
    Place("/access-log", "looks", _KEEPS | {"regulator"}, "proof"),
    Place("/ledger", "ledger", _PROOFS, "proof"),
    Place("/people", "people", _LETS_IN, "system"),
    Place("/administration", "administration", _ADMINISTERS, "system", is_administrative=True),
    Place("/stores", "stores", _STORES, "system", is_administrative=True),
    Place("/integrations", "programs", _ADMINISTERS, "system", is_administrative=True),
)
"""In the order in which they are shown; those of a kind stand together."""


def first_place_of(viewer: Viewer | None) -> str:
    """Where the day of a role begins; the sign-in page for nobody, one's own account for whoever is led nowhere."""
    if viewer is None:
        return "/sign-in"
    found = places_of(viewer)
    return found[0].path if found else "/account"


def places_of(viewer: Viewer | None, *, has_administration: bool = True) -> tuple[Place, ...]:
    """Where somebody is led; nowhere for who is not signed in, or sits in a session."""
    if viewer is None or viewer.capacity != "staff" or viewer.needs_factor:
        return ()
    known = (place for place in PLACES if has_administration or not place.is_administrative)
    return tuple(place for place in known if place.roles & viewer.roles)


def grouped(places: Sequence[Place]) -> tuple[Group, ...]:
    """The entries of the top: each place by itself while there are few, else one entry for those of a kind."""
    if len(places) <= ABREAST:
        return tuple(Group("", (place,)) for place in places)
    found = [tuple(of_a_kind) for _, of_a_kind in groupby(places, lambda place: place.kind)]
    return tuple(Group(each[0].kind if len(each) > 1 else "", each) for each in found)
