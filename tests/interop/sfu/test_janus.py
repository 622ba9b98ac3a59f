"""Chromium through a real Janus: two pages see each other, and the recorder's tap gets what they send."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jianlu.backends.sfu.embedded.serve import tap_socket
from jianlu.capture.sessions.rooms import RoomSpec
from tests.conftest import find_program
from tests.fakes.eventually import eventually
from tests.fakes.sfu.janus_process import janus_process
from tests.fakes.sfu.recorder_tap import TapListener
from tests.fakes.sfu.stage import MediaPage, media_process
from tests.interop.sfu.conftest import ROOM

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium", "janus")]
FEEDS = ("agent", "customer")


def test_two_pages_see_each_other_through_janus_and_both_are_tapped(tmp_path: Path, chromium: Browser) -> None:
    program = find_program("janus") or "janus"
    with (
        janus_process(program, tmp_path / "janus", on_loopback=False) as url,
        media_process(tmp_path / "home", "--janus", url) as rooms,
    ):
        rooms.open_room(ROOM, RoomSpec())
        rooms.set_forwarding(ROOM, True)
        listener = TapListener(tap_socket(tmp_path / "home" / "run", 0), ROOM)
        pages = {feed: MediaPage(chromium, rooms, ROOM) for feed in FEEDS}
        for feed, page in pages.items():
            page.publish(feed, codec="vp8")
        eventually(lambda: {f.feed for f in rooms.status(ROOM).feeds if f.state == "connected"} == set(FEEDS), "both feeds")
        pages["agent"].subscribe("customer")
        pages["customer"].subscribe("agent")
        for page in pages.values():
            eventually(lambda: page.stats()["got"].get("video", {}).get("framesDecoded", 0) > 20, "pictures")  # noqa: B023
            assert page.stats()["got"]["audio"]["packetsReceived"] > 20
        for feed in FEEDS:
            eventually(lambda: listener.of(feed, "video") and listener.of(feed, "audio"), "the recorder's packets")  # noqa: B023
        assert rooms.describe()[0] == "janus"
        listener.close()
