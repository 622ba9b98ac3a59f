"""How sealed objects are handled: their kinds, classes, levels and keepers of keys, and which kind an object is by its name.

The closed lists that packs, plans and events share. Levels are 1 to 5, as JR/T 0197-2020 and GB/T 39725-2020 count them.
"""

from __future__ import annotations

OBJECTS = ("recording", "transcript", "findings", "biometric", "identity", "document", "consent", "message")
"""Kinds of objects of a case that clauses speak of, in the order in which a plan lists them."""

CLASSES = ("business", "personal", "sensitive", "medical", "biometric")
"""Classes from the weakest to the strongest: where two clauses class one kind of object, the later holds."""

UNCLASSIFIED = "unclassified"
"""The class where no clause states one; the level is then the highest."""

DEFAULT = "default"
"""The reason where no clause states one."""

LEVEL_MIN, LEVEL_MAX = 1, 5

KEYS = ("own", "keeper")
"""Whose key: one of the object's own, which every sealed object has, or besides a root key that never leaves its keeper."""

KEEPERS = ("pkcs11", "openbao")
"""Names of keepers, as `system:backends:started` states them, from which the root key cannot be taken."""

ENDING_PARTS = ("recording", "transcript", "findings", "biometric", "consent")
"""Kinds of objects that may end before their case does, each when its own term is over: a part of the case's retention each."""

_BY_BEGINNING = (
    ("findings-speech", "transcript"),
    ("findings-", "findings"),
    ("verdicts", "findings"),
    ("init", "recording"),
    ("seg-", "recording"),
    ("b-init", "recording"),
    ("b-seg-", "recording"),
    ("clock-", "recording"),
    ("template-", "biometric"),
    ("particulars", "identity"),
    ("supervisor-", "identity"),
    ("deposit-", "document"),
    ("attestation-", "consent"),
    ("message-", "message"),
)


def beginnings_of(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """With what ids of objects of that kind begin, and with what such ids begin that are of another kind all the same."""
    mine = tuple(beginning for beginning, each in _BY_BEGINNING if each == kind)
    others = tuple(beginning for beginning, each in _BY_BEGINNING if each != kind and beginning.startswith(mine))
    return mine, others


def kind_of(object: str) -> str:
    """The kind of the object with this id; empty for rules (plan, packs, script) and the institution's records (custody, reviews)."""
    return next((kind for beginning, kind in _BY_BEGINNING if object.startswith(beginning)), "")
