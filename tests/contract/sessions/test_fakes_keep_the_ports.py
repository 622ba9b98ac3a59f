"""The fakes of session tests keep what the ports promise where no peer is needed: rooms like the embedded unit, the recorder alone.

What peers and media do is held to the real ones in `tests/contract/sfu` and `tests/unit/capture/live`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import MediaServer, media_socket
from jianlu.backends.sfu.embedded.shard import MediaOptions
from jianlu.capture.sessions.recorders import Recorders
from jianlu.capture.sessions.recording import tracks_of
from jianlu.capture.sessions.rooms import Rooms, RoomSpec
from jianlu.core.errors import ConflictError, NotFoundError
from tests.fakes.loops import serving
from tests.fakes.sessions.rooms import FakeRooms
from tests.fakes.sessions.world import World

ROOM = "croom"


@pytest.fixture(params=["fake", "embedded"])
def rooms(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rooms]:
    if request.param == "fake":
        yield FakeRooms()
        return
    with serving(MediaServer(tmp_path, 0, MediaOptions())):
        client = EmbeddedRooms([media_socket(tmp_path, 0)])
        yield client
        client.close()


def test_a_room_is_opened_once_and_forwards_nothing_at_first(rooms: Rooms) -> None:
    with pytest.raises(NotFoundError):
        rooms.status(ROOM)
    for _ in range(2):
        rooms.open_room(ROOM, RoomSpec())
    assert (rooms.status(ROOM).is_forwarding, rooms.status(ROOM).feeds) == (False, ())
    with pytest.raises(ConflictError):
        rooms.open_room(ROOM, RoomSpec(codecs=("vp8", "opus")))


def test_forwarding_is_switched_and_said(rooms: Rooms) -> None:
    rooms.open_room(ROOM, RoomSpec())
    for is_on in (True, True, False):
        rooms.set_forwarding(ROOM, is_on)
        assert rooms.status(ROOM).is_forwarding is is_on


def test_closing_is_idempotent_and_forgets(rooms: Rooms) -> None:
    rooms.open_room(ROOM, RoomSpec())
    rooms.close_connection(ROOM, "nobody")
    for _ in range(2):
        rooms.close_room(ROOM)
    with pytest.raises(NotFoundError):
        rooms.status(ROOM)
    assert all(rooms.describe())


def test_what_is_not_there_is_not_found(rooms: Rooms) -> None:
    with pytest.raises(NotFoundError):
        rooms.publish("elsewhere", "agent", "v=0\r\n")
    rooms.open_room(ROOM, RoomSpec())
    with pytest.raises(NotFoundError):
        rooms.renegotiate(ROOM, "gone", "v=0\r\n")
    with pytest.raises(NotFoundError):
        rooms.trickle(ROOM, "gone", "a=ice-ufrag:x", "*")


def test_the_fake_recorder_starts_and_stops_once_and_knows_nothing_of_others(world: World) -> None:
    case = world.live()
    recorder: Recorders = world.recorder
    tracks = tracks_of(world.using.switchboard.sessions[0])
    assert recorder.start(case, tracks) == recorder.start(case, tracks)
    assert recorder.status("c" + "b" * 26).state == "idle"
    for act in (recorder.pause, recorder.resume):
        with pytest.raises(NotFoundError):
            act("c" + "b" * 26)
    with pytest.raises(NotFoundError):
        recorder.end("c" + "b" * 26, 0)
    end_ms = recorder.end(case, recorder.status(case).now_ms)
    assert recorder.end(case, 0) == end_ms, "the first call counts"
    assert recorder.stop(case, "completed") == recorder.stop(case, "completed")
    assert recorder.stop(case, "completed").duration_ms == end_ms
    assert recorder.status(case).state == "stopped"
