"""A media process and browsers for the interoperability proofs of forwarding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.capture.sessions.rooms import RoomSpec
from tests.fakes.sfu.stage import media_process

ROOM = "croom"


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[EmbeddedRooms]:
    """The rooms of a media process; ROOM is open and forwards."""
    with media_process(tmp_path / "home") as rooms:
        rooms.open_room(ROOM, RoomSpec())
        rooms.set_forwarding(ROOM, True)
        yield rooms
