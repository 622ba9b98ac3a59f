"""Cursors of long lists: where the last page ended, as an opaque text that the caller hands back.

A cursor names a place in an order (an instant and an id), not a number of rows, so that what is added meanwhile moves nothing. It gives
no right: what a page holds is decided anew each time.
"""

from __future__ import annotations

import base64
import binascii

from jianlu.core.errors import InvalidError

_WRONG = "this cursor is none of ours: begin with the first page"


def cursor_of(at: str, id: str) -> str:
    """The cursor behind the row with that instant and id."""
    return base64.urlsafe_b64encode(f"{at} {id}".encode()).decode().rstrip("=")


def numbers_in(claimed: str, count: int) -> tuple[int, ...]:
    """The `count` numbers, joined by dots, that are the id of a cursor; InvalidError for anything else."""
    parts = claimed.split(".")
    if len(parts) != count or not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in parts):
        raise InvalidError(_WRONG)
    return tuple(map(int, parts))


def opened_cursor(claimed: str) -> tuple[str, str] | None:
    """The instant and id that a cursor names; None for an empty one, which is the beginning. InvalidError for what is no cursor."""
    if not claimed:
        return None
    try:
        at, _, name = base64.urlsafe_b64decode(claimed + "=" * (-len(claimed) % 4)).decode("ascii").partition(" ")
    except (binascii.Error, ValueError) as error:
        raise InvalidError(_WRONG) from error
    if not name or not (at + name).isprintable():
        raise InvalidError(_WRONG)
    return at, name
