"""`require_step`: every point is said by one speaker, after the steps it presupposes and before those that presuppose it.

How it is judged is `core/verdicts`; here is only what a pack writes.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind(
    "require_step",
    {
        "step": Slot(Field.STEP),
        "speaker": Slot(Field.TRACK),
        "points": Slot(Field.PHRASES),
        "after": Slot(Field.STEPS, optional=True, absent=[]),
        "before": Slot(Field.STEPS, optional=True, absent=[]),
        "within_ms": Slot(Field.WHOLE, optional=True),
    },
    is_step=True,
)
"""No `within_ms`: the points may spread over the whole session."""
