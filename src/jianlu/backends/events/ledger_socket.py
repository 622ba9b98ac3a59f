"""The ledger of another process as this one's event log: one process has the ledger's lock, workers append through its socket.

The server half is `serve_ledger`; what it serves is any `vault.ports.EventLog`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jianlu.core.errors import IntegrityError
from jianlu.runtime.rpc import Answer, BlockingRpcClient, RpcServer
from jianlu.vault.ports import EventLog

NAME = "ledger-socket"
VERSION = "1"
_READ_ENTRIES_MAX = 2_000
_LENGTH_BYTES = 2


class LedgerSocket:
    """`vault.ports.EventLog` over the socket of the process that has the ledger."""

    def __init__(self, path: Path) -> None:
        """Name the socket; it is connected when used."""
        self._client = BlockingRpcClient(path)

    def append(self, entry: bytes) -> int:
        """As the port. UnavailableError when the keeper is away: the entry may or may not have been appended."""
        fields, _ = self._client.call("append", {}, entry)
        return _whole(fields, "position")

    def read(self, start: int, count: int) -> Sequence[bytes]:
        """As the port."""
        found: list[bytes] = []
        while len(found) < count:
            asked = {"start": start + len(found), "count": min(count - len(found), _READ_ENTRIES_MAX)}
            fields, blob = self._client.call("read", asked)
            entries = _split(blob)
            if len(entries) != _whole(fields, "count"):
                raise IntegrityError("the ledger's keeper sent other entries than it said: run processes of one version")
            found += entries
            if len(entries) < asked["count"]:
                break
        return found

    def publish(self) -> None:
        """Have the keeper publish a checkpoint that covers everything appended so far."""
        self._client.call("publish", {})

    def close(self) -> None:
        """Let the connections to the keeper go."""
        self._client.close()

    @property
    def size(self) -> int:
        """As the port."""
        return _whole(self._client.call("size", {})[0], "size")

    def require_open(self) -> None:
        """As the port."""
        self._client.call("require_open", {})


def ledger_server(path: Path, log: EventLog, publish: Any) -> RpcServer:
    """A server of `log` on `path`; `publish` makes its checkpoint current. Start it in a running loop."""

    async def append(_: dict[str, Any], blob: bytes) -> Answer:
        return {"position": await asyncio.to_thread(log.append, blob)}, b""

    async def read(fields: dict[str, Any], _: bytes) -> Answer:
        entries = await asyncio.to_thread(log.read, int(fields["start"]), min(int(fields["count"]), _READ_ENTRIES_MAX))
        joined = b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)
        return {"count": len(entries)}, joined

    async def size(_: dict[str, Any], __: bytes) -> Answer:
        return {"size": log.size}, b""

    async def require_open(_: dict[str, Any], __: bytes) -> Answer:
        log.require_open()
        return {}, b""

    async def published(_: dict[str, Any], __: bytes) -> Answer:
        await asyncio.to_thread(publish)
        return {}, b""

    return RpcServer(path, {"append": append, "read": read, "size": size, "publish": published, "require_open": require_open})


def _split(joined: bytes) -> list[bytes]:
    entries, at = [], 0
    while at < len(joined):
        end = at + _LENGTH_BYTES + int.from_bytes(joined[at : at + _LENGTH_BYTES], "big")
        if end > len(joined):
            raise IntegrityError("the ledger's keeper sent an entry that is cut: run processes of one version")
        entries.append(joined[at + _LENGTH_BYTES : end])
        at = end
    return entries


def _whole(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise IntegrityError("the ledger's keeper answered something else than was asked: run processes of one version")
    return value
