"""Rooms in memory: what is asked of them is remembered, and a test says which feeds are connected and whether they answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from jianlu.capture.sessions.rooms import Connection, FeedState, FeedStatus, RoomSpec, RoomStatus
from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError

_numbers = itertools.count(1)


@dataclass
class _Room:
    spec: RoomSpec
    is_forwarding: bool = False
    feeds: dict[str, FeedState] = field(default_factory=dict)
    peers: dict[str, tuple[str, str]] = field(default_factory=dict)


class FakeRooms:
    """`Rooms`: an offer is any text that begins with `v=0`."""

    def __init__(self) -> None:
        self.rooms: dict[str, _Room] = {}
        self.is_away = False

    def open_room(self, room: str, spec: RoomSpec) -> None:
        self._answer()
        if self.rooms.setdefault(room, _Room(spec)).spec != spec:
            raise ConflictError("the room is open with another spec")

    def publish(self, room: str, feed: str, offer_sdp: str) -> Connection:
        found = self._room(room)
        if found.feeds.get(feed) == "connected":
            raise ConflictError("another peer is sending this feed")
        found.feeds[feed] = "connected"
        return self._connect(found, "send", feed)

    def subscribe(self, room: str, feed: str, offer_sdp: str, viewer: str) -> Connection:
        return self._connect(self._room(room), "watch", feed)

    def renegotiate(self, room: str, connection: str, offer_sdp: str) -> Connection:
        if connection not in self._room(room).peers:
            raise NotFoundError("that connection is gone")
        return Connection(connection, "v=0 answer", f"etag-{next(_numbers)}")

    def trickle(self, room: str, connection: str, fragment: str, etag: str) -> str:
        if connection not in self._room(room).peers:
            raise NotFoundError("that connection is gone")
        return ""

    def close_connection(self, room: str, connection: str) -> None:
        found = self._room(room)
        kind, feed = found.peers.pop(connection, ("", ""))
        if kind == "send":
            found.feeds[feed] = "closed"

    def set_forwarding(self, room: str, is_on: bool) -> None:
        self._room(room).is_forwarding = is_on

    def status(self, room: str) -> RoomStatus:
        found = self._room(room)
        feeds = tuple(
            FeedStatus(feed, state, "opus", "h264", 1280, 720, 25, 900, 0, 20, 1) for feed, state in found.feeds.items()
        )
        return RoomStatus(room, found.is_forwarding, feeds)

    def close_room(self, room: str) -> None:
        self._answer()
        self.rooms.pop(room, None)

    def describe(self) -> tuple[str, str]:
        self._answer()
        return "fake-rooms", "1"

    def _connect(self, room: _Room, kind: str, feed: str) -> Connection:
        name = f"peer-{next(_numbers)}"
        room.peers[name] = (kind, feed)
        return Connection(name, "v=0 answer", f"etag-{next(_numbers)}")

    def _room(self, room: str) -> _Room:
        self._answer()
        if room not in self.rooms:
            raise NotFoundError("there is no such room")
        return self.rooms[room]

    def _answer(self) -> None:
        if self.is_away:
            raise UnavailableError("the media process is away: try again")
