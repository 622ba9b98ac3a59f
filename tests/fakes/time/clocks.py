"""A clock that tests set: the wall and the monotonic one, together or one alone. Not a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SetClock:
    """`runtime.clock.Clock`, beginning at the machine's time so that real certificates are in force."""

    def __init__(self) -> None:
        self.wall = datetime.now(UTC)
        self.ms = 1_000

    def now(self) -> datetime:
        """As the port."""
        return self.wall

    def monotonic_ms(self) -> int:
        """As the port."""
        return self.ms

    def pass_ms(self, ms: int) -> None:
        """Time passes."""
        self.wall += timedelta(milliseconds=ms)
        self.ms += ms

    def step_ms(self, ms: int) -> None:
        """Somebody sets the wall clock."""
        self.wall += timedelta(milliseconds=ms)
