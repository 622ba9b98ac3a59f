"""Lists that programs go through by cursor and people by page: what both say in the query.

`first` begins; after that it is the `next` of the answer before, which is empty on the last page. By cursor nothing is counted.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

FIRST = "first"
Cursor = Annotated[str, Query(max_length=200, description="Instead of a page: `next` of the answer before, or `first`.")]


def behind(cursor: str) -> str:
    """The cursor as the use cases take it: empty for the beginning."""
    return "" if cursor == FIRST else cursor
