"""The machine's clocks as a recorder needs them: the monotonic one that stamps arrivals, the wall clock, and the machine's run.

Nothing here measures durations of its own.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemMachineClock:
    """`live.ports.MachineClock` of this machine."""

    def monotonic_us(self) -> int:
        """As the port."""
        return time.monotonic_ns() // 1000

    def wall_ms(self) -> int:
        """As the port."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """As the port."""
        await asyncio.sleep(seconds)

    def boot(self) -> str:
        """As the port; empty where the system does not say (then a restart of the machine is not noticed)."""
        try:
            return _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return ""
