"""What a media process offers to others over its socket: the port `capture/sessions/rooms.py`, method by method. `client.py` calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from typing import Any

from jianlu.backends.sfu.embedded.shard import Shard
from jianlu.capture.sessions.rooms import Connection, RoomSpec
from jianlu.runtime.rpc import Answer, Method

NAME = "embedded-sfu"


def version() -> str:
    """Ours, and that of the library beneath."""
    return f"{metadata.version('jianlu')}+aiortc-{metadata.version('aiortc')}"


def methods_of(shard: Shard) -> Mapping[str, Method]:
    """The methods of a shard."""

    async def open_room(fields: dict[str, Any], _: bytes) -> Answer:
        shard.open_room(fields["room"], RoomSpec(tuple(fields["codecs"]), bool(fields["is_encrypted"])))
        return {}, b""

    async def publish(fields: dict[str, Any], _: bytes) -> Answer:
        return _as_fields(shard.publish(fields["room"], fields["feed"], fields["offer_sdp"]))

    async def subscribe(fields: dict[str, Any], _: bytes) -> Answer:
        return _as_fields(shard.subscribe(fields["room"], fields["feed"], fields["offer_sdp"], fields["viewer"]))

    async def renegotiate(fields: dict[str, Any], _: bytes) -> Answer:
        return _as_fields(shard.renegotiate(fields["room"], fields["connection"], fields["offer_sdp"]))

    async def trickle(fields: dict[str, Any], _: bytes) -> Answer:
        return {"fragment": shard.trickle(fields["room"], fields["connection"], fields["fragment"], fields["etag"])}, b""

    async def close_connection(fields: dict[str, Any], _: bytes) -> Answer:
        shard.close_connection(fields["room"], fields["connection"])
        return {}, b""

    async def set_forwarding(fields: dict[str, Any], _: bytes) -> Answer:
        shard.set_forwarding(fields["room"], is_on=bool(fields["is_on"]))
        return {}, b""

    async def status(fields: dict[str, Any], _: bytes) -> Answer:
        return asdict(shard.status(fields["room"])), b""

    async def close_room(fields: dict[str, Any], _: bytes) -> Answer:
        shard.close_room(fields["room"])
        return {}, b""

    async def describe(_: dict[str, Any], __: bytes) -> Answer:
        return {"name": NAME, "version": version()}, b""

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
