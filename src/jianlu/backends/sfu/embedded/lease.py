"""Forwarding on a lease: whoever turned it on asks for the room's status again and again, or it ends.

A process that stops looking at its sessions can neither see that a recording fails nor stop the talk. So nobody is seen or heard
through a media process whose caller is gone: not at once, because a caller that is killed is started anew, but soon. On an edge,
whose line to the caller may be cut for long, the recorder there looks after a room.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from jianlu.runtime.logging import logger

LEASE_S = 20.0
"""How long a room is forwarded without anybody asking how it does: as long as the grace of the shipped scenes."""

_LOOK_S = 1.0


class Lease:
    """Which rooms are forwarded, and when somebody last asked for each; `end` turns one off, one that `is_held` needs no asking."""

    def __init__(
        self,
        end: Callable[[str], Awaitable[None]],
        *,
        is_held: Callable[[str], bool] = lambda _: False,
        lease_s: float = LEASE_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._end = end
        self._is_held = is_held
        self._lease_s = lease_s
        self._now_s = now_s
        self._asked_s: dict[str, float] = {}
        self._looking: asyncio.Task[None] | None = None
        self._log = logger("media")

    def begin(self, room: str) -> None:
        """The room is forwarded from now on."""
        self._asked_s[room] = self._now_s()

    def renew(self, room: str) -> None:
        """Somebody looks after the room."""
        if room in self._asked_s:
            self._asked_s[room] = self._now_s()

    def drop(self, room: str) -> None:
        """The room is forwarded no longer."""
        self._asked_s.pop(room, None)

    async def look(self) -> tuple[str, ...]:
        """End what nobody asked for in time; returns those rooms. One that cannot be ended now, whatever the reason, is tried again."""
        ended = []
        for room, asked_s in list(self._asked_s.items()):
            if self._is_held(room):
                self.renew(room)
            elif self._now_s() - asked_s > self._lease_s:
                self.drop(room)  # before anything is awaited: a caller that comes back meanwhile begins a lease of its own
                try:
                    await self._end(room)
                    ended.append(room)
                except Exception as error:  # noqa: BLE001 - a look that died of one room would let all others go on for good
                    self._asked_s.setdefault(room, asked_s)
                    self._log.error("lease_not_ended", error=error)
        return tuple(ended)

    def start(self) -> None:
        """Look each second, in a running loop."""
        self._looking = asyncio.get_running_loop().create_task(self._look_on())

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            await self.look()
