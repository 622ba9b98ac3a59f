"""Calls between the processes of one machine: a Unix socket, JSON fields, one binary blob, our six families of errors.

A frame is `u32 length of header | header (JSON) | u32 length of blob | blob`. The socket is made 0600 and the peer must be the
same user: processes of one home trust each other, nobody else gets in. Nothing here knows what is called.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from jianlu.core import errors
from jianlu.core.errors import DeniedError, IntegrityError, InvalidError, JianluError, UnavailableError

Method = Callable[[dict[str, Any], bytes], Awaitable[tuple[dict[str, Any], bytes]]]
Answer = tuple[dict[str, Any], bytes]

HEADER_BYTES_MAX = 1 << 20
BLOB_BYTES_MAX = 64 << 20
"""A segment of two seconds at any bit rate that capture accepts, and room for a page of ledger entries."""

TIMEOUT_S = 10.0
_LENGTH = struct.Struct(">I")
_CREDENTIALS = struct.Struct("3i")
_FAMILIES = {
    name: getattr(errors, name)
    for name in ("InvalidError", "DeniedError", "NotFoundError", "ConflictError", "UnavailableError", "IntegrityError")
}


class RpcServer:
    """Serves `methods` on the socket at `path` to processes of the same user; calls of one connection run one after the other."""

    def __init__(self, path: Path, methods: Mapping[str, Method]) -> None:
        self._path = path
        self._methods = methods
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket left by a process that died is replaced. UnavailableError when the socket cannot be made."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, str(self._path))
            self._path.chmod(0o600)
        except OSError as error:
            raise UnavailableError(
                f"the socket {self._path.name} cannot be made ({error.strerror}): check the home's run folder"
            ) from error

    async def stop(self) -> None:
        """Stop listening, drop connections, remove the socket."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        if self._open:
            await asyncio.gather(*self._open, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            check_peer(writer.get_extra_info("socket"))
            while True:
                header, blob = await _read(reader)
                writer.writelines(_frame(*await self._answer(header, blob)))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, JianluError, asyncio.CancelledError):
            pass  # the peer left, is not ours, or speaks another language: the connection ends, the server goes on
        finally:
            if task is not None:
                self._open.discard(task)
            writer.close()

    async def _answer(self, header: dict[str, Any], blob: bytes) -> Answer:
        method = self._methods.get(str(header.get("method")))
        try:
            if method is None:
                raise InvalidError("no such method: run processes of one version")
            fields, back = await method(dict(header.get("fields") or {}), blob)
        except JianluError as error:
            return {"error": type(error).__name__, "message": str(error)}, b""
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            return {
                "error": "InvalidError",
                "message": f"the call lacks a field or has one of the wrong form ({type(error).__name__})",
            }, b""
        except OSError as error:
            return {"error": "UnavailableError", "message": f"the other process could not use a file ({error.strerror})"}, b""
        return {"fields": fields}, back


class RpcClient:
    """Calls the server at `path`; connects when needed and again after a failure. One call at a time, in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, fields: Mapping[str, Any], blob: bytes = b"", *, timeout_s: float = TIMEOUT_S) -> Answer:
        """The method's answer; raises what it raised, and UnavailableError when the process is away or too slow.

        After UnavailableError the call may or may not have been carried out: methods are made to be called again.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(timeout_s):
                    if self._streams is None:
                        self._streams = await asyncio.open_unix_connection(str(self._path))
                    reader, writer = self._streams
                    writer.writelines(_frame({"method": method, "fields": dict(fields)}, blob))
                    await writer.drain()
                    header, back = await _read(reader)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, InvalidError) as error:
                await self._drop()
                raise _away(self._path) from error
            except BaseException:
                await self._drop()
                raise
        return _result(header, back)

    async def close(self) -> None:
        """Let the connection go; the next call makes a new one."""
        async with self._lock:
            await self._drop()

    async def _drop(self) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class BlockingRpcClient:
    """As `RpcClient`, for threads: calls made at once each have a connection, which the next ones use again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[socket.socket] = deque()

    def call(self, method: str, fields: Mapping[str, Any], blob: bytes = b"", *, timeout_s: float = TIMEOUT_S) -> Answer:
        """As `RpcClient.call`."""
        frame = _frame({"method": method, "fields": dict(fields)}, blob)
        connection = self._connected(timeout_s)
        try:
            for part in frame:
                connection.sendall(part)
            header = _header(_receive(connection, _length(_receive(connection, 4), HEADER_BYTES_MAX)))
            back = _receive(connection, _length(_receive(connection, 4), BLOB_BYTES_MAX))
        except (OSError, InvalidError) as error:
            connection.close()
            raise _away(self._path) from error
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return _result(header, back)

    def close(self) -> None:
        """Let all idle connections go; the next call makes a new one."""
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().close()

    def _connected(self, timeout_s: float) -> socket.socket:
        """An idle connection that the server has not closed, else a new one."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if not _has_ended(connection):
                connection.settimeout(timeout_s)
                return connection
            connection.close()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout_s)
        try:
            connection.connect(str(self._path))
        except OSError as error:
            connection.close()
            raise _away(self._path) from error
        return connection


def check_peer(connection: Any) -> None:
    """Raise DeniedError unless the process at the other end of a Unix socket runs as this user (or as root)."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(credentials)
    if uid not in (os.geteuid(), 0):
        raise DeniedError("another user's process called: run all processes of a home as one user")


def _frame(header: Mapping[str, Any], blob: bytes) -> list[bytes]:
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    if len(head) > HEADER_BYTES_MAX or len(blob) > BLOB_BYTES_MAX:
        raise InvalidError("a call between processes is larger than any that is allowed: send less at once")
    return [_LENGTH.pack(len(head)), head, _LENGTH.pack(len(blob)), blob]


async def _read(reader: asyncio.StreamReader) -> Answer:
    header = _header(await reader.readexactly(_length(await reader.readexactly(4), HEADER_BYTES_MAX)))
    return header, await reader.readexactly(_length(await reader.readexactly(4), BLOB_BYTES_MAX))


def _receive(connection: socket.socket, length: int) -> bytes:
    buffer = bytearray(length)
    view, at = memoryview(buffer), 0
    while at < length:
        count = connection.recv_into(view[at:])
        if count == 0:
            raise ConnectionResetError("the other process left")
        at += count
    return bytes(buffer)


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side closed an idle connection: nothing else can make it readable."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _length(packed: bytes, most: int) -> int:
    (length,) = _LENGTH.unpack(packed)
    if length > most:
        raise InvalidError("a frame is larger than allowed")
    return int(length)


def _header(content: bytes) -> dict[str, Any]:
    try:
        header = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidError("a frame's header is not JSON") from error
    if not isinstance(header, dict):
        raise InvalidError("a frame's header is not an object")
    return header


def _result(header: dict[str, Any], blob: bytes) -> Answer:
    if "error" in header:
        family = _FAMILIES.get(str(header["error"]), IntegrityError)
        raise family(str(header.get("message", "")))
    fields = header.get("fields") or {}
    if not isinstance(fields, dict):
        raise IntegrityError("another process answered something else than fields: run processes of one version")
    return fields, blob


def _away(path: Path) -> UnavailableError:
    return UnavailableError(f"the process behind {path.name} does not answer: see that `jianlu serve` runs, then try again")
