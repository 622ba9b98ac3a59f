"""The media process as users run it, and browsers that send to it and watch it; signalling goes through the page's own functions."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import media_socket
from jianlu.capture.sessions.rooms import Rooms
from jianlu.core.errors import NotFoundError, UnavailableError
from tests.fakes.eventually import eventually

_ORIGIN = "https://stage.test"
_HTML = Path(__file__).with_name("peer.html")


@dataclass(frozen=True)
class MediaProcess:
    """A running media process: its number, and the rooms that it has."""

    pid: int
    rooms: EmbeddedRooms


@contextmanager
def running_media(home: Path, *options: str, settings: str = "") -> Iterator[MediaProcess]:
    """`python -m jianlu.entry.serve.media` on a home with these settings, until the block ends; it must end well."""
    home.mkdir(exist_ok=True)
    (home / "jianlu.toml").write_text(settings, encoding="utf-8")
    program = [sys.executable, "-m", "jianlu.entry.serve.media", "--home", str(home), "--shard", "0", *options]
    with (home / "media.log").open("w") as log:
        process = subprocess.Popen(program, stderr=log)
        try:
            rooms = EmbeddedRooms([media_socket(home / "run", 0)])
            eventually(lambda: _answers(rooms) or process.poll() is not None, "the media process")
            yield MediaProcess(process.pid, rooms)
            rooms.close()
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0, (home / "media.log").read_text(encoding="utf-8")


@contextmanager
def media_process(home: Path, *options: str, settings: str = "") -> Iterator[EmbeddedRooms]:
    """The rooms of a media process, as `running_media`."""
    with running_media(home, *options, settings=settings) as process:
        yield process.rooms


def _answers(rooms: Rooms) -> bool:
    try:
        rooms.status("cnone")
    except NotFoundError:
        return True
    except UnavailableError:
        return False
    return False


class MediaPage:
    """A page with a camera that publishes and subscribes in `room`."""

    def __init__(self, browser: Browser, rooms: Rooms, room: str) -> None:
        context = browser.new_context(permissions=["camera", "microphone"])
        self._rooms, self._room = rooms, room
        self.page: Page = context.new_page()
        self.page.route(f"{_ORIGIN}/**", lambda route: route.fulfill(body=_HTML.read_text("utf-8"), content_type="text/html"))
        for name in ("publish", "subscribe", "renegotiate", "trickle"):
            self.page.expose_function(f"rooms_{name}", getattr(self, f"_{name}"))
        self.page.goto(f"{_ORIGIN}/")

    def publish(self, feed: str, **options: Any) -> None:
        """Send the camera and the microphone."""
        self.page.evaluate("([feed, options]) => publish(feed, options)", [feed, options])

    def subscribe(self, feed: str, **options: Any) -> None:
        """Watch a feed."""
        self.page.evaluate("([feed, options]) => subscribe(feed, options)", [feed, options])

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate a script of the page."""
        return self.page.evaluate(script, argument)

    def stats(self) -> dict[str, Any]:
        """What the page's connections say: `sent` and `got`, by medium."""
        return dict(self.page.evaluate("stats()"))

    def _publish(self, feed: str, sdp: str) -> list[str]:
        made = self._rooms.publish(self._room, feed, sdp)
        return [made.id, made.answer_sdp, made.etag]

    def _subscribe(self, feed: str, sdp: str) -> list[str]:
        made = self._rooms.subscribe(self._room, feed, sdp, "viewer")
        return [made.id, made.answer_sdp, made.etag]

    def _renegotiate(self, connection: str, sdp: str) -> list[str]:
        made = self._rooms.renegotiate(self._room, connection, sdp)
        return [made.id, made.answer_sdp, made.etag]

    def _trickle(self, connection: str, fragment: str, etag: str) -> str:
        return self._rooms.trickle(self._room, connection, fragment, etag)
