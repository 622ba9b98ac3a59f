"""Chromium behind a bad network: what the recorder gets under loss and delay, and a wire that is cut for seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import tap_socket
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.eventually import eventually
from tests.fakes.sfu.looking import forwarding
from tests.fakes.sfu.recorder_tap import TapListener, Tapped
from tests.fakes.sfu.stage import MediaPage, media_process
from tests.fakes.wire import SERVER, Host, hosts, why_not
from tests.interop.sfu.conftest import ROOM

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_program("chromium", "ip"),
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "wires can be made"),
]
AGENT = "agent"


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts(AGENT) as made:
        yield made[AGENT]


@pytest.fixture
def browser(tmp_path: Path, host: Host) -> Iterator[Browser]:
    with browsers() as playwright:
        browser = start_chromium(playwright, tmp_path, host=host)
        yield browser
        browser.close()


@pytest.fixture
def far_rooms(tmp_path: Path, host: Host) -> Iterator[EmbeddedRooms]:
    """A media process that the host behind the wire reaches."""
    with media_process(tmp_path / "home", "--address", SERVER) as rooms, forwarding(rooms, ROOM):
        yield rooms


@pytest.fixture
def listener(tmp_path: Path, far_rooms: EmbeddedRooms) -> Iterator[TapListener]:
    listener = TapListener(tap_socket(tmp_path / "home" / "run", 0), ROOM)
    yield listener
    listener.close()


def test_with_one_packet_in_twenty_lost_the_recorder_gets_nearly_all(
    browser: Browser, listener: TapListener, host: Host, far_rooms: EmbeddedRooms
) -> None:
    host.shape(loss_percent=5, delay_ms=75)
    page = MediaPage(browser, far_rooms, ROOM)
    page.publish(AGENT)
    page.subscribe(AGENT)
    eventually(lambda: len(listener.of(AGENT, "audio")) > 1_000, "twenty seconds of sound", looks=1_200)
    missing = {kind: _missing(listener.of(AGENT, kind)) for kind in ("audio", "video")}
    assert missing["audio"] < 0.002, missing
    assert missing["video"] < 0.002, missing
    got = page.stats()["got"]
    assert got["audio"]["concealedSamples"] / got["audio"]["totalSamplesReceived"] < 0.1
    assert got["video"]["framesDecoded"] > 100


def test_a_wire_cut_for_seconds_interrupts_the_feed_and_it_goes_on(
    browser: Browser, listener: TapListener, host: Host, far_rooms: EmbeddedRooms
) -> None:
    page = MediaPage(browser, far_rooms, ROOM)
    page.publish(AGENT)
    eventually(lambda: (AGENT, "connected") in listener.states and listener.of(AGENT, "video"), "the feed")
    host.shape(is_cut=True)
    eventually(lambda: listener.states[-1] == (AGENT, "interrupted"), "the interruption")
    before = len(listener.of(AGENT, "audio"))
    host.shape()
    eventually(lambda: listener.states[-1] == (AGENT, "connected"), "the end of the interruption")
    eventually(lambda: len(listener.of(AGENT, "audio")) > before + 100, "sound again")
    assert len({each.ssrc for each in listener.of(AGENT, "audio")}) == 1


def _missing(packets: list[Tapped]) -> float:
    """The share of numbers that never came, but for the last second's, which may still come."""
    numbers, highest = [], -1
    for each in packets:
        highest = each.sequence if highest < 0 else highest + ((each.sequence - highest + 0x8000) & 0xFFFF) - 0x8000
        numbers.append(highest)
        highest = max(numbers)
    settled = [number for number in set(numbers) if number < highest - len(numbers) // 20]
    return 1 - len(settled) / (max(settled) - min(settled) + 1)
