"""Cedar text cut into its statements, each with the line that it begins on, so that a mistake can be told by its line.

The policy engine says what is wrong with a text, not where; strings and comments are honoured, nothing else is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PART = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|\s+|[^";/\s]+|/|"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as text, its semicolon included; `line` is the first that is neither blank nor a comment."""

    text: str
    line: int


def statements_of(text: str) -> Iterator[Statement]:
    """The statements in order, without comments; what follows the last semicolon is one too, unless it is blank or comments."""
    parts: list[str] = []
    line = first = 1
    for match in _PART.finditer(text):
        part = match.group()
        if not parts and not part.isspace() and not part.startswith("//"):
            first = line
        if parts or not part.isspace():
            parts += [] if part.startswith("//") else [part]
        line += part.count("\n")
        if part == ";":
            yield Statement("".join(parts), first)
            parts = []
    if "".join(parts).strip():
        yield Statement("".join(parts).strip(), first)
