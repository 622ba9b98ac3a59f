"""The tap of a media process of this machine: a Unix socket by shard, frames as `capture.recording.live.tap_frames` has them.

A tap that ends is not reopened here: the recorder has to notice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from jianlu.capture.recording.live.tap_frames import FrameReader, TapFrame, greeting, key_frame_request
from jianlu.core.errors import UnavailableError

_READ_BYTES = 256 * 1024


class UnixTap:
    """`ports.Tap` of the recorder `name`; `socket_of` says at which socket a room is tapped."""

    def __init__(self, socket_of: Callable[[str], Path], name: str) -> None:
        """Nothing is connected yet."""
        self._socket_of = socket_of
        self._name = name

    async def open(self, room: str) -> UnixTapStream:
        """As the port."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket_of(room)))
            writer.write(greeting(room, self._name))
            await writer.drain()
        except OSError as error:
            raise UnavailableError("the media process does not answer: see that `jianlu serve` runs, then try again") from error
        return UnixTapStream(reader, writer)


class UnixTapStream:
    """`ports.TapStream` over a connected socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the two halves of the connection."""
        self._reader, self._writer = reader, writer
        self._frames = FrameReader()

    async def read(self) -> list[TapFrame]:
        """As the port."""
        while True:
            try:
                content = await self._reader.read(_READ_BYTES)
            except OSError:
                return []
            if not content:
                return []
            if frames := self._frames.push(content):
                return frames

    def ask_key_frame(self, feed: str) -> None:
        """As the port."""
        with contextlib.suppress(OSError):
            self._writer.write(key_frame_request(feed))

    async def close(self) -> None:
        """As the port."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
