"""The forwarding units that are here, each with its tap, behind the one port; peers are real WebRTC connections on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import MediaServer, media_socket, tap_socket
from jianlu.backends.sfu.embedded.shard import MediaOptions
from jianlu.backends.sfu.janus.serve import JanusServer
from jianlu.capture.sessions.rooms import Connection, Rooms
from tests.conftest import find_program
from tests.fakes.eventually import eventually
from tests.fakes.loops import Loop, serving
from tests.fakes.sfu.janus_process import ADDRESS, janus_process
from tests.fakes.sfu.looking import forwarding
from tests.fakes.sfu.peers import Peer, on_loopback_only
from tests.fakes.sfu.recorder_tap import TapListener
from tests.fakes.wire import why_not

ROOM = "croom"


@dataclass
class Sfu:
    """What a test of the contract is given."""

    name: str
    rooms: Rooms
    tap: Path
    new_peer: Callable[[], Peer]
    listen: Callable[[], TapListener]

    def watch(self, viewer: Peer, feed: str) -> Connection:
        """Subscribe once the feed is there, which not every unit needs."""
        eventually(lambda: any(each.feed == feed and each.state == "connected" for each in self.rooms.status(ROOM).feeds), feed)
        return viewer.subscribe(self.rooms, ROOM, feed)


@pytest.fixture
def loop() -> Iterator[Loop]:
    """The loop in which peers live."""
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(params=["embedded", pytest.param("janus", marks=[pytest.mark.slow, pytest.mark.needs_program("janus")])])
def sfu(request: pytest.FixtureRequest, tmp_path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sfu]:
    """A forwarding unit with the room ROOM open, forwarding."""
    address = ADDRESS if request.param == "janus" else "127.0.0.1"
    peers: list[Peer] = []
    listeners: list[TapListener] = []

    def new_peer() -> Peer:
        peers.append(Peer(loop))
        return peers[-1]

    options = MediaOptions(hosts=(address,))
    with (
        on_loopback_only(monkeypatch, address),
        _unit(request.param, tmp_path, options) as (rooms, tap),
        forwarding(rooms, ROOM),
    ):

        def listen() -> TapListener:
            listeners.append(TapListener(tap, ROOM))
            return listeners[-1]

        yield Sfu(request.param, rooms, tap, new_peer, listen)
        for peer in peers:
            peer.close()
        for listener in listeners:
            listener.close()


@contextmanager
def _unit(name: str, folder: Path, options: MediaOptions) -> Iterator[tuple[Rooms, Path]]:
    with ExitStack() as stack:
        if name == "janus":
            if why_not():
                pytest.skip(f"Janus needs an interface of its own: {why_not()}")
            url = stack.enter_context(janus_process(find_program("janus") or "janus", folder / "janus", on_loopback=True))
            stack.enter_context(serving(JanusServer(folder, 0, options, url)))
        else:
            stack.enter_context(serving(MediaServer(folder, 0, options)))
        rooms = EmbeddedRooms([media_socket(folder, 0)])
        stack.callback(rooms.close)
        yield rooms, tap_socket(folder, 0)
