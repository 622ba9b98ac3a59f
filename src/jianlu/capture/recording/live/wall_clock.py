"""Whether somebody moved the machine's wall clock: it is compared with the monotonic one, once a second.

A clock that is disciplined slowly (NTP slews by at most 0.5 ms a second) is followed without a word; a step is an event. How far the two
were apart is kept with the recording's state, so that a step while the recorder is down is seen when it is back.
"""

from __future__ import annotations

from typing import Protocol

STEP_MS = 500
"""What is called a step: a thousand times what discipline moves in a second."""

_APART_US = 100_000
_TRIES = 3


class BothClocks(Protocol):
    """The two clocks of the machine."""

    def monotonic_us(self) -> int:
        """Microseconds since some instant of the machine's run."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""


def offset_of(clock: BothClocks) -> int | None:
    """How far the wall clock is ahead of the monotonic one (ms), both read at one instant.

    None where the machine is too busy for that: a process that has to wait between the two would take its own delay for a step.
    """
    for _ in range(_TRIES):
        before_us = clock.monotonic_us()
        wall_ms = clock.wall_ms()
        after_us = clock.monotonic_us()
        if after_us - before_us <= _APART_US:
            return wall_ms - (before_us + after_us) // 2000
    return None


class WallClockWatch:
    """Tells steps of the wall clock. `offset_ms` is what it was ahead at the last look, None before the first."""

    def __init__(self, offset_ms: int | None = None) -> None:
        """Begin with what an earlier process knew, if one did."""
        self.offset_ms = offset_ms

    def look(self, offset_ms: int | None) -> int:
        """How far the wall clock was stepped since the last look (ms, negative when back); 0 when it was not, or is not known."""
        if offset_ms is None:
            return 0
        step_ms = 0 if self.offset_ms is None else offset_ms - self.offset_ms
        self.offset_ms = offset_ms
        return step_ms if abs(step_ms) >= STEP_MS else 0
