"""An event loop in a thread of its own, for tests that call asynchronous servers from synchronous code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Startable(Protocol):
    """A server with a beginning and an end."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Loop:
    """A running event loop; `run` waits for a coroutine from outside it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


@contextmanager
def serving(*servers: Startable) -> Iterator[Loop]:
    """The servers, started in a loop of their own and stopped at the end."""
    loop = Loop()
    try:
        for server in servers:
            loop.run(server.start())
        yield loop
        for server in servers:
            loop.run(server.stop())
    finally:
        loop.close()
