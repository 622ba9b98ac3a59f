"""Class, level and place of what is sealed: the label that enters the event, and what may not be kept in a store.

By the plan of the case (`specs/plan.md`, handling); what no clause speaks of has the highest level and says `default`. A refusal names
the clause. A store is where its settings say it is: nothing here measures it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from jianlu.core.errors import DeniedError
from jianlu.core.formats.plan import Handling
from jianlu.core.terms.handling import DEFAULT, KEEPERS, LEVEL_MAX, UNCLASSIFIED, kind_of
from jianlu.core.terms.places import is_within
from jianlu.vault.ports import Store, VaultPorts


def label_of(object: str, handling: Sequence[Handling], *, using: VaultPorts) -> dict[str, Any]:
    """What the part of an event that names `object` says: class, level, reason, place of the store, areas allowed, confining clause.

    DeniedError, naming the clause, where it may not be sealed into the first store or under the keeper that there is.
    """
    said = next((each for each in handling if each.object == kind_of(object)), None)
    place = using.stores[0].place if using.stores else ""
    stated = {"place": place} if place else {}
    if said is None:
        return {"class": UNCLASSIFIED, "level": LEVEL_MAX, "reason": DEFAULT, **stated}
    _require(said, using)
    areas = {"within": "+".join(said.places), "confined_by": _confining(said)} if said.places else {}
    return {"class": said.category, "level": said.level, "reason": said.clause, **stated, **areas}


def require_keepable(handling: Sequence[Handling], *, using: VaultPorts) -> None:
    """DeniedError, naming the clause, unless every kind of object of `handling` may be sealed here."""
    for said in handling:
        _require(said, using)


def level_in(handling: Sequence[Handling]) -> int:
    """The highest level that a clause states of what people look at; 0 where none does. Templates are never shown."""
    stated = (said.level for said in handling if said.clause != DEFAULT and said.object != "biometric")
    return max(stated, default=0)


def confined_from(place: str, handling: Sequence[Handling], objects: Collection[str] | None = None) -> tuple[str, ...]:
    """The clauses by which something of a case must not be in `place`: of the kinds of these `objects`, of all kinds without; or ()."""
    kinds = {kind_of(each) for each in objects} if objects is not None else {said.object for said in handling}
    bound = [said for said in handling if said.places and said.object in kinds]
    outside = [said for said in bound if not any(is_within(place, area) for area in said.places)]
    terms = [term for said in outside for term in said.terms if term.places]
    return tuple(dict.fromkeys(term.clause for term in terms if not any(is_within(place, area) for area in term.places)))


def may_keep(store: Store, within: str) -> bool:
    """Whether `store` is in one of the areas `within`, joined by `+`; a store that does not say where it is, is in none of them."""
    return not within or any(is_within(store.place, area) for area in within.split("+"))


def _confining(said: Handling) -> str:
    """The clause that confines it; where several do, the first in the order of their names: all are in the plan."""
    return next(term.clause for term in said.terms if term.places)


def _require(said: Handling, using: VaultPorts) -> None:
    _require_place(said, using.stores[0] if using.stores else None)
    if said.key == "keeper" and (keeper := using.keys.describe().name) not in KEEPERS:
        clauses = ", ".join(term.clause for term in said.terms if term.key == said.key)
        raise DeniedError(
            f"the {said.object} of this case is kept under a root key that never leaves a hardware token or key service ({clauses}), and "
            f"the keeper here is {keeper}: see `jianlu keys move`"
        )


def _require_place(said: Handling, store: Store | None) -> None:
    place = store.place if store else ""
    if not said.places or any(is_within(place, area) for area in said.places):
        return
    clauses = ", ".join(term.clause for term in said.terms if term.places)
    where = f"is in {place}" if place else "does not say where it is"
    raise DeniedError(
        f"the {said.object} of this case may be kept in {', '.join(said.places)} alone ({clauses}), and the store "
        f"{store.name if store else 'of this home'} {where}: seal into a store there, or state its `place` in the settings"
    )
