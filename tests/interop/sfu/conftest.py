"""A media process and browsers for the interoperability proofs of forwarding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from tests.fakes.sfu.looking import forwarding
from tests.fakes.sfu.stage import media_process

ROOM = "croom"


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[EmbeddedRooms]:
    """The rooms of a media process; ROOM is open and forwards."""
    with media_process(tmp_path / "home") as rooms, forwarding(rooms, ROOM):
        yield rooms
