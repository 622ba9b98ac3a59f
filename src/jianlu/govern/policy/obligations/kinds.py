"""The kinds of obligation by name, in the order of `core.formats.plan.KINDS`.

A new kind is a module here, its rule in `core/verdicts`, and a row of `specs/plan.md`, in one change.
"""

from __future__ import annotations

from collections.abc import Mapping

from jianlu.govern.policy.obligations import (
    forbid_phrase,
    handle_as,
    require_attestation,
    require_consent,
    require_continuity,
    require_picture,
    require_presence,
    require_sound,
    require_step,
    require_sync,
    retain_for,
)
from jianlu.govern.policy.obligations.form import Kind

KINDS: Mapping[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        require_step,
        require_consent,
        forbid_phrase,
        require_presence,
        require_picture,
        require_sound,
        require_sync,
        require_continuity,
        require_attestation,
        retain_for,
        handle_as,
    )
}
