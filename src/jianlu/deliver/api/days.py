"""A day in a request: `2026-11-26` and nothing else.

The library that reads bodies also takes numbers for days, as seconds since 1970, which nobody means and the description does not offer.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written(claimed: object) -> object:
    if isinstance(claimed, int | float) or (isinstance(claimed, str) and not _WRITTEN.fullmatch(claimed)):
        raise PydanticCustomError("day", "a day is written as 2026-11-26")  # with the field's name it becomes one of ours
    return claimed


Day = Annotated[date, BeforeValidator(_written)]
