"""A tap as a media process serves it, with publishers that live in real time; start and stop it in a running loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

from jianlu.capture.recording.live.tap_frames import FeedChange, change_frame
from tests.fakes.live.publisher import Publisher, frame_bytes

_STEP_S = 0.01


class TapServer:
    """Serves `publishers` to everybody who connects to the socket at `path`, in any room."""

    def __init__(self, path: Path, publishers: Sequence[Publisher]) -> None:
        self._path = path
        self._publishers = list(publishers)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._sender: asyncio.Task[None] | None = None
        self.greetings: list[dict[str, str]] = []
        self.asked: list[str] = []

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for publisher in self._publishers:
            publisher.begin(time.monotonic_ns() // 1_000_000)
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        self._sender = asyncio.create_task(self._send())

    async def stop(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        self.disconnect()
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    def disconnect(self) -> None:
        """Drop every recorder, as a media process does whose recorder is too slow."""
        for writer in list(self._writers):
            writer.close()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.greetings.append(json.loads(await reader.readline()))
            now_us = time.monotonic_ns() // 1000
            writer.writelines(change_frame(FeedChange(p.feed, "connected", now_us, "")) for p in self._publishers if p.is_sending)
            self._writers.add(writer)
            while line := await reader.readline():
                feed = json.loads(line)["key_frame"]
                self.asked.append(feed)
                for publisher in self._publishers:
                    if publisher.feed == feed:
                        publisher.ask_key_frame()
        except (OSError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _send(self) -> None:
        while True:
            now_ms = time.monotonic_ns() // 1_000_000
            content = b"".join(frame_bytes(f) for publisher in self._publishers for f in publisher.frames_until(now_ms))
            for writer in list(self._writers):
                with contextlib.suppress(OSError):
                    writer.write(content)
            await asyncio.wait([self._sender] if self._sender else [], timeout=_STEP_S)
