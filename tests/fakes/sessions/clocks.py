"""A clock that moves only when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SetClock:
    """`Clock`: wall and monotonic time move together by `move`."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
        self.ms = 5_000_000

    def now(self) -> datetime:
        return self.moment

    def monotonic_ms(self) -> int:
        return self.ms

    def move(self, ms: int) -> None:
        self.ms += ms
        self.moment += timedelta(milliseconds=ms)
