"""`require_sync`: sound and picture belong together, by offset at marks and by drift between them.

The numbers are technical and belong in the pack's technical values, with their reason.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind(
    "require_sync",
    {"offset_ms_max": Slot(Field.WHOLE), "drift_ms_max": Slot(Field.WHOLE), "marks_min": Slot(Field.WHOLE)},
)
