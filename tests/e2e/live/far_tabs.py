"""Agent and customer each on a host of their own behind a wire, and what their pages' connections count.

The counting is the test's only knowledge of the pages' insides: every RTCPeerConnection that a page makes is remembered.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright

from jianlu.entry.live_demo import SALE
from tests.e2e.live.two_tabs import LOOKS, Tabs, sign_in, sit_down, start
from tests.fakes.browsers import new_page, start_chromium
from tests.fakes.eventually import eventually
from tests.fakes.running_home import RunningHome
from tests.fakes.wire import SERVER, Host

REACHED_FROM_AFAR = {
    'listen = "127.0.0.1"': 'listen = "0.0.0.0"',
    "addresses = []": f'addresses = ["{SERVER}"]',
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
}
"""Settings: hosts behind wires reach the service; what was said is of no matter here."""

_REMEMBER_PEERS = """(() => {
  window.peersOfTest = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...of) { super(...of); window.peersOfTest.push(this); }
  };
})()"""

_COUNT = """async (kind) => {
  const found = { concealed: 0, heard: 0, resent: 0, asked: 0 };
  for (const peer of window.peersOfTest) {
    if (peer.connectionState === 'closed') continue;
    for (const report of (await peer.getStats()).values()) {
      if (report.kind !== kind) continue;
      if (report.type === 'inbound-rtp') {
        found.concealed += report.concealedSamples || 0;
        found.heard += report.totalSamplesReceived || 0;
      }
      if (report.type === 'outbound-rtp') {
        found.resent += report.retransmittedPacketsSent || 0;
        found.asked += report.nackCount || 0;
      }
    }
  }
  return found;
}"""


@dataclass
class FarCall:
    """A session under way between two hosts."""

    home: RunningHome
    tabs: Tabs
    zero_ms: int = 0

    @property
    def view(self) -> dict[str, Any]:
        return dict(self.home.as_staff("lin").call("GET", f"/api/v1/cases/{self.tabs.case}/session"))

    @property
    def now_ms(self) -> int:
        """The session's time: that of this machine since the session's zero."""
        return time.monotonic_ns() // 1_000_000 - self.zero_ms

    def pass_by(self, ms: int) -> tuple[int, int]:
        """Wait until so much of the session has gone by; from when to when, in its own time."""
        begin = self.now_ms
        return begin, eventually(lambda: (now := self.now_ms) >= begin + ms and now, f"{ms} ms of the session", looks=LOOKS)

    def cut(self, host: Host, ms: int) -> tuple[int, int]:
        """No packet gets through the host's wire, either way, for so long; the stretch in session time."""
        host.shape(is_cut=True)
        stretch = self.pass_by(ms)
        host.shape()
        return stretch

    def seat(self, seat: str) -> str:
        return str(next(each["state"] for each in self.view["seats"] if each["seat"] == seat))

    def is_back(self, seat: str) -> None:
        """Wait until the seat's feed has come back and what it sends is recorded again."""
        eventually(lambda: self.seat(seat) == "present", f"{seat} is back", looks=LOOKS)
        tracks = (seat, f"{seat}-picture")
        eventually(
            lambda: all(self.view["recording"]["tracks"][track]["state"] in ("ok", "weak") for track in tracks),
            f"{seat} is recorded again",
            looks=LOOKS,
        )


def count(page: Page, kind: str = "audio") -> dict[str, int]:
    """What the page's connections have counted: samples concealed and heard, packets sent again, retransmissions asked of it."""
    return dict(page.evaluate(_COUNT, kind))


@contextmanager
def far_browsers(playwright: Playwright, folder: Path, wires: dict[str, Host]) -> Iterator[dict[str, Browser]]:
    """A Chromium on each host."""
    opened: dict[str, Browser] = {}
    try:
        for name, host in wires.items():
            (folder / name).mkdir()
            opened[name] = start_chromium(playwright, folder / name, host=host)
        yield opened
    finally:
        for browser in opened.values():
            browser.close()


def far_call(home: RunningHome, opened: dict[str, Browser], number: str, **changed: Any) -> FarCall:
    """A session that is live, with the sample clips."""
    case = str(home.as_staff("lin").call("POST", "/api/v1/cases", {**SALE, **changed, "number": number})["case"])
    agent, customer = new_page(opened["agent"]), new_page(opened["customer"], is_phone=True)
    for page in (agent, customer):
        page.context.add_init_script(_REMEMBER_PEERS)
    port = home.url.rpartition(":")[2]
    tabs = Tabs(f"https://{SERVER}:{port}", agent, customer, case)
    sign_in(home, tabs)
    sit_down(tabs)
    start(tabs)
    call = FarCall(home, tabs)
    call.zero_ms = int(call.view["recording"]["zero_us"]) // 1000
    eventually(lambda: call.view["recording"]["recorded_until_ms"] > 0, "something is sealed", looks=LOOKS)
    return call
