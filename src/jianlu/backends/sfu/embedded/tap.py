"""The tap: a Unix socket on which recorders get every packet of a room as it arrived, before and whatever viewers get.

A recorder says `{"room", "recorder"}` on one line, then may ask for key frames: `{"key_frame": feed}`. The tap never waits for it: who
reads too slowly is cut off, notices, and comes again. Frames are those of `capture.recording.live.tap_frames`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.runtime.rpc import check_peer

QUEUE_BYTES_MAX = 4 << 20
FLUSH_EVERY_S = 0.2
"""How long packets are gathered before they are written together, well below the recorder's lag. Packets say themselves when they came; to
write and to read each alone would cost more than to forward it, and so would it to wake up for a few."""

_GATHERED_BYTES_MAX = 128 << 10
_LINE_BYTES_MAX = 4_096


class TapSource(Protocol):
    """What the tap reads from."""

    def states(self, room: str) -> Iterable[bytes]:
        """The state frames of every feed of a room."""

    def request_key_frame(self, room: str, feed: str) -> None:
        """Ask the publisher of a feed for a key frame; no feed, no request."""


class TapServer:
    """Serves recorders at `path`."""

    def __init__(self, path: Path, source: TapSource) -> None:
        self._path = path
        self._source = source
        self._listeners: dict[str, set[_Listener]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; UnavailableError when the socket cannot be made."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=_LINE_BYTES_MAX)
            self._path.chmod(0o600)
        except OSError as error:
            raise UnavailableError(f"the socket {self._path.name} cannot be made: check the home's run folder") from error

    async def stop(self) -> None:
        """Cut recorders off and remove the socket."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def listens(self, room: str) -> bool:
        """Whether any recorder listens to a room, so that frames need not be made for nobody."""
        return room in self._listeners

    def send(self, room: str, frame: bytes) -> None:
        """Give a frame to every recorder of a room."""
        for listener in self._listeners.get(room, ()):
            listener.put(frame)

    def recorders(self, room: str) -> tuple[str, ...]:
        """Who listens."""
        return tuple(sorted(listener.recorder for listener in self._listeners.get(room, ())))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            check_peer(writer.get_extra_info("socket"))
            await self._listen(reader, writer)
        except (ConnectionError, JianluError, ValueError, KeyError, TypeError, asyncio.CancelledError):
            pass  # not a recorder of ours, or gone
        finally:
            if task is not None:
                self._tasks.discard(task)
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = json.loads(await reader.readline())
        room = str(hello["room"])
        listener = _Listener(str(hello["recorder"]), writer)
        for frame in self._source.states(room):
            listener.put(frame)
        self._listeners.setdefault(room, set()).add(listener)
        try:
            while line := await reader.readline():
                with contextlib.suppress(KeyError):
                    self._source.request_key_frame(room, str(json.loads(line)["key_frame"]))
        finally:
            self._listeners[room].discard(listener)
            if not self._listeners[room]:
                del self._listeners[room]


class _Listener:
    """One recorder: frames are gathered for a moment and written together."""

    def __init__(self, recorder: str, writer: asyncio.StreamWriter) -> None:
        self.recorder = recorder
        self._transport = writer.transport
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._loop = asyncio.get_running_loop()

    def put(self, frame: bytes) -> None:
        if not self._pending:
            self._loop.call_later(FLUSH_EVERY_S, self._flush)
        self._pending.append(frame)
        self._pending_bytes += len(frame)
        if self._pending_bytes > _GATHERED_BYTES_MAX:
            self._flush()

    def _flush(self) -> None:
        frames, self._pending, self._pending_bytes = self._pending, [], 0
        if not frames or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > QUEUE_BYTES_MAX:
            self._transport.abort()
            return
        self._transport.write(b"".join(frames))
