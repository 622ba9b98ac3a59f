"""Chromium through the embedded SFU: two pages see each other, in both codecs; ICE restarts; simulcast layers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from jianlu.capture.sessions.rooms import Rooms
from tests.fakes.eventually import eventually
from tests.fakes.sfu.stage import MediaPage
from tests.interop.sfu.conftest import ROOM

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


def _frames(page: MediaPage) -> int:
    return int(page.stats()["got"].get("video", {}).get("framesDecoded", 0))


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_two_pages_see_and_hear_each_other(chromium: Browser, rooms: Rooms, codec: str) -> None:
    pages = {feed: MediaPage(chromium, rooms, ROOM) for feed in ("agent", "customer")}
    for feed, page in pages.items():
        page.publish(feed, codec=codec)
    pages["agent"].subscribe("customer")
    pages["customer"].subscribe("agent")
    for page in pages.values():
        eventually(lambda: _frames(page) > 20, "pictures")  # noqa: B023
        got = page.stats()["got"]
        assert got["audio"]["packetsReceived"] > 20
        assert got["video"]["packetsLost"] == 0
    status = rooms.status(ROOM)
    assert {each.feed: (each.state, each.video_codec, each.viewers) for each in status.feeds} == {
        "agent": ("connected", codec, 1),
        "customer": ("connected", codec, 1),
    }
    assert all(each.width >= 320 for each in status.feeds)


@pytest.mark.parametrize("how", ["restart()", pytest.param("restartByFragment()", marks=pytest.mark.thorough)])
def test_ice_restarts_without_a_new_connection(chromium: Browser, rooms: Rooms, how: str) -> None:
    sender, viewer = MediaPage(chromium, rooms, ROOM), MediaPage(chromium, rooms, ROOM)
    sender.publish("agent")
    viewer.subscribe("agent")
    eventually(lambda: _frames(viewer) > 5, "pictures")
    before = sender.stats()["path"]["sent"]["pair"]
    sender.run(how)
    eventually(lambda: sender.stats()["path"].get("sent", {}).get("pair", before) != before, "another path")
    seen = _frames(viewer)
    eventually(lambda: _frames(viewer) > seen + 20, "pictures after the restart")
    assert sender.stats()["sent"]["state"] == "connected"
    assert rooms.status(ROOM).feeds[0].state == "connected"


def test_of_simulcast_layers_a_viewer_with_room_gets_the_largest(chromium: Browser, rooms: Rooms) -> None:
    sender, viewer = MediaPage(chromium, rooms, ROOM), MediaPage(chromium, rooms, ROOM)
    sender.publish("agent", codec="vp8", simulcast=True)
    viewer.subscribe("agent")
    eventually(lambda: viewer.stats()["got"].get("video", {}).get("frameWidth", 0) >= 1280, "the largest layer")
    assert eventually(lambda: rooms.status(ROOM).feeds[0].width == 1280, "the feed's own figures of it")


def test_a_page_that_is_loaded_again_goes_on_with_its_feed(chromium: Browser, rooms: Rooms) -> None:
    sender, viewer = MediaPage(chromium, rooms, ROOM), MediaPage(chromium, rooms, ROOM)
    sender.publish("agent")
    viewer.subscribe("agent")
    eventually(lambda: _frames(viewer) > 5, "pictures")
    sender.page.reload()
    eventually(lambda: _published(sender, "agent"), "the feed taken over")
    seen = _frames(viewer)
    eventually(lambda: _frames(viewer) > seen + 20, "pictures of the page loaded again")
    assert rooms.status(ROOM).feeds[0].viewers == 1


def _published(page: MediaPage, feed: str) -> bool:
    """Publish, unless the page before is still thought to be there."""
    try:
        page.publish(feed)
    except Exception as error:
        if "ConflictError" in str(error) or "another device" in str(error):
            return False
        raise
    return True
