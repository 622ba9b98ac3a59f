"""Situations that two versions of the policies are compared in: each role before each kind of thing, as it stands to it.

A role alone, one obstacle at a time, one context at a time: enough to show what a change of policies opens and shuts, not a proof of
what it does for one account by name. `effect.py` asks the engine about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from jianlu.govern.access.model import PURPOSES
from jianlu.govern.identity.model import Role

SEAT = "seat"
WHO = (*(role.value for role in Role), SEAT)
RELATIONS = ("own", "nobody", "other")
"""The thing is the asker's own (handled, made, proposed, asked for by them), nobody's yet, or somebody else's."""

OBSTACLES = ("none", "other_branch", "above_level", "abroad", "other_tenant")
STATES = ("live", "sealed")
CONTEXTS = ("plain", "approved", "emergency", *(f"for_{purpose}" for purpose in sorted(PURPOSES - {"", "emergency"})))

_ME, _OTHER, _TENANT = "asker", "other", "tenant"
_OWNED: Mapping[str, tuple[str, ...]] = {
    "Account": ("account",),
    "Enrolment": ("owner", "maker"),
    "Hold": ("owner", "maker"),
    "Policy": ("proposer",),
    "Request": ("asker",),
    "Review": ("owner", "maker"),
    "Sample": ("owner",),
    "Script": ("proposer",),
}
_MORE: Mapping[str, Mapping[str, Any]] = {
    "Hold": {"ref": "thing", "branch": "branch", "level": 3},
    "Request": {"action": "package.export"},
    "Review": {"branch": "branch", "level": 3},
}


@dataclass(frozen=True, slots=True)
class Situation:
    """Who stands before what; every word is one of the codes above."""

    who: str
    kind: str
    relation: str
    obstacle: str
    state: str

    @property
    def principal(self) -> dict[str, Any]:
        """Who asks, as policies see them."""
        if self.who == SEAT:
            case = "thing" if self.relation == "own" else "another"
            return _entity("Seat", _ME, {"tenant": _TENANT, "case": case, "seat": "customer", "scope": ""})
        place = "US" if self.obstacle == "abroad" else "CN-31"
        attributes = {"account": _ME, "tenant": _TENANT, "roles": [self.who], "branch": "branch", "place": place, "level": 3}
        return _entity("Staff", _ME, {**attributes, "is_strong": True})

    @property
    def resource(self) -> dict[str, Any]:
        """What is acted on, as policies see it."""
        whose = {"own": _ME, "nobody": ""}.get(self.relation, _OTHER)
        attributes: dict[str, Any] = {"tenant": "another" if self.obstacle == "other_tenant" else _TENANT}
        attributes |= dict.fromkeys(_OWNED.get(self.kind, ()), whose) | dict(_MORE.get(self.kind, {}))
        if self.kind == "Case":
            attributes |= {
                "ref": "thing",
                "owner": whose,
                "maker": whose or _OTHER,
                "branch": "elsewhere" if self.obstacle == "other_branch" else "branch",
                "place": "CN-31",
                "level": 4 if self.obstacle == "above_level" else 3,
                "state": self.state,
            }
        return _entity(self.kind, "thing", attributes)

    @property
    def words(self) -> tuple[str, ...]:
        """What is particular about it, as codes."""
        is_case = self.kind == "Case"
        words = (
            f"relation_{self.relation}" if is_case or self.kind in _OWNED else "",
            f"obstacle_{self.obstacle}" if self.obstacle != "none" else "",
            f"state_{self.state}" if is_case else "",
        )
        return tuple(filter(None, words))


def situations_of(kind: str) -> Iterator[Situation]:
    """Every situation before a thing of that type."""
    is_case, is_owned = kind == "Case", kind in _OWNED
    relations = RELATIONS if is_case else (("own", "other") if is_owned else ("other",))
    obstacles = OBSTACLES if is_case else ("none", "other_tenant")
    for who, relation, obstacle in product(WHO, relations, obstacles):
        for state in STATES if is_case and obstacle == "none" else STATES[-1:]:
            yield Situation(who, kind, relation, obstacle, state)


def context_of(code: str) -> dict[str, Any]:
    """The context of that code, as policies see it."""
    purpose = code.removeprefix("for_") if code.startswith("for_") else ""
    return {"purpose": purpose, "is_emergency": code == "emergency", "is_approved": code == "approved"}


def _entity(kind: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}
