"""A media process that forwards through Janus, as something to start and stop.

Others find the same sockets as with the embedded SFU.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.backends.sfu.embedded.methods import Calls
from jianlu.backends.sfu.embedded.serve import media_socket, tap_socket
from jianlu.backends.sfu.embedded.shard import MediaOptions
from jianlu.backends.sfu.janus.rooms import JanusForwarder


class JanusServer:
    """Serves the rooms of shard `number` at the Janus whose HTTP interface is at `url`, on sockets in `folder` (the home's `run`)."""

    def __init__(self, folder: Path, number: int, options: MediaOptions, url: str, *, secret: str = "") -> None:
        self._forwarder = JanusForwarder(url, options, tap_socket(folder, number), secret=secret)
        self._calls = Calls(media_socket(folder, number), self._forwarder, is_edge=options.is_edge)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where Janus reaches our recorder."""
        return self._forwarder.candidates

    async def start(self) -> None:
        """Open the session at Janus, listen for recorders, and last for calls."""
        await self._forwarder.start()
        await self._calls.start()

    async def stop(self) -> None:
        """Take no more calls, let peers and recorders go."""
        await self._calls.stop()
        await self._forwarder.stop()
