"""Text for a terminal in which Chinese and Latin letters mix: display width, wrapping, hanging indents.

A Chinese character takes two columns and a line may break after any of them, but never before closing punctuation.
"""

from __future__ import annotations

import unicodedata

WIDTH = 96
"""Columns of a page: fits a printed A4 page in landscape and most terminals."""

_NEVER_FIRST = "，。；：、！？）〕》」』”’…,.;:!?)]%"
_NEVER_LAST = "（〔《「『“‘([#"


def columns(text: str) -> int:
    """Columns that `text` takes: two for wide characters, none for combining marks."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, width: int) -> str:
    """`text` with spaces up to `width` columns."""
    return text + " " * max(0, width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns (one unbreakable piece may be longer)."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and columns(line) + columns(piece.rstrip()) > width:
            lines.append(line.rstrip())
            piece, line = piece.lstrip(), ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def hanging(first: str, text: str, *, indent: int, width: int = WIDTH) -> list[str]:
    """`text` after the label `first`, which fills `indent` columns on the first line and spaces on the others."""
    lines = wrapped(text, width - indent)
    return [padded(first, indent) + lines[0], *(" " * indent + line for line in lines[1:])]


def _pieces(text: str) -> list[str]:
    """Pieces between which a line may break."""
    pieces: list[str] = []
    for char in text:
        if pieces and (_joins(pieces[-1], char)):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _joins(before: str, char: str) -> bool:
    last = before[-1]
    if char in _NEVER_FIRST or last in _NEVER_LAST or char == " ":
        return True
    wide = unicodedata.east_asian_width(last) in "WF" or unicodedata.east_asian_width(char) in "WF"
    return not wide and last != " "
