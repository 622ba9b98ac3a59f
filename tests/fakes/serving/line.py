"""A line between two homes: each socket of one is carried to the other, as `ssh -L` and `-R` do, and the line can be cut and mended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from tests.fakes.loops import Loop


class Line:
    """Carries what connects at `there` to the socket at `here`, for each pair (here, there). While it is cut nobody gets through."""

    def __init__(self, pairs: Sequence[tuple[Path, Path]]) -> None:
        self._loop = Loop()
        self._pairs = list(pairs)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()
        self.mend()

    def mend(self) -> None:
        """Let through, from now on."""
        self._loop.run(self._listen())

    def cut(self) -> None:
        """Every connection breaks, and none can be made."""
        self._loop.run(self._shut())

    def close(self) -> None:
        self.cut()
        self._loop.close()

    async def _listen(self) -> None:
        for here, there in self._pairs:
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            there.unlink(missing_ok=True)

            async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: Path = here) -> None:
                await self._carry(reader, writer, to)

            self._servers.append(await asyncio.start_unix_server(carry, str(there)))
            there.chmod(0o600)

    async def _shut(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()
        for _, there in self._pairs:
            there.unlink(missing_ok=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: Path) -> None:
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(str(to))
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        with contextlib.suppress(OSError):
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        for each in (writer, far_writer):
            each.close()
            self._open.discard(each)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until it ends; then the other end is told."""
    try:
        while content := await reader.read(65_536):
            writer.write(content)
            await writer.drain()
    finally:
        writer.close()
