"""`require_sound`: every listed audio track is live and its speech stands out of the noise.

Levels are in hundredths of a decibel; the numbers are technical and belong in the pack's technical values.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind(
    "require_sound",
    {
        "tracks": Slot(Field.TRACKS),
        "dead_ms_max": Slot(Field.WHOLE),
        "snr_cdb_min": Slot(Field.WHOLE),
        "speech_cdb_min": Slot(Field.WHOLE),
    },
)
