"""What forwarding costs and adds: a 720p call of one sender and one viewer in Chromium through the media process.

`python benchmarks/forwarding.py [--seconds 20] [--codec h264]`. Glass to glass is by a time code drawn in the frames and read at the
viewer; CPU is the media process's own, with and without a recorder reading its tap; the quality is what the sender sends at the end
(give `--seconds 120` for two minutes). Browser and load share the machine's cores: the load is printed, trust ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import tap_socket
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.sfu.looking import forwarding
from tests.fakes.sfu.recorder_tap import TapListener
from tests.fakes.sfu.stage import MediaProcess, running_media

ROOM, FEED = "cbench", "agent"
ORIGIN = "https://bench.test"
PAGE = Path(__file__).with_suffix(".html")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def open_page(browser: Browser, rooms: EmbeddedRooms) -> Page:
    """A page whose signalling goes to the rooms."""
    page = browser.new_context().new_page()
    page.route(f"{ORIGIN}/**", lambda route: route.fulfill(body=PAGE.read_text("utf-8"), content_type="text/html"))
    page.expose_function("rooms_publish", lambda sdp: rooms.publish(ROOM, FEED, sdp).answer_sdp)
    page.expose_function("rooms_subscribe", lambda sdp: rooms.subscribe(ROOM, FEED, sdp, "viewer").answer_sdp)
    page.goto(f"{ORIGIN}/")
    return page


def cpu_s(pid: int) -> float:
    """Processor time that a process used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def watch(process: MediaProcess, viewer: Page, seconds: float) -> tuple[float, list[float]]:
    """Share of a core that the media process used, and the delays that the viewer saw, over so many seconds."""
    viewer.evaluate("seen = []")
    before, began = cpu_s(process.pid), time.monotonic()
    viewer.wait_for_timeout(seconds * 1000)
    used = (cpu_s(process.pid) - before) / (time.monotonic() - began)
    return used, [float(delay) for delay in viewer.evaluate("seen")]


def measure(folder: Path, seconds: float, codec: str) -> list[str]:
    """The lines to print."""
    lines = []
    with running_media(folder / "home") as process, browsers() as playwright, forwarding(process.rooms, ROOM):
        rooms = process.rooms
        browser = start_chromium(playwright, folder)
        sender, viewer = open_page(browser, rooms), open_page(browser, rooms)
        sender.evaluate("codec => publish(codec)", codec)
        viewer.evaluate("subscribe()")
        viewer.wait_for_timeout(10_000)
        alone, delays = watch(process, viewer, seconds / 2)
        listener = TapListener(tap_socket(folder / "home" / "run", 0), ROOM)
        packets = len(listener.packets)
        tapped, more = watch(process, viewer, seconds / 2)
        packets = len(listener.packets) - packets
        delays = sorted(delays + more)
        sent = sender.evaluate("sent()")
        feed = rooms.status(ROOM).feeds[0]
        listener.close()
        browser.close()
    p50, p95 = statistics.median(delays), delays[int(len(delays) * 0.95)]
    lines.append(f"glass to glass          p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(delays)} frames")
    lines.append(f"forwarding alone        {100 * alone:.1f} % of a core: one sends {feed.kbps_in} kbit/s, one watches")
    lines.append(f"with a recorder's tap   {100 * tapped:.1f} % of a core, {tapped / alone:.2f} of forwarding alone")
    lines.append(f"a packet in             {1e6 * tapped * seconds / 2 / packets:.0f} us of CPU: received, tapped, sent to one")
    lines.append(
        f"sent after {seconds + 10:.0f} s         {sent['width']}x{sent['height']} at {sent['fps']} fps, limited by {sent['limit']}"
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--codec", choices=("h264", "vp8"), default="h264")
    options = parser.parse_args()
    if shutil.which("chromium") is None:
        print("not measured: chromium is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {options.codec}")
        for line in measure(Path(folder), options.seconds, options.codec):
            print(line)
        print(f"load after  {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
