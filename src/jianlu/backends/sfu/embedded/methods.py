"""What a media process offers to others over its socket: the port `capture/sessions/rooms.py`, method by method.

`client.py` calls it; what forwards is a `Forwarder`, on a lease (`lease.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from jianlu.backends.sfu.embedded.lease import LEASE_S, Lease
from jianlu.capture.sessions.rooms import Connection, RoomSpec, RoomStatus
from jianlu.runtime.rpc import Answer, Method, RpcServer


class Forwarder(Protocol):
    """What a media process forwards with: the port `Rooms`, asynchronous, in this process."""

    async def open_room(self, name: str, spec: RoomSpec) -> None: ...
    async def publish(self, name: str, feed_name: str, offer_sdp: str) -> Connection: ...
    async def subscribe(self, name: str, feed_name: str, offer_sdp: str, viewer_name: str) -> Connection: ...
    async def renegotiate(self, name: str, connection: str, offer_sdp: str) -> Connection: ...
    async def trickle(self, name: str, connection: str, fragment_text: str, etag: str) -> str: ...
    async def close_connection(self, name: str, connection: str) -> None: ...
    async def set_forwarding(self, name: str, *, is_on: bool) -> None: ...
    async def status(self, name: str) -> RoomStatus: ...
    async def close_room(self, name: str) -> None: ...
    def is_tapped(self, name: str) -> bool: ...
    def describe(self) -> tuple[str, str]: ...


class Calls:
    """Takes calls for what forwards here, at the socket `path`. On an edge a recorder that taps a room looks after it too."""

    def __init__(self, path: Path, forwarder: Forwarder, *, is_edge: bool, lease_s: float = LEASE_S) -> None:
        async def end(room: str) -> None:
            await forwarder.set_forwarding(room, is_on=False)

        self._lease = Lease(end, is_held=lambda room: is_edge and forwarder.is_tapped(room), lease_s=lease_s)
        self._server = RpcServer(path, methods_of(forwarder, self._lease))

    async def start(self) -> None:
        """Listen; errors as `RpcServer.start`."""
        await self._server.start()
        self._lease.start()

    async def stop(self) -> None:
        """Take no more calls."""
        await self._server.stop()
        await self._lease.stop()


def methods_of(shard: Forwarder, lease: Lease) -> Mapping[str, Method]:
    """The methods of what forwards here; who turned forwarding on and asks no more loses it (`lease.py`)."""

    async def open_room(fields: dict[str, Any], _: bytes) -> Answer:
        await shard.open_room(fields["room"], RoomSpec(tuple(fields["codecs"]), bool(fields["is_encrypted"])))
        return {}, b""

    async def publish(fields: dict[str, Any], _: bytes) -> Answer:
        return _as_fields(await shard.publish(fields["room"], fields["feed"], fields["offer_sdp"]))

    async def subscribe(fields: dict[str, Any], _: bytes) -> Answer:
        return _as_fields(await shard.subscribe(fields["room"], fields["feed"], fields["offer_sdp"], fields["viewer"]))

    async def renegotiate(fields: dict[str, Any], _: bytes) -> Answer:
        return _as_fields(await shard.renegotiate(fields["room"], fields["connection"], fields["offer_sdp"]))

    async def trickle(fields: dict[str, Any], _: bytes) -> Answer:
        return {"fragment": await shard.trickle(fields["room"], fields["connection"], fields["fragment"], fields["etag"])}, b""

    async def close_connection(fields: dict[str, Any], _: bytes) -> Answer:
        await shard.close_connection(fields["room"], fields["connection"])
        return {}, b""

    async def set_forwarding(fields: dict[str, Any], _: bytes) -> Answer:
        await shard.set_forwarding(fields["room"], is_on=bool(fields["is_on"]))
        (lease.begin if fields["is_on"] else lease.drop)(fields["room"])
        return {}, b""

    async def status(fields: dict[str, Any], _: bytes) -> Answer:
        lease.renew(fields["room"])
        return asdict(await shard.status(fields["room"])), b""

    async def close_room(fields: dict[str, Any], _: bytes) -> Answer:
        lease.drop(fields["room"])
        await shard.close_room(fields["room"])
        return {}, b""

    async def describe(_: dict[str, Any], __: bytes) -> Answer:
        name, version = shard.describe()
        return {"name": name, "version": version}, b""

    offered = (
        open_room,
        publish,
        subscribe,
        renegotiate,
        trickle,
        close_connection,
        set_forwarding,
        status,
        close_room,
        describe,
    )
    return {method.__name__: method for method in offered}


def _as_fields(connection: Connection) -> Answer:
    return asdict(connection), b""
