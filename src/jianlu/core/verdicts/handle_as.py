"""`handle_as`: every object of the kinds was sealed with at least the level, in a place where the clause lets it be kept, under such a key.

Reasons: object_unlabelled, level_low, place_undeclared, place_forbidden, keeper_unknown, keeper_weak. By what the events of sealing state:
the place is the operator's declaration of its store. Copies elsewhere are not the case's events and are not judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import KEEPERS, LEVEL_MAX, kind_of
from jianlu.core.terms.places import is_within
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.outcomes import SESSION, met, not_evidenced, not_met, reason
from jianlu.core.verdicts.params import check_names, texts_of, whole_of
from jianlu.core.verdicts.reasons import ReasonCode

_UNKNOWN = (ReasonCode.OBJECT_UNLABELLED, ReasonCode.PLACE_UNDECLARED, ReasonCode.KEEPER_UNKNOWN)


def judge_handling(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when the recording has ended and every object of the kinds that the chain names says so; not evidenced when one does not say."""
    check_names(obligation, "objects", "class", "level", "places", "key")
    kinds, areas = texts_of(obligation, "objects"), texts_of(obligation, "places", optional=True)
    level = whole_of(obligation, "level", most=LEVEL_MAX)
    found: list[tuple[ReasonCode, str]] = []
    for part in _parts(case):
        if kind_of(str(part["object"])) in kinds:
            found += [(code, str(part["object"])[:60]) for code in _faults(part, level, areas)]
    if obligation.params.get("key") == "keeper":
        found += _keeper(case)
    end = case.duration_ms or 0
    wrong = _reasons([each for each in found if each[0] not in _UNKNOWN], end)
    if wrong:
        return not_met(obligation, wrong)
    if case.duration_ms is None:  # more may come: that an object is missing from an open chain shows nothing
        return not_evidenced(obligation, [reason(ReasonCode.NOT_ENDED, SESSION, 0, 0)])
    unknown = _reasons(found, end)
    return not_evidenced(obligation, unknown) if unknown else met(obligation, [Evidence(SESSION, 0, end)])


def _parts(case: CaseView) -> Iterator[Mapping[str, Any]]:
    """The object parts of the case's events: the body itself, or a field of it."""
    for event in case.events:
        for fields in (event.body, *event.body.values()):
            if isinstance(fields, dict) and isinstance(fields.get("object"), str) and "sealed" in fields:
                yield fields


def _faults(part: Mapping[str, Any], level: int, areas: Sequence[str]) -> Iterator[ReasonCode]:
    stated, place = part.get("level"), part.get("place", "")
    if level and (not isinstance(stated, int) or isinstance(stated, bool)):
        yield ReasonCode.OBJECT_UNLABELLED
    elif level and stated is not None and stated < level:
        yield ReasonCode.LEVEL_LOW
    if areas and not (isinstance(place, str) and place):
        yield ReasonCode.PLACE_UNDECLARED
    elif areas and not any(is_within(str(place), area) for area in areas):
        yield ReasonCode.PLACE_FORBIDDEN


def _keeper(case: CaseView) -> list[tuple[ReasonCode, str]]:
    """Which keeper had the root key when the case began, by the event that states what ran."""
    for event in case.events_of(EventType.BACKENDS_STARTED):
        for entry in event.body.get("backends", ()):
            if isinstance(entry, list) and len(entry) > 1 and entry[0] == "keys":
                return [] if entry[1] in KEEPERS else [(ReasonCode.KEEPER_WEAK, str(entry[1]))]
    return [(ReasonCode.KEEPER_UNKNOWN, "")]


def _reasons(found: Sequence[tuple[ReasonCode, str]], end_ms: int) -> list[Reason]:
    """One reason a code, about the first object it is true of: a recording has thousands."""
    first: dict[ReasonCode, str] = {}
    for code, about in found:
        first.setdefault(code, about)
    return [reason(code, SESSION, 0, end_ms, about) for code, about in first.items()]
