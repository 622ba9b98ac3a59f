"""What a media process offers to others over its socket: the port `capture/sessions/rooms.py`, method by method.

`client.py` calls it; what forwards is a `Forwarder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from jianlu.capture.sessions.rooms import Connection, RoomSpec, RoomStatus
from jianlu.runtime.rpc import Answer, Method


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
    def describe(self) -> tuple[str, str]: ...


def methods_of(shard: Forwarder) -> Mapping[str, Method]:
    """The methods of what forwards here."""

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
        return {}, b""

    async def status(fields: dict[str, Any], _: bytes) -> Answer:
        return asdict(await shard.status(fields["room"])), b""

    async def close_room(fields: dict[str, Any], _: bytes) -> Answer:
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
