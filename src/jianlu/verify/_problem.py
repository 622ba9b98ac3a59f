"""Makes problems: the one place that decides which codes break integrity.

The codes and their texts are in `problems.py`; where a problem is found, its checker says.
"""

from __future__ import annotations

from dataclasses import replace

from jianlu.verify.model import Problem, Where
from jianlu.verify.problems import Code

NOWHERE = Where()
_HARMLESS = frozenset({Code.CLAUSE_NOT_MET, Code.CLAUSE_NOT_EVIDENCED})


def problem_at(
    code: Code,
    *,
    path: str | None = None,
    place: Where = NOWHERE,
    from_ms: int | None = None,
    to_ms: int | None = None,
    clause: str | None = None,
    detail: str = "",
) -> Problem:
    """A problem of kind `code`, at a segment's `place` or a path and times; all but an unmet or unevidenced clause break integrity."""
    where = replace(place, path=path) if place.segment is not None else Where(None, from_ms, to_ms, path)
    return Problem(code.value, where, clause, code not in _HARMLESS, detail)
