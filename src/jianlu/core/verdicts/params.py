"""Reading an obligation's parameters: typed, complete, and an InvalidError that names the obligation where they are not.

The parameters of each kind are specified in `specs/plan.md`; their meaning is in the rule modules beside this one.
"""

from __future__ import annotations

from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation

MS_MAX = 7 * 24 * 3600 * 1000
"""No limit of a rule exceeds a week; a larger number is a mistake in a pack."""


def text_of(obligation: Obligation, name: str) -> str:
    """The non-empty text `name`; InvalidError when it is missing or something else."""
    value = obligation.params.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(obligation, name, "a text")
    return value


def texts_of(obligation: Obligation, name: str, *, optional: bool = False) -> tuple[str, ...]:
    """The list of texts `name`, empty only if `optional`; InvalidError when it is something else or names an entry twice."""
    value = obligation.params.get(name, [] if optional else None)
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) and entry for entry in value):
        raise _wrong(obligation, name, "a list of texts")
    if len(set(value)) != len(value) or (not value and not optional):
        raise _wrong(obligation, name, "a list without repetition" if value else "a list that is not empty")
    return tuple(value)


def whole_of(obligation: Obligation, name: str, *, least: int = 0, most: int = MS_MAX) -> int:
    """The whole number `name` within [least, most]; InvalidError when it is missing or something else."""
    value: Any = obligation.params.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(obligation, name, f"a whole number from {least} to {most}")
    return value


def check_names(obligation: Obligation, *known: str) -> None:
    """InvalidError when the obligation has a parameter that its rule does not know: it would be ignored in silence."""
    unknown = sorted(set(obligation.params) - set(known))
    if unknown:
        raise InvalidError(
            f"the obligation {obligation.id} has parameters that {obligation.kind} does not know: {', '.join(unknown)}"
        )


def _wrong(obligation: Obligation, name: str, needed: str) -> InvalidError:
    return InvalidError(
        f"the obligation {obligation.id} ({obligation.kind}) needs {needed} as {name}: correct the pack and plan again"
    )
