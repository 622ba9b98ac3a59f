"""Two pages in one call: through the device test, admitted, every notice at the door agreed to, recorded when the test wants it."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from playwright.sync_api import Page

from jianlu.entry.live_demo import SALE
from tests.fakes.eventually import eventually
from tests.fakes.pages.visitors import Console, become, shown

OPENING: dict[str, Any] = {
    "template": "account-opening",
    "title": "个人账户开户",
    "language": "zh",
    "profile": "standard",
    "facts": {
        "case.place": "CN-31",
        "case.channel": "remote_video",
        "case.institution": "建安银行",
        "customer.age": 62,
        "session.biometrics": ["face"],
    },
    "people": {"customer": {"name": "王女士", "phone": "13800000000"}},
}
"""A talk whose template allows pauses."""

RED = (200, 30, 30)


def ready(page: Page, *, sample: bool) -> None:
    """Through the device test, with the pretended camera or with the bundled clips."""
    shown(page, ".devicetest video")
    if sample:
        page.get_by_role("button", name="没有摄像头").click()
        shown(page, ".preview-note")
    page.click(".devicetest button.main")
    shown(page, ".self")
    become(lambda: page.locator(".ownbar .badge.good").count() == 1, "the page sends")


def called(console: Console, number: str, request: dict[str, Any] = SALE) -> tuple[Page, Page, str]:
    """Agent's and customer's page, both connected, every notice agreed to."""
    case = console.new_case(number, request)
    agent, customer = console.signed_in(console.page()), console.page(is_phone=True)
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)
    customer.goto(console.invitation(case))
    customer.wait_for_url("**/room/**")
    customer.get_by_role("button", name="允许摄像头并检测设备").click()
    ready(customer, sample=True)
    shown(customer, ".consent .decide")
    customer.get_by_role("button", name="同意", exact=True).click()
    return agent, customer, case


def live(console: Console, agent: Page, customer: Page, case: str) -> None:
    """Started: both see each other, something is sealed."""
    start = agent.get_by_role("button", name="开始录制")
    try:
        eventually(start.is_enabled, "the call may start", looks=2400)
    except AssertionError as error:
        view = console.view(case)
        raise AssertionError(f"the call may not start: {view.get('gates')}, seats {view['seats']}") from error
    start.click()
    for page in (agent, customer):
        shown(page, ".tile.is-playing")
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] > 0, "something is sealed")


def colour_of(page: Page, selector: str, at: tuple[float, float] = (0.5, 0.5)) -> tuple[int, int, int]:
    """The colour of a playing video there, each from 0 to 255; black when it has no picture."""
    found = page.evaluate(
        """([selector, x, y]) => {
          const video = document.querySelector(selector);
          if (!video || !video.videoWidth) return [0, 0, 0];
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
          const at = canvas.getContext('2d');
          at.drawImage(video, 0, 0);
          return [...at.getImageData(x * canvas.width, y * canvas.height, 1, 1).data].slice(0, 3);
        }""",
        [selector, *at],
    )
    return (int(found[0]), int(found[1]), int(found[2]))


def is_like(colour: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    """Whether a colour is the wanted one after a video codec."""
    return all(abs(one - other) < 48 for one, other in zip(colour, wanted, strict=True))


def plain_picture(colour: tuple[int, int, int], size: tuple[int, int] = (64, 36)) -> bytes:
    """A PNG of one colour: the photograph of a document."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + bytes(colour) * size[0]) * size[1]
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
