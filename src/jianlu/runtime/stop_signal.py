"""Being told to stop: SIGTERM and SIGINT as something that a loop can look at and wait for.

A `threading.Event` set in a handler can deadlock: the handler runs in the main thread, which may hold the event's lock in `wait`.
Here the handler writes a byte into a pipe, which is safe at any moment.
"""

from __future__ import annotations

import os
import select
import signal
from typing import Protocol


class Stopping(Protocol):
    """Whether to stop; a `StopSignal`, or in a thread a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...

    def wait(self, timeout: float, /) -> bool:
        """Wait for it, at most so many seconds; whether to stop."""
        ...


class StopSignal:
    """Takes over SIGTERM and SIGINT of this process; made and waited for in the main thread."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)

    def _told(self, *_: object) -> None:
        try:
            os.write(self._writer, b"\0")
        except BlockingIOError:  # told so often that the pipe is full: it is known by now
            return

    def is_set(self) -> bool:
        """Whether the process was told to stop."""
        return self.wait(0)

    def wait(self, seconds: float, /) -> bool:
        """Wait until told, at most so long; whether it was told."""
        return bool(select.select([self._reader], [], [], seconds)[0])
