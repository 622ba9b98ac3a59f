"""The forwarding units that are here, each with its tap, behind the one port; peers are real WebRTC connections on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import MediaServer, media_socket, tap_socket
from jianlu.backends.sfu.embedded.shard import MediaOptions
from jianlu.capture.sessions.rooms import Rooms, RoomSpec
from tests.fakes.loops import Loop, serving
from tests.fakes.sfu.peers import Peer, on_loopback_only
from tests.fakes.sfu.recorder_tap import TapListener

ROOM = "croom"


@dataclass
class Sfu:
    """What a test of the contract is given."""

    name: str
    rooms: Rooms
    tap: Path
    new_peer: Callable[[], Peer]
    listen: Callable[[], TapListener]


@pytest.fixture
def loop() -> Iterator[Loop]:
    """The loop in which peers live."""
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(params=["embedded"])
def sfu(request: pytest.FixtureRequest, tmp_path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sfu]:
    """A forwarding unit with the room ROOM open, forwarding."""
    peers: list[Peer] = []
    listeners: list[TapListener] = []

    def new_peer() -> Peer:
        peers.append(Peer(loop))
        return peers[-1]

    with on_loopback_only(monkeypatch), Unit(tmp_path) as (rooms, tap):
        rooms.open_room(ROOM, RoomSpec())
        rooms.set_forwarding(ROOM, True)

        def listen() -> TapListener:
            listeners.append(TapListener(tap, ROOM))
            return listeners[-1]

        yield Sfu(request.param, rooms, tap, new_peer, listen)
        for peer in peers:
            peer.close()
        for listener in listeners:
            listener.close()


class Unit:
    """The embedded SFU on sockets in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._serving = serving(MediaServer(folder, 0, MediaOptions(hosts=("127.0.0.1",))))
        self._rooms = EmbeddedRooms([media_socket(folder, 0)])

    def __enter__(self) -> tuple[Rooms, Path]:
        self._serving.__enter__()
        return self._rooms, tap_socket(self._folder, 0)

    def __exit__(self, *_: object) -> None:
        self._rooms.close()
        self._serving.__exit__(None, None, None)
