"""`require_consent`: one party asks, the other affirms within a time; silence, refusal or the wrong voice is no consent.

How it is judged is `core/verdicts`; here is only what a pack writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.obligations.form import Field, Kind, Slot


def _check(fields: Mapping[str, Any]) -> None:
    if fields["asker"] == fields["answerer"]:
        raise InvalidError(f"the step {fields['step']}: nobody consents to a question of their own")


KIND = Kind(
    "require_consent",
    {
        "step": Slot(Field.STEP),
        "question": Slot(Field.PHRASE),
        "asker": Slot(Field.TRACK),
        "answerer": Slot(Field.TRACK),
        "within_ms": Slot(Field.WHOLE),
        "answers": Slot(Field.PHRASES, optional=True, absent=[]),
        "after": Slot(Field.STEPS, optional=True, absent=[]),
        "before": Slot(Field.STEPS, optional=True, absent=[]),
    },
    is_step=True,
    check=_check,
)
"""No `answers`: any affirmation of the session's language counts."""
