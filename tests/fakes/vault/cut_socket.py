"""A way to a process's socket on which answers are lost: a call is carried out, and whoever made it hears nothing of it."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LENGTH = struct.Struct(">I")


class CutSocket:
    """The way: `lose` names the method whose next answer is swallowed; `lost` are the answers that were, as they came."""

    def __init__(self, path: Path, upstream: Path) -> None:
        self.path = path
        self.lose = ""
        self.lost: list[dict[str, object]] = []
        self._upstream = upstream
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection and listen no more."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        for each in (self._listening, *self._open):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                self._open.append(caller)
                threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        with suppress(OSError, EOFError), caller, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as keeper:
            keeper.connect(str(self._upstream))
            while True:
                call, whole = _frame(caller)
                keeper.sendall(whole)
                answer, whole = _frame(keeper)
                if call["method"] == self.lose:
                    self.lose = ""
                    self.lost.append(answer)
                    return
                caller.sendall(whole)


def _frame(connection: socket.socket) -> tuple[dict[str, object], bytes]:
    head_length = _exactly(connection, 4)
    head = _exactly(connection, _LENGTH.unpack(head_length)[0])
    blob_length = _exactly(connection, 4)
    return json.loads(head), head_length + head + blob_length + _exactly(connection, _LENGTH.unpack(blob_length)[0])


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        piece = connection.recv(length - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


@contextmanager
def cut_socket(path: Path, upstream: Path) -> Iterator[CutSocket]:
    """The way at `path` to the socket at `upstream` while the block runs; everything passes until `lose` is set."""
    way = CutSocket(path, upstream)
    try:
        yield way
    finally:
        way.close()
