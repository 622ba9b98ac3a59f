"""`forbid_phrase`: words that must not be said, nor affirmed when the other party asks for them.

How it is judged is `core/verdicts`; here is only what a pack writes.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind(
    "forbid_phrase",
    {
        "speakers": Slot(Field.TRACKS),
        "phrases": Slot(Field.PHRASES),
        "questions": Slot(Field.PHRASES, optional=True, absent=[]),
        "within_ms": Slot(Field.WHOLE),
    },
)
