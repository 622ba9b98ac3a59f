"""`require_continuity`: one recording, without a gap longer than allowed, ended in order. Judged from events alone.

How it is judged is `core/verdicts`; here is only what a pack writes.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind("require_continuity", {"gap_ms_max": Slot(Field.WHOLE)})
