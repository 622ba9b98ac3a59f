"""Objects that were sealed anew: from the digest that the case's own event names to the one of the form that the package carries.

`specs/resealed.md`. That the events are in the ledger and one chain is checked in `history.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.event import Event
from jianlu.core.formats.package import RESEALED_EVENTS
from jianlu.core.formats.resealed import Forms, fold_forms
from jianlu.verify._archive import Archive
from jianlu.verify._problem import problem_at
from jianlu.verify.model import Problem
from jianlu.verify.objects import Part
from jianlu.verify.problems import Code

_SUITE_AT = 6
"""Where a sealed object's header names its suite."""


def with_newest_forms(
    archive: Archive, parts: Sequence[Part], resealed: Sequence[Event], case: str
) -> tuple[list[Part], int, list[Problem]]:
    """The parts with the digests of their newest forms, how many forms there are, and what contradicts the case's own events.

    A form counts where the first one replaces the digest that the case's event names, has that event's length and commitment, and is in the
    suite that it says. Where anything contradicts, no digest is replaced.
    """
    try:
        forms = fold_forms(resealed, case)
    except IntegrityError as error:
        return list(parts), 0, [problem_at(Code.EVENTS_BROKEN, path=RESEALED_EVENTS, detail=str(error))]
    named: dict[tuple[str, int], Part] = {(part.object, part.version): part for part in parts}
    problems = [*_contradictions(forms, named), *_other_suites(archive, forms, named)]
    if problems:
        return list(parts), 0, problems
    newest: dict[tuple[str, int], str] = {(each.object, each.version): each.sealed for each in forms.newest.values()}
    fresh = [replace(part, sealed=newest.get((part.object, part.version), part.sealed)) for part in parts]
    return fresh, len(forms.all), []


def _contradictions(forms: Forms, named: dict[tuple[str, int], Part]) -> Iterator[Problem]:
    for each, (_, _, replaced) in zip(forms.all, forms.replaced, strict=True):
        part = named.get((each.object, each.version))
        if part is None or (each.commit, each.event, each.bytes) != (part.commit, part.event.digest, part.sealed_bytes):
            detail = f"form {each.form} of {each.object} is not of what the case's event names"
            yield problem_at(Code.EVENTS_BROKEN, path=RESEALED_EVENTS if part is None else part.path, detail=detail)
        elif not replaced and each.was != part.sealed:
            yield problem_at(Code.EVENTS_BROKEN, path=part.path, detail=f"{each.object} was not sealed anew from itself")


def _other_suites(archive: Archive, forms: Forms, named: dict[tuple[str, int], Part]) -> Iterator[Problem]:
    for each in forms.newest.values():
        part = named.get((each.object, each.version))
        if part is None or part.path not in archive.entries:
            continue  # told elsewhere
        if archive.piece(part.path, _SUITE_AT, 1) != bytes([each.after.number]):
            detail = f"{each.object} is not in the suite {each.after.value}, in which the ledger says that it was sealed anew"
            yield problem_at(Code.OBJECT_ALTERED, path=part.path, detail=detail)
