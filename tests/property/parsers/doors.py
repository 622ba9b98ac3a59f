"""All parsing doors together."""

from __future__ import annotations

from collections.abc import Iterator

from tests.property.parsers import doors_formats, doors_live, doors_outside, doors_rules
from tests.property.parsers.law import Door
from tests.property.parsers.vectors import Material


def all_doors(material: Material) -> Iterator[Door]:
    """Every door, in the order in which a long run takes them."""
    for part in (doors_formats, doors_rules, doors_live, doors_outside):
        yield from part.doors(material)
