"""`handle_as`: kinds of objects have a class and at least a level, are kept within places, and under whose key. Merged by `handle.py`.

A pack states what its clause demands and leaves out the rest: a clause about places alone says nothing of the level.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.terms.handling import LEVEL_MAX, LEVEL_MIN
from jianlu.govern.policy.obligations.form import Field, Kind, Slot


def _check(fields: Mapping[str, Any]) -> None:
    if not fields["objects"]:
        raise InvalidError("handle_as names no kind of object")
    if not any(name in fields for name in ("level", "places", "key")):
        raise InvalidError("handle_as demands nothing: state a level with its class, places, or a key")
    if ("class" in fields) != ("level" in fields):
        raise InvalidError("handle_as states a class and a level together")
    level = fields.get("level", LEVEL_MIN)
    if not isinstance(level, int) or not LEVEL_MIN <= level <= LEVEL_MAX:
        raise InvalidError(f"the level of handle_as is {LEVEL_MIN} to {LEVEL_MAX}, and no dated value")


KIND = Kind(
    "handle_as",
    {
        "objects": Slot(Field.OBJECTS),
        "class": Slot(Field.CLASS, optional=True, absent=""),
        "level": Slot(Field.WHOLE, optional=True, absent=0),
        "places": Slot(Field.AREAS, optional=True, absent=[]),
        "key": Slot(Field.KEY, optional=True, absent=""),
    },
    check=_check,
)
