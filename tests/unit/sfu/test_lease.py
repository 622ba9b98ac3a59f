"""Forwarding on a lease. Survived: whoever turned forwarding on is gone for good and can stop nothing any more."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.lease import LEASE_S, Lease
from jianlu.backends.sfu.embedded.serve import MediaServer, media_socket
from jianlu.backends.sfu.embedded.shard import MediaOptions
from jianlu.capture.sessions.rooms import RoomSpec
from jianlu.core.errors import UnavailableError
from tests.fakes.eventually import eventually
from tests.fakes.loops import serving


class _Rooms:
    """Rooms that note what was ended, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.ended: list[str] = []
        self.trouble: Exception | None = None
        self.recorded: set[str] = set()
        self.lease = Lease(self._end, is_held=self.recorded.__contains__, now_s=lambda: self.now_s)

    async def _end(self, room: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.ended.append(room)

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        asyncio.run(self.lease.look())


def test_a_room_that_nobody_asks_for_ends_and_one_that_is_asked_for_goes_on() -> None:
    rooms = _Rooms()
    for room in ("kept", "left", "closed"):
        rooms.lease.begin(room)
    rooms.lease.drop("closed")
    for _ in range(5):
        rooms.pass_s(LEASE_S / 2)
        rooms.lease.renew("kept")
    assert rooms.ended == ["left"], "once, and neither the one that is looked after nor the one that ended already"


def test_to_ask_for_a_room_that_is_not_forwarded_begins_nothing() -> None:
    rooms = _Rooms()
    rooms.lease.renew("waiting")
    rooms.pass_s(LEASE_S + 1)
    assert not rooms.ended


@pytest.mark.parametrize("trouble", [UnavailableError("away"), RuntimeError("a defect")])
def test_a_room_that_cannot_be_ended_now_is_tried_again(trouble: Exception) -> None:
    rooms = _Rooms()
    rooms.lease.begin("stuck")
    rooms.trouble = trouble
    rooms.pass_s(LEASE_S + 1)
    rooms.trouble = None
    rooms.pass_s(1)
    assert rooms.ended == ["stuck"]


def test_a_room_that_a_recorder_of_the_edge_looks_after_outlives_its_line_and_ends_when_the_recorder_is_gone_too() -> None:
    rooms = _Rooms()
    rooms.lease.begin("branch")
    rooms.recorded.add("branch")
    rooms.pass_s(600)
    assert not rooms.ended
    rooms.recorded.clear()
    rooms.pass_s(LEASE_S - 1)
    assert not rooms.ended
    rooms.pass_s(2)
    assert rooms.ended == ["branch"]


@pytest.mark.slow
def test_a_media_process_whose_caller_is_gone_forwards_nothing_soon(tmp_path: Path) -> None:
    rarely = threading.Event()
    with serving(MediaServer(tmp_path, 0, MediaOptions(), lease_s=4)):
        rooms = EmbeddedRooms([media_socket(tmp_path, 0)])
        rooms.open_room("croom", RoomSpec())
        rooms.set_forwarding("croom", True)
        assert rooms.status("croom").is_forwarding
        eventually(lambda: not rarely.wait(5) and not rooms.status("croom").is_forwarding, "forwarding ends", looks=10)
        rooms.set_forwarding("croom", True)
        assert rooms.status("croom").is_forwarding, "a caller that came back turns it on again"
        rooms.close()
