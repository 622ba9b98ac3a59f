"""A media process as other processes see it: the port `Rooms` over the sockets of the media processes, a room always at the same one.

What forwards there, our own SFU or Janus, makes no difference here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jianlu.capture.sessions.rooms import Connection, FeedStatus, RoomSpec, RoomStatus, shard_of
from jianlu.runtime.breaker import Breaker
from jianlu.runtime.rpc import BlockingRpcClient

_TIMEOUT_S = 5.0
_NEGOTIATIONS = frozenset({"publish", "subscribe", "renegotiate", "trickle"})
"""What may take long because of one peer, or of the unit that the media process speaks to."""


class EmbeddedRooms:
    """Rooms spread over media processes; `sockets` are theirs, in the order of their numbers."""

    def __init__(self, sockets: Sequence[Path], *, patience_s: float = _TIMEOUT_S) -> None:
        self._clients = [BlockingRpcClient(path) for path in sockets]
        self._breakers = [Breaker() for _ in sockets]
        self._patience_s = patience_s

    def open_room(self, room: str, spec: RoomSpec) -> None:
        """As the port."""
        self._call("open_room", room, codecs=list(spec.codecs), is_encrypted=spec.is_encrypted)

    def publish(self, room: str, feed: str, offer_sdp: str) -> Connection:
        """As the port."""
        return Connection(**self._call("publish", room, feed=feed, offer_sdp=offer_sdp))

    def subscribe(self, room: str, feed: str, offer_sdp: str, viewer: str) -> Connection:
        """As the port."""
        return Connection(**self._call("subscribe", room, feed=feed, offer_sdp=offer_sdp, viewer=viewer))

    def renegotiate(self, room: str, connection: str, offer_sdp: str) -> Connection:
        """As the port."""
        return Connection(**self._call("renegotiate", room, connection=connection, offer_sdp=offer_sdp))

    def trickle(self, room: str, connection: str, fragment: str, etag: str) -> str:
        """As the port."""
        return str(self._call("trickle", room, connection=connection, fragment=fragment, etag=etag)["fragment"])

    def close_connection(self, room: str, connection: str) -> None:
        """As the port."""
        self._call("close_connection", room, connection=connection)

    def set_forwarding(self, room: str, is_on: bool) -> None:
        """As the port."""
        self._call("set_forwarding", room, is_on=is_on)

    def status(self, room: str) -> RoomStatus:
        """As the port."""
        found = self._call("status", room)
        return RoomStatus(found["room"], found["is_forwarding"], tuple(FeedStatus(**feed) for feed in found["feeds"]))

    def close_room(self, room: str) -> None:
        """As the port."""
        self._call("close_room", room)

    def describe(self) -> tuple[str, str]:
        """As the port."""
        found = self._clients[0].call("describe", {}, timeout_s=_TIMEOUT_S)[0]
        return str(found["name"]), str(found["version"])

    def close(self) -> None:
        """Let the connections to the media processes go."""
        for client in self._clients:
            client.close()

    def _call(self, method: str, room: str, **fields: Any) -> dict[str, Any]:
        shard = shard_of(room, len(self._clients))
        client, asked = self._clients[shard], {"room": room, **fields}
        is_quick = method not in _NEGOTIATIONS
        return self._breakers[shard].call(lambda: client.call(method, asked, timeout_s=self._patience_s), is_quick=is_quick)[0]
