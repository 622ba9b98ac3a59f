"""The web process dies under open pages: they say so, keep what was typed and chosen, and go on by themselves when it is back."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.fakes.pages.visitors import Console, become, closing_pages, shown
from tests.fakes.running_home import RunningHome, approve_scripts, running_home

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    """A service that comes back on the port on which it was: pages know no other."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running_home(tmp_path_factory.mktemp("fixed") / "home", replaced={"port = 0": f"port = {port}"}) as home:
        approve_scripts(home)
        yield home


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """A process that does nothing until the block ends."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def said(page: Page, selector: str) -> bool:
    return page.locator(selector).count() > 0


def test_pages_say_that_the_web_process_is_gone_keep_what_was_typed_and_come_back(fixed: RunningHome, chromium: Browser) -> None:
    with closing_pages(Console(fixed, chromium)) as console:
        case = console.new_case("gone-1")
        agent, customer = console.signed_in(console.page()), console.page(is_phone=True)
        agent.goto(f"{fixed.url}/cases/{case}")
        shown(agent, ".gatelist")
        customer.goto(console.invitation(case))
        shown(customer, "jl-room h1")
        agent.click("[data-key=tab-chat]")
        agent.fill("[data-key=chat]", "还没有发出的话")
        before = fixed.children()["web"]
        with standing_still(fixed.process.pid):  # who would start it again before somebody has looked
            os.kill(before, signal.SIGKILL)
            become(lambda: "与服务的连接中断" in agent.inner_text(".c-alarm"), "the agent is told")
            become(lambda: "正在重新连接" in customer.inner_text(".r-alarm"), "the customer is told")
            assert "连接中断前：未录制" in agent.inner_text(".c-rec"), "what was known last is not told as known"
            assert "连接中断前" in customer.inner_text(".r-bar")
        become(lambda: not said(agent, ".c-alarm .says"), "the agent's page is back")
        become(lambda: not said(customer, ".r-alarm .says"), "the customer's page is back")
        assert fixed.children()["web"] != before
        assert agent.input_value("[data-key=chat]") == "还没有发出的话", "what was typed stays"
        assert agent.get_attribute("[data-key=tab-chat]", "aria-selected") == "true", "and where the agent was"
        agent.press("[data-key=chat]", "Enter")
        become(lambda: "还没有发出的话" in agent.inner_text(".chat-list"), "it is sent after all")
        assert "连接中断前" not in agent.inner_text(".c-rec")
        assert console.complaints == []
