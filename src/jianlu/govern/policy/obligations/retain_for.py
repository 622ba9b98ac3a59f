"""`retain_for`: parts are kept until a trigger date plus a term. The plan gets one obligation per part; `retain.py` solves dates.

`counts_when` makes a term contingent: it counts only once one of those dates is known (a dispute, a regulator's request).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.obligations.form import Field, Kind, Slot


def _check(fields: Mapping[str, Any]) -> None:
    if not fields["parts"]:
        raise InvalidError("retain_for names no part")


KIND = Kind(
    "retain_for",
    {
        "parts": Slot(Field.PARTS),
        "trigger": Slot(Field.TRIGGER),
        "years": Slot(Field.WHOLE, optional=True, absent=0),
        "months": Slot(Field.WHOLE, optional=True, absent=0),
        "counts_when": Slot(Field.TRIGGERS, optional=True, absent=[]),
    },
    check=_check,
)
