"""Visitors of a running service's pages: a console to open pages of their own with, and waiting for what the pages come to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

from jianlu.entry.live_demo import SALE
from tests.fakes.browsers import PATIENCE_MS, new_page
from tests.fakes.eventually import eventually
from tests.fakes.running_home import PASSWORD, RunningHome

REMEMBER = """window.toldSoFar = [];
new MutationObserver((changes) => {
  const added = changes.flatMap((each) => [...each.addedNodes]);
  toldSoFar.push(...added.filter((each) => each.classList?.contains('toast')).map((each) => each.textContent));
}).observe(document, {childList: true, subtree: true});"""
"""A toast goes after five seconds, and a test may look later than that: the page remembers each."""

TWICE = "pressed => { pressed.click(); pressed.click(); }"
"""An impatient double press, both before any answer can have come."""


@dataclass
class Console:
    """A running service and a browser to look at it."""

    home: RunningHome
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def page(self, *, is_phone: bool = False, lang: str = "zh-CN", allows_media: bool = True) -> Page:
        """A page of a visitor of their own; what the browser complains of is kept."""
        page = new_page(self.browser, is_phone=is_phone, lang=lang, allows_media=allows_media)
        page.add_init_script(REMEMBER)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def signed_in(self, page: Page, name: str = "lin") -> Page:
        page.goto(f"{self.home.url}/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("form[data-step=password] button")
        page.wait_for_url("**/cases")
        return page

    def new_case(self, number: str, request: dict[str, Any] = SALE) -> str:
        return str(self.home.as_staff("lin").call("POST", "/api/v1/cases", {**request, "number": number})["case"])

    def invitation(self, case: str) -> str:
        made = self.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/invitations", {"seat": "customer"})
        return str(made["url"])

    def view(self, case: str) -> dict[str, Any]:
        return dict(self.home.as_staff("lin").call("GET", f"/api/v1/cases/{case}/session"))


@contextmanager
def closing_pages(console: Console) -> Iterator[Console]:
    """A console whose visitors leave when the block ends; the browser stays for the next."""
    try:
        yield console
    finally:
        for context in list(console.browser.contexts):
            context.close()


def shown(page: Page, selector: str) -> None:
    """Wait until it is there; the machine may be slow."""
    page.wait_for_selector(selector, timeout=PATIENCE_MS)


def told(page: Page) -> str:
    """The toasts of this page since it came, also those that are gone."""
    return "\n".join(page.evaluate("toldSoFar"))


def become(look: Callable[[], Any], what: str) -> Any:
    """The first true result of `look`, five minutes long; AssertionError naming `what` when none came."""
    return eventually(look, what)


def seat_state(console: Console, case: str) -> str:
    """How the server sees the customer's seat."""
    return next(str(seat["state"]) for seat in console.view(case)["seats"] if seat["seat"] == "customer")
