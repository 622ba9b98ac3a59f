"""Two pages that talk: pictures flow both ways once the recording runs, a lost media process is lived through, refusal ends the call."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Page

from tests.e2e.console.conftest import Console, become, seat_state, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


def ready(page: Page, *, sample: bool) -> None:
    """Through the device test, with the pretended camera or with the bundled clips."""
    shown(page, ".devicetest video")
    if sample:
        page.get_by_role("button", name="没有摄像头").click()
        shown(page, ".preview-note")
    page.click(".devicetest button.main")
    shown(page, ".self")
    become(lambda: page.locator(".ownbar .badge.good").count() == 1, "the page sends")


def called(console: Console, number: str) -> tuple[Page, Page, str]:
    """Agent's and customer's page, both connected, every notice agreed to."""
    case = console.new_case(number)
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


def test_a_call_is_recorded_and_ends_when_the_customer_refuses(console: Console) -> None:
    agent, customer, case = called(console, "call-1")
    become(lambda: agent.get_by_role("button", name="开始录制").is_enabled(), "the call may start")
    agent.get_by_role("button", name="开始录制").click()
    for page in (agent, customer):
        shown(page, ".tile.is-playing")
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] > 0, "something is sealed")
    shown(customer, ".roombar.is-on")
    assert customer.inner_text(".roombar").startswith("正在录音录像")
    assert agent.locator(".tile video").evaluate("video => video.videoWidth") > 0
    customer.locator("details.rights summary").click()
    customer.get_by_role("button", name="我不愿继续办理").click()
    customer.locator("dialog button.main").click()
    shown(customer, "jl-room[data-phase=over] h1")
    assert customer.inner_text("jl-room h1") == "已按您的意愿终止"
    shown(agent, "jl-outcome")
    assert console.view(case)["state"] in ("refused", "sealed")
    assert console.complaints == []


def test_pages_come_back_when_the_media_process_was_killed(console: Console) -> None:
    agent, _, case = called(console, "call-2")
    for name, number in console.home.children().items():
        if name.startswith("media"):
            os.kill(number, signal.SIGKILL)
    become(lambda: agent.locator(".ownbar .badge.care").count() == 1, "the loss is seen")
    become(lambda: agent.locator(".ownbar .badge.good").count() == 1, "the page sends again")
    become(lambda: seat_state(console, case) == "present", "the customer is back too")
    assert console.complaints == []
