"""Threads in which streams look at sessions: their own, and one a case.

A session is locked while something is done to it, and starting one waits for recorders, who themselves wait for the desk of this process:
looks that wait must never hold the threads that the desk needs, nor those of other cases.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
THREADS = 16


class Looks:
    """Runs looks in threads of their own, one at a time for each case; for one event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="look")
        self._turns: dict[str, asyncio.Lock] = {}
        self._asking: Counter[str] = Counter()

    async def run(self, case: str, look: Callable[[], T]) -> T:
        """What `look` returns, when it is this case's turn."""
        turn = self._turns.setdefault(case, asyncio.Lock())
        self._asking[case] += 1
        try:
            async with turn:
                return await asyncio.get_running_loop().run_in_executor(self._threads, look)
        finally:
            self._asking[case] -= 1
            if not self._asking[case]:
                del self._asking[case], self._turns[case]
