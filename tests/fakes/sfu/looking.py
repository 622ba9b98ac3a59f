"""A room that is forwarded, and looked after as the web process does each second: forwarding is on a lease and ends when nobody asks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jianlu.capture.sessions.rooms import Rooms, RoomSpec
from jianlu.core.errors import JianluError


@contextmanager
def forwarding(rooms: Rooms, room: str) -> Iterator[None]:
    """The room is open and forwards until the block ends; its status is asked for each second, whatever the answer."""
    rooms.open_room(room, RoomSpec())
    rooms.set_forwarding(room, True)
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(1):
            with contextlib.suppress(JianluError):
                rooms.status(room)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()
