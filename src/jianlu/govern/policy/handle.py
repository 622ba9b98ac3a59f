"""The solver of handling: per kind of object, the strictest of what every clause of a plan demands. Pure.

The lattice: of classes the later in `CLASSES`, of levels the higher, of places what lies within all of them, of keys the later in `KEYS`.
It does not depend on the order of packs. What no clause levels has the highest level, and says `default`.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Handling, HandlingTerm, Obligation
from jianlu.core.terms.handling import CLASSES, DEFAULT, KEYS, LEVEL_MAX, OBJECTS, UNCLASSIFIED
from jianlu.core.terms.places import common_areas


def solve_handling(obligations: Sequence[Obligation]) -> tuple[Handling, ...]:
    """Per kind of object that a `handle_as` of `obligations` names, in the order of `OBJECTS`: every term, and what they come to.

    InvalidError, naming the clauses, when one kind could be kept nowhere: such a case must not begin.
    """
    terms: dict[str, list[HandlingTerm]] = {}
    for each in obligations:
        if each.kind == "handle_as":
            said = each.params
            term = HandlingTerm(each.clause_key, said["class"], said["level"], tuple(said["places"]), said["key"])
            for kind in said["objects"]:
                terms.setdefault(kind, []).append(term)
    return tuple(_handling(kind, sorted(terms[kind], key=_by_clause)) for kind in OBJECTS if kind in terms)


def _by_clause(term: HandlingTerm) -> tuple[str, int]:
    return term.clause, term.level


def _handling(kind: str, terms: Sequence[HandlingTerm]) -> Handling:
    levelled = [term for term in terms if term.level]
    highest = max(levelled, key=lambda term: term.level) if levelled else None
    category = max((term.category for term in levelled), key=CLASSES.index) if levelled else UNCLASSIFIED
    return Handling(
        object=kind,
        category=category,
        level=highest.level if highest else LEVEL_MAX,
        clause=highest.clause if highest else DEFAULT,
        places=_places(kind, terms),
        key=max((term.key for term in terms if term.key), key=KEYS.index, default=""),
        terms=tuple(terms),
    )


def _places(kind: str, terms: Sequence[HandlingTerm]) -> tuple[str, ...]:
    bound = [term for term in terms if term.places]
    found: tuple[str, ...] = tuple(sorted(bound[0].places)) if bound else ()
    for term in bound[1:]:
        found = common_areas(found, term.places)
    if bound and not found:
        clauses = ", ".join(term.clause for term in bound)
        raise InvalidError(
            f"nowhere may the {kind} of this case be kept: {clauses} leave no place in common; ask counsel which applies"
        )
    return found
