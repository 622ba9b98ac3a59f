"""A sale held in two tabs of a real Chromium with the sample clips: what agent and customer do, by the pages alone.

Everything is a click on what a person sees; nothing is called behind the pages' back.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from tests.fakes.eventually import eventually

WAIT_MS = 90_000
STEPS_MAX = 30


@dataclass(frozen=True)
class Tabs:
    """The agent's tab, on the case, and the customer's, nowhere yet."""

    agent: Page
    customer: Page


def sit_down(tabs: Tabs) -> None:
    """Both test their devices, choose the sample clips and come in; the customer agrees to be recorded."""
    agent, customer = tabs.agent, tabs.customer
    agent.click("text=开始检测")
    _use_samples(agent, "使用这些设备")
    agent.click("text=生成邀请")
    agent.wait_for_selector("#invite-link")
    link = agent.input_value("#invite-link")
    agent.click(".invite >> text=完成")
    customer.goto(link)
    customer.wait_for_url("**/room/**")
    customer.click("text=允许摄像头并检测设备")
    _use_samples(customer, "加入")
    customer.click(".consent .decide .main", timeout=WAIT_MS)


def start(tabs: Tabs) -> None:
    """Start recording as soon as the page allows it, and wait until both see each other."""
    tabs.agent.locator('button:has-text("开始录制")').click(timeout=WAIT_MS)
    for page in (tabs.agent, tabs.customer):
        page.wait_for_selector(".tile.is-playing", timeout=WAIT_MS)


def hold_the_talk(tabs: Tabs) -> list[str]:
    """Every step of the script in its order; returns their titles as the cockpit showed them."""
    done: list[str] = []
    for _ in range(STEPS_MAX):
        if tabs.agent.locator("text=全部步骤已完成").count():
            return done
        done.append(_one_step(tabs))
    raise AssertionError(f"the script does not end: {done}")


def end(tabs: Tabs) -> None:
    """End the session."""
    tabs.agent.locator('.c-main button:has-text("结束会话")').click(timeout=WAIT_MS)


def _one_step(tabs: Tabs) -> str:
    agent, customer = tabs.agent, tabs.customer
    go = agent.locator('[data-key="go"]')
    go.wait_for(timeout=WAIT_MS)
    title = agent.locator(".step h2").inner_text()
    if "开始这一步" in go.inner_text():
        go.click(timeout=WAIT_MS)
        agent.wait_for_selector('[data-key="go"]:has-text("完成这一步")', timeout=WAIT_MS)
    if agent.locator('[data-key="sample"]').count():
        agent.click('[data-key="sample"]', timeout=WAIT_MS)
        agent.wait_for_selector('[data-key="sample"][aria-busy=true]', timeout=WAIT_MS)
        agent.wait_for_selector('[data-key="sample"][aria-busy=false]', timeout=WAIT_MS)
    _customer_answers(customer)
    for document in range(agent.locator('.step button[data-key*="/documents"]').count()):
        agent.locator('.step button[data-key*="/documents"]').nth(document).click(timeout=WAIT_MS)
        agent.wait_for_timeout(1_500)  # a document is before the customer for a while, as the script asks
    statements = agent.locator('.step button:has-text("声明"):not([disabled])')
    while statements.count():
        left = statements.count()
        statements.first.click(timeout=WAIT_MS)
        agent.click("dialog button.main", timeout=WAIT_MS)
        _fewer(statements, left)
    agent.locator('[data-key="go"]:not([disabled])').click(timeout=WAIT_MS)
    eventually(lambda: not agent.locator(".step h2").count() or agent.locator(".step h2").inner_text() != title, f"after {title}")
    return title


def _customer_answers(customer: Page) -> None:
    """Say the sample's answer where there is one, then click what the page asks for."""
    answer = customer.locator(".sample-box > .button")
    if answer.count():
        answer.first.click(timeout=WAIT_MS)
        customer.wait_for_timeout(3_500)  # the clip is heard
    consents = customer.locator(".room-step .consent .decide .main")
    while consents.count():
        left = consents.count()
        consents.first.click(timeout=WAIT_MS)
        _fewer(consents, left)
    questions = customer.locator(".room-step .question")
    for number in range(questions.count()):
        questions.nth(number).locator("button").first.click(timeout=WAIT_MS)


def _fewer(buttons: Locator, than: int) -> None:
    """Wait until what was clicked is on record and asked for no more."""
    eventually(lambda: buttons.count() < than, "what was clicked is on record")


def _use_samples(page: Page, then: str) -> None:
    page.wait_for_selector(".devicetest video", timeout=WAIT_MS)
    page.click("text=没有摄像头", timeout=WAIT_MS)
    page.wait_for_selector(".preview-note", timeout=WAIT_MS)
    page.click(f'button.main:has-text("{then}")', timeout=WAIT_MS)
