"""Word that something about a case changed, from any thread to whoever streams it.

Nothing is remembered but a number per case; what changed is read from the session.
"""

from __future__ import annotations

import asyncio
import threading

_CASES_MAX = 10_000


class Changes:
    """Counts changes by case and wakes who waits for the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def notify(self, case: str) -> None:
        """Something about `case` changed; never blocks, safe from threads."""
        with self._lock:
            if len(self._numbers) > _CASES_MAX:
                self._numbers.clear()
            self._numbers[case] = self._numbers.get(case, 0) + 1
            woken = list(self._waiting.get(case, ()))
        for loop, event in woken:
            loop.call_soon_threadsafe(event.set)

    def number(self, case: str) -> int:
        """How many changes there were; pass it to `wait` to miss none in between."""
        with self._lock:
            return self._numbers.get(case, 0)

    async def wait(self, case: str, seen: int, timeout_s: float) -> None:
        """Return when there were changes beyond `seen`, or after `timeout_s`."""
        event = asyncio.Event()
        entry = (asyncio.get_running_loop(), event)
        with self._lock:
            if self._numbers.get(case, 0) != seen:
                return
            self._waiting.setdefault(case, set()).add(entry)
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                waiting = self._waiting.get(case, set())
                waiting.discard(entry)
                if not waiting:
                    self._waiting.pop(case, None)
