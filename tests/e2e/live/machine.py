"""Whether this machine had time to spare while a session was recorded: what excuses a hole in a recording, and what does not.

A browser that encodes in software on a machine without an idle moment stops sending pictures. The recorder declares that, lawfully; a
hole on a machine that was not busy is a defect. Read from /proc/stat: the share of all cores' time that was idle, each half second.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PACE_S = 0.5
BUSY_BELOW = 0.10
"""Less of all cores' time idle than this: somebody waited for a core."""

MARGIN_US = 2_500_000
"""A hole is the end of a queue that had built up before it."""


_NICE = -10


@contextmanager
def first_in_line() -> Iterator[None]:
    """What is started in the block has the processors before the machine's other work, where the user may say so.

    A desk that records has nothing else to do; a machine that runs tests has.
    """
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)


@dataclass(frozen=True)
class Look:
    """The processors' time since the start, in ticks of all cores together, at a moment of the monotonic clock."""

    at_us: int
    idle: int
    whole: int


@dataclass
class MachineWatch:
    """Looks at the processors until the block ends."""

    looks: list[Look] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def idle_between(self, from_us: int, to_us: int) -> float:
        """The least share of idle time in any stretch of a second within the range and its margin; all of it where nobody looked: that
        excuses nothing."""
        near = [look for look in self.looks if from_us - MARGIN_US <= look.at_us <= to_us + MARGIN_US]
        shares = [(b.idle - a.idle) / max(1, b.whole - a.whole) for a, b in zip(near, near[2:], strict=False)]
        return min(shares, default=1.0)

    def idle_of(self, gap: dict[str, Any], zero_us: int) -> float:
        """`idle_between` where a gap lies, in a session with this zero."""
        return self.idle_between(zero_us + gap["from_ms"] * 1000, zero_us + gap["to_ms"] * 1000)

    def _watch(self) -> None:
        while not self._over.wait(PACE_S):
            words = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
            ticks = [int(word) for word in words[1:9]]
            self.looks.append(Look(time.monotonic_ns() // 1000, ticks[3] + ticks[4], sum(ticks)))
