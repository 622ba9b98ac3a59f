"""A media process and browsers for the interoperability proofs of forwarding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.capture.sessions.rooms import RoomSpec
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.sfu.stage import media_process

ROOM = "croom"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium with its own test camera."""
    with browsers() as playwright:
        browser = start_chromium(playwright, tmp_path_factory.mktemp("browser"))
        yield browser
        browser.close()


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[EmbeddedRooms]:
    """The rooms of a media process; ROOM is open and forwards."""
    with media_process(tmp_path / "home") as rooms:
        rooms.open_room(ROOM, RoomSpec())
        rooms.set_forwarding(ROOM, True)
        yield rooms
