"""Whether somebody moved the machine's wall clock: it is compared with the monotonic one, once a second.

A clock that is disciplined slowly (NTP slews by at most 0.5 ms a second) is followed without a word; a step is an event.
"""

from __future__ import annotations

STEP_MS = 500
"""What is called a step: a thousand times what discipline moves in a second."""


class WallClockWatch:
    """Tells steps of the wall clock."""

    def __init__(self) -> None:
        self._offset_ms: int | None = None

    def look(self, wall_ms: int, monotonic_ms: int) -> int:
        """How far the wall clock was stepped since the last look (ms, negative when back); 0 when it was not."""
        offset_ms = wall_ms - monotonic_ms
        step_ms = 0 if self._offset_ms is None else offset_ms - self._offset_ms
        self._offset_ms = offset_ms
        return step_ms if abs(step_ms) >= STEP_MS else 0
