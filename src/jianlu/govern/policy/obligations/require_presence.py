"""`require_presence`: enough faces, large enough, in enough seconds of the picture.

The law says "identifiable"; the numbers are technical and belong in the pack's technical values, with their reason.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind(
    "require_presence",
    {
        "track": Slot(Field.TRACK),
        "faces_min": Slot(Field.WHOLE),
        "share_permille": Slot(Field.WHOLE),
        "absent_ms_max": Slot(Field.WHOLE),
        "height_permille_min": Slot(Field.WHOLE),
    },
)
