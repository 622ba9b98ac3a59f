"""Through a real TURN server (coturn): a browser that may use nothing else, and a media process that nothing else reaches."""

from __future__ import annotations

import base64
import hmac
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from jianlu.capture.sessions.rooms import Rooms, RoomSpec
from tests.conftest import find_program
from tests.fakes.eventually import eventually
from tests.fakes.sfu.stage import MediaPage, media_process
from tests.interop.sfu.conftest import ROOM

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium", "turnserver")]
SECRET = "relayed"


@dataclass(frozen=True)
class Turn:
    """A running TURN server."""

    url: str

    def configuration(self) -> dict[str, Any]:
        """What a browser is given that may use the relay only."""
        name = "2100000000:browser"
        password = base64.b64encode(hmac.digest(SECRET.encode(), name.encode(), "sha1")).decode()
        return {"iceServers": [{"urls": [self.url], "username": name, "credential": password}], "iceTransportPolicy": "relay"}


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[Turn]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [
        find_program("turnserver") or "turnserver",
        *("-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port)),
        *("--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "jianlu.test", "--no-tls", "--no-dtls", "--no-cli"),
        *("--allow-loopback-peers", "--log-file", "stdout", "--pidfile", str(tmp_path / "turn.pid"), "--no-multicast-peers"),
    ]
    with (tmp_path / "turn.log").open("w") as log:
        process = subprocess.Popen(program, stdout=log, stderr=log, cwd=tmp_path)
        try:
            eventually(lambda: _listens(port) or process.poll() is not None, "the TURN server")
            yield Turn(f"turn:127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(120)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _frames(page: MediaPage) -> int:
    return int(page.stats()["got"].get("video", {}).get("framesDecoded", 0))


def _both_ways(browser: Browser, rooms: Rooms, configuration: dict[str, Any], *, relayed_only: bool = False) -> dict[str, Any]:
    rooms.open_room(ROOM, RoomSpec())
    rooms.set_forwarding(ROOM, True)
    page = MediaPage(browser, rooms, ROOM)
    page.run("(only) => { relayedOnly = only; }", relayed_only)
    page.publish("agent", configuration=configuration)
    page.subscribe("agent", configuration=configuration)
    eventually(lambda: _frames(page) > 20, "pictures through the relay")
    eventually(lambda: page.stats()["path"].keys() >= {"sent", "got"}, "the browser's own figures of both paths")
    return dict(page.stats()["path"])


def test_a_browser_that_may_only_be_relayed_is_served(tmp_path: Path, chromium: Browser, turn: Turn) -> None:
    with media_process(tmp_path / "home", "--address", "127.0.0.1") as rooms:
        paths = _both_ways(chromium, rooms, turn.configuration())
    assert paths["sent"]["local"] == paths["got"]["local"] == "relay"


def test_a_media_process_that_nothing_reaches_is_reached_by_its_relay(tmp_path: Path, chromium: Browser, turn: Turn) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "turn.secret").write_text(SECRET)
    settings = f'[turn]\nurls = ["{turn.url}"]\nsecret = "turn.secret"\n[media]\nis_relayed = true\naddresses = ["127.0.0.1"]\n'
    with media_process(home, settings=settings) as rooms:
        paths = _both_ways(chromium, rooms, turn.configuration(), relayed_only=True)
    assert paths["sent"]["remote"] == paths["got"]["remote"] == "relay"
