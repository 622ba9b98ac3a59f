"""`require_picture`: a living picture, neither black nor frozen for long.

The numbers are technical and belong in the pack's technical values, with their reason.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind(
    "require_picture",
    {"track": Slot(Field.TRACK), "black_ms_max": Slot(Field.WHOLE), "frozen_ms_max": Slot(Field.WHOLE)},
)
