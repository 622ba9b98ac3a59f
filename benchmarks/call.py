"""What a recorded 720p call costs against the same call that is only forwarded, in one run; glass to glass; what is sent at the end.

`python benchmarks/call.py [--seconds 120] [--codec h264]`. First the media process alone carries a call of two Chromium pages, each sending
and watching 720p. Then the whole service carries and records the same call: web, media, recorders and worker, from gate to sealed segments.
CPU is what those processes used, without the browsers'; what they use before anybody calls is told apart. Pages and load share the
machine's cores: the load and the packets of both halves are printed, trust ratios.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from benchmarks.talk import CALLS, SEATS, call, start_talk
from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.running_home import RunningHome, running_home
from tests.fakes.sfu.looking import forwarding
from tests.fakes.sfu.stage import running_media

ROOM = "cbench"
ORIGIN = "https://bench.test"
PICTURE = re.search("<script>(.*)</script>", Path(__file__).with_name("forwarding.html").read_text(encoding="utf-8"), re.DOTALL)
WARM_UP_MS = 15_000
SETTLE_S, IDLE_S = 40, 20
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
ADDED_MAX = 0.30


@dataclass(frozen=True)
class Watched:
    """Shares of a core by process, delays (ms) that both pages saw, what each sends at the end, packets that both sent a second.

    `idle` is what the same processes used before anybody called.
    """

    shares: Mapping[str, float]
    delays: list[float]
    sent: list[str]
    packets: float
    idle: Mapping[str, float]


def cpu_s(pid: int) -> float:
    """Processor time that a process used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def open_page(browser: Browser, url: str) -> Page:
    """A page of `url` with the functions that draw, send, watch and read the picture."""
    page = browser.new_context(ignore_https_errors=True, bypass_csp=True).new_page()
    if url == ORIGIN:
        page.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="<!doctype html><body></body>", content_type="text/html"))
    page.goto(url)
    assert PICTURE is not None
    page.add_script_tag(content=PICTURE[1] + CALLS)
    return page


def shares_of(processes: Callable[[], Mapping[str, int]], wait: Callable[[], object]) -> dict[str, float]:
    """The share of a core that each process uses while `wait` waits."""
    known = processes()
    before, began = {name: cpu_s(pid) for name, pid in known.items()}, time.monotonic()
    wait()
    took = time.monotonic() - began
    return {name: (cpu_s(pid) - before[name]) / took for name, pid in known.items()}


def watched(
    pages: list[Page], processes: Callable[[], Mapping[str, int]], seconds: float, idle: Mapping[str, float] | None = None
) -> Watched:
    """What a call that runs costs and shows, after it has warmed up."""
    pages[0].wait_for_timeout(WARM_UP_MS)
    for page in pages:
        page.evaluate("seen = []")
    packets = _packets(pages)
    shares = shares_of(processes, lambda: pages[0].wait_for_timeout(seconds * 1000))
    rate = (_packets(pages) - packets) / seconds
    delays = sorted(float(delay) for page in pages for delay in page.evaluate("seen"))
    sent = [page.evaluate("sent()") for page in pages]
    return Watched(shares, delays, [f"{each['width']}x{each['height']} at {each['fps']} fps" for each in sent], rate, idle or {})


def _packets(pages: list[Page]) -> int:
    return sum(int(page.evaluate("packets()")) for page in pages)


def forwarded(playwright: Playwright, folder: Path, seconds: float, codec: str) -> Watched:
    """The call through the media process alone."""
    with running_media(folder / "media") as process, forwarding(process.rooms, ROOM):
        browser = start_chromium(playwright, folder)
        pages = [open_page(browser, ORIGIN) for _ in SEATS]
        for page, own, other in zip(pages, SEATS, reversed(SEATS), strict=True):
            _signal_directly(page, process.rooms, own, other)
            page.evaluate("codec => publish(codec)", codec)
        for page in pages:
            page.evaluate("subscribe()")
        found = watched(pages, lambda: {"media": process.pid}, seconds)
        browser.close()
        return found


def _signal_directly(page: Page, rooms: EmbeddedRooms, own: str, other: str) -> None:
    page.expose_function("rooms_publish", lambda sdp: rooms.publish(ROOM, own, sdp).answer_sdp)
    page.expose_function("rooms_subscribe", lambda sdp: rooms.subscribe(ROOM, other, sdp, own).answer_sdp)


def recorded(playwright: Playwright, folder: Path, seconds: float, codec: str) -> Watched:
    """The call through the whole service, recorded."""
    with running_home(folder / "home") as home:
        time.sleep(SETTLE_S)  # models and pages are read at the start
        idle = shares_of(lambda: _processes(home), lambda: time.sleep(IDLE_S))
        browser = start_chromium(playwright, folder)
        pages = [open_page(browser, f"{home.url}/api/v1/health") for _ in SEATS]
        publish = f"path => {{ window.rooms_publish = (sdp) => service_offer(path, sdp); return publish('{codec}'); }}"
        watch = "path => { window.rooms_subscribe = (sdp) => service_offer(path, sdp); return subscribe(); }"
        case = start_talk(home, *pages, publish=publish, watch=watch)
        found = watched(pages, lambda: _processes(home), seconds, idle)
        state = call(pages[0], "GET", f"/api/v1/cases/{case}/session")["state"]
        if state != "live":
            print(f"  the session is {state}: the figures below are not those of a recorded call")
        browser.close()
        return found


def _processes(home: RunningHome) -> dict[str, int]:
    return {"supervisor": home.process.pid, **home.children()}


def report(alone: Watched, whole: Watched) -> float:
    """Print both; what recording adds to the whole service, as a part of forwarding alone."""
    forwarding, everything = sum(alone.shares.values()), sum(whole.shares.values())
    for name, found in (("forwarded", alone), ("recorded", whole)):
        p50, p95 = statistics.median(found.delays), found.delays[int(len(found.delays) * 0.95)]
        print(
            f"{name:<10} glass to glass p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(found.delays)} frames; sent {', '.join(found.sent)}"
        )
        print("           " + ", ".join(f"{role} {100 * share:.1f} %" for role, share in found.shares.items()) + " of a core")
    added = everything / forwarding - 1
    recording = sum(share for role, share in whole.shares.items() if role.startswith(("recorder", "media"))) / forwarding - 1
    print(f"a call     {100 * forwarding:.1f} % of a core forwarded, {100 * everything:.1f} % recorded by the whole service")
    print(f"           {1 / forwarding:.1f} forwarded and {1 / everything:.1f} recorded calls a core")
    before = ", ".join(f"{role} {100 * share:.1f} %" for role, share in whole.idle.items())
    print(
        f"           packets a second: {alone.packets:.0f} forwarded, {whole.packets:.0f} recorded; before anybody calls {before}"
    )
    print(f"           tap and recorder add {100 * recording:.0f} %, the whole service {100 * added:.0f} %")
    return added


def beside_media(whole: Watched) -> float:
    """What a call adds in every process but the media process, which both halves have: shares of a core."""
    return sum(share - whole.idle.get(role, 0) for role, share in whole.shares.items() if role != "media")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rounds", type=int, default=1, help="the media process's own share swings by a tenth: take three")
    parser.add_argument("--codec", choices=("h264", "vp8"), default="h264")
    options = parser.parse_args()
    if shutil.which("chromium") is None:
        print("not measured: chromium is not installed")
        return
    added = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder, browsers() as playwright:
            print(f"load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {options.codec}, {options.seconds:g} s each")
            alone = forwarded(playwright, Path(folder), options.seconds, options.codec)
            print(f"load between {os.getloadavg()[0]:.1f}")
            whole = recorded(playwright, Path(folder), options.seconds, options.codec)
            print(f"load after {os.getloadavg()[0]:.1f}")
            added.append(report(alone, whole))
            print(f"           of it a call, beside the media process: {100 * beside_media(whole):.1f} % of a core")
    print(
        f"in {len(added)} rounds recording adds {100 * statistics.median(added):.0f} % (median; goal at most {100 * ADDED_MAX:.0f} %)"
    )


if __name__ == "__main__":
    main()
