"""The fields of an obligation as data: what a pack may write, and how each becomes a parameter of the plan.

Checked twice: when the pack is loaded (types, phrases and values that exist) and when a plan is made (`compile_fields`). The
kinds themselves are the verb-named modules beside this one; the parameters are specified in `specs/plan.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.terms.handling import CLASSES, KEYS, OBJECTS
from jianlu.core.terms.places import AREA
from jianlu.govern.policy.facts import DATES
from jianlu.govern.policy.model import PARTS, ROLES


class Field(Enum):
    """What a field of an obligation may hold."""

    WHOLE = "a whole number, or {value = name} for a dated value"
    STEP = "the code of this step"
    STEPS = "a list of step codes"
    PHRASE = "the id of a phrase"
    PHRASES = "a list of phrase ids"
    TRACK = "a track id"
    TRACKS = "a list of track ids"
    ROLES = "a list of roles"
    PARTS = "a list of parts"
    TRIGGER = "a trigger date"
    TRIGGERS = "a list of trigger dates"
    TEXTS = "texts in zh and en"
    OBJECTS = "a list of kinds of objects"
    CLASS = "a class of data"
    KEY = "whose key: own or keeper"
    AREAS = "a list of places such as CN or EU"


@dataclass(frozen=True, slots=True)
class Slot:
    """One field: what it holds, and whether the pack may leave it out (`absent` is then its value; None: no parameter)."""

    holds: Field
    optional: bool = False
    absent: Any = None


@dataclass(frozen=True, slots=True)
class Compiling:
    """What a plan in the making lends to an obligation: dated values by name, and plan ids of a phrase by its pack id."""

    amount: Callable[[str], int]
    phrase_ids: Callable[[str], tuple[str, ...]]


Form = Mapping[str, Slot]


@dataclass(frozen=True, slots=True)
class Kind:
    """An obligation kind: its form, a check of fields against each other, and whether it is a step of the conversation."""

    name: str
    form: Form
    is_step: bool = False
    check: Callable[[Mapping[str, Any]], None] | None = None


TRACK_IDS = ("picture", "agent", "customer", "interpreter", "guardian", "witness", "mixed")
TRIGGERS = ("recording_time", *DATES)
"""Dates from which a term runs; `recording_time` is the day of the case, the others come from the case file."""

_CODES: Mapping[Field, tuple[str, ...]] = {
    Field.TRACK: TRACK_IDS,
    Field.TRACKS: TRACK_IDS,
    Field.ROLES: ROLES,
    Field.PARTS: PARTS,
    Field.TRIGGER: TRIGGERS,
    Field.TRIGGERS: TRIGGERS,
    Field.OBJECTS: OBJECTS,
    Field.CLASS: CLASSES,
    Field.KEY: KEYS,
}


def check_fields(kind: Kind, fields: Mapping[str, Any], *, where: str, phrases: set[str], values: set[str]) -> None:
    """InvalidError, naming `where` and the field, unless `fields` fill the kind's form with things that exist in the pack."""
    unknown = set(fields) - set(kind.form)
    if unknown:
        raise InvalidError(f"{where}: {kind.name} has no field {', '.join(sorted(unknown))}; it has {', '.join(kind.form)}")
    for name, slot in kind.form.items():
        if name not in fields:
            if not slot.optional:
                raise InvalidError(f"{where}: {kind.name} lacks `{name}`: {slot.holds.value}")
            continue
        if not _fits(slot.holds, fields[name], phrases, values):
            raise InvalidError(f"{where}: `{name}` must be {slot.holds.value} that exists")
    if kind.check is not None:
        kind.check(fields)


def _fits(holds: Field, value: Any, phrases: set[str], values: set[str]) -> bool:
    if holds is Field.WHOLE:
        if isinstance(value, dict):
            return set(value) == {"value"} and value["value"] in values
        return isinstance(value, int) and not isinstance(value, bool)
    if holds is Field.TEXTS:
        return isinstance(value, dict) and set(value) == {"zh", "en"} and all(isinstance(text, str) for text in value.values())
    entries = value if isinstance(value, list) else [value]
    is_list = holds.name.endswith("S") and holds is not Field.CLASS
    if isinstance(value, list) != is_list or not all(isinstance(entry, str) and entry for entry in entries):
        return False
    if holds in (Field.PHRASE, Field.PHRASES):
        return all(entry in phrases for entry in entries)
    if holds is Field.AREAS:
        return all(AREA.fullmatch(entry) for entry in entries)
    return holds not in _CODES or all(entry in _CODES[holds] for entry in entries)


def compile_fields(kind: Kind, fields: Mapping[str, Any], using: Compiling) -> dict[str, Any]:
    """The plan's parameters: values resolved for the day of the case, phrases by their plan ids, optional fields filled in."""
    params: dict[str, Any] = {}
    for name, slot in kind.form.items():
        if name not in fields:
            if slot.absent is not None:
                params[name] = slot.absent
        elif slot.holds is Field.WHOLE and isinstance(fields[name], dict):
            params[name] = using.amount(fields[name]["value"])
        elif slot.holds is Field.PHRASE:
            params[name] = _only(using.phrase_ids(fields[name]), fields[name])
        elif slot.holds is Field.PHRASES:
            params[name] = [found for entry in fields[name] for found in using.phrase_ids(entry)]
        else:
            params[name] = list(fields[name]) if isinstance(fields[name], list) else fields[name]
    return params


def _only(found: tuple[str, ...], phrase: str) -> str:
    if len(found) != 1:
        raise InvalidError(f"the phrase {phrase} repeats for a list: it cannot be a single question")
    return found[0]
