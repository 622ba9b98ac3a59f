"""The clock as a port: the only place that asks the machine for the time.

Use cases take a `Clock`, so that a test decides what time it is.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The present instant, and a monotonic one for durations; both may be called from any thread and never block."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; never runs backwards."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; never runs backwards."""
        return time.monotonic_ns() // 1_000_000
