"""A recorded call of two pages under faults: what the pages show, what its log says at the moment, and the package that tells it all.

Every class of fault has its own file here; they are alike in what is demanded: a declared result, seen on the pages, at its second in
the package, which verifies.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from jianlu.core.errors import JianluError
from jianlu.entry.live_demo import SALE
from tests.e2e.live.packages import Delivered, delivered
from tests.e2e.live.two_tabs import Tabs, see_each_other
from tests.fakes.pages.calls import called, live
from tests.fakes.pages.visitors import Console, become
from tests.fakes.running_home import RunningHome

ENDED = ("ended", "refused", "halted", "sealed")
UNINSPECTED = {
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
    "recorders = 2": "recorders = 1",
}
"""Settings for services whose calls are only looked at for what happened to them: what was said in them is nobody's business here."""

PATIENCE_MS = 90_000

_NOTE_WORDS = """() => {
  window.seenWords = new Set();
  const look = () => {
    for (const each of document.querySelectorAll('.says, .room-over, jl-room[data-phase=over] h1, .toast'))
      window.seenWords.add(each.innerText);
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
}"""
"""The page keeps every warning that it ever showed: one that is gone after two seconds was shown all the same."""


@dataclass
class Talk:
    """A call that is recorded: both pages, its case, and the service."""

    console: Console
    agent: Page
    customer: Page
    case: str
    zero_us: int

    @property
    def home(self) -> RunningHome:
        return self.console.home

    @property
    def pages(self) -> tuple[Page, Page]:
        return self.agent, self.customer

    def view(self) -> dict[str, Any]:
        """The session as the agent's page is told of it; {} while the service does not answer."""
        try:
            return self.console.view(self.case)
        except JianluError:
            return {}

    def now_ms(self) -> int:
        """The present instant of the session, by the clock that the recorder reads, whoever is away."""
        return (time.monotonic_ns() // 1_000 - self.zero_us) // 1_000

    def sealed_ms(self) -> int:
        """Up to where everything is sealed or declared, as the recorder knows; 0 while nobody says."""
        return int(self.view().get("recording", {}).get("recorded_until_ms") or 0)

    def is_recording(self) -> bool:
        return bool(self.view().get("recording", {}).get("state") == "recording")

    def state(self) -> str:
        return str(self.view().get("state", ""))

    def records_on(self, more_ms: int = 3_000) -> None:
        """Wait until the recording has gone on by so much."""
        become(self.is_recording, "it is recorded again")
        since = self.sealed_ms()
        become(lambda: self.sealed_ms() > since + more_ms, "it is recorded on")

    def becomes(self, *states: str) -> str:
        return str(become(lambda: found if (found := self.state()) in states else "", f"the session is {' or '.join(states)}"))

    def forgets_warnings(self) -> None:
        """From now on `warned` tells what is shown from now on: a warning of before the fault is none of it."""
        for page in self.pages:
            page.evaluate("() => window.seenWords.clear()")

    def warned(self, page: Page) -> str:
        """Every warning that the page has shown since the call began, or since they were forgotten."""
        return "\n".join(page.evaluate("() => [...window.seenWords]"))

    def warns(self, page: Page, *words: str) -> None:
        """Wait until the page has shown a warning with one of these words."""
        become(lambda: any(each in self.warned(page) for each in words), f"the page warns: {words}")

    def comes_back(self) -> None:
        """Both pages send again, show the other one moving, and complain of nothing, without anybody touching them."""
        for page in self.pages:
            page.wait_for_selector(".ownbar .badge.good", timeout=PATIENCE_MS)
        see_each_other(Tabs(self.home.url, self.agent, self.customer, self.case))

    def kill(self, role: str) -> None:
        """SIGKILL for a process of the service, as soon as there is one of that role."""
        os.kill(int(become(lambda: self.home.children().get(role), f"{role} runs")), signal.SIGKILL)

    def ends(self) -> None:
        """Given up by the agent, if it is not over."""
        if self.state() not in ENDED:
            self.home.as_staff("lin").call("POST", f"/api/v1/cases/{self.case}/abandon")

    def package(self, folder: Path) -> Delivered:
        """The verified package of the call, which is ended if it is not over."""
        self.ends()
        found = delivered(self.home, self.case, folder)
        assert found.said["intact"], found.said
        return found


@contextmanager
def talk(console: Console, number: str, request: dict[str, Any] = SALE) -> Iterator[Talk]:
    """A call that is recorded, from the device tests to the first sealed segment; given up at the end if nobody did."""
    agent, customer, case = called(console, number, request)
    held = started(console, agent, customer, case)
    yield held
    held.ends()


def started(console: Console, agent: Page, customer: Page, case: str) -> Talk:
    """Two pages that are ready, in a call that is recorded."""
    live(console, agent, customer, case)
    for page in (agent, customer):
        page.evaluate(_NOTE_WORDS)
    return Talk(console, agent, customer, case, int(console.view(case)["recording"]["zero_us"]))


def is_up(home: RunningHome) -> bool:
    """Whether the processes that a call needs can be called: web is the first of them."""
    return all((home.home / "run" / f"{name}.sock").exists() for name in ("media-0", "recorder-a"))


def free_port() -> int:
    """A port for a service that keeps it when its web process is started anew."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def alarms_of(package: Delivered, code: str) -> list[int]:
    """When an alarm of that code was raised, in the session's time."""
    return [body["at_ms"] for body in package.bodies("session:health:alarmed") if body["code"] == code]
