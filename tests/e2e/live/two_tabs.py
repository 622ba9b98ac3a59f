"""A session held in two tabs of a real Chromium with the sample clips: what agent and customer do, by the pages alone.

Everything is a click on what a person sees; nothing is called behind the pages' back. Both pages are Chinese.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.fakes.eventually import eventually
from tests.fakes.running_home import PASSWORD, RunningHome

WAIT_MS = 90_000
STEPS_MAX = 30
LOOKS = 1_800
NO_CAMERA = "没有摄像头"
ALL_DONE = "全部步骤已完成"


@dataclass
class Tabs:
    """The agent's tab and the customer's; `url` is where both reach the service."""

    url: str
    agent: Page
    customer: Page
    case: str

    @property
    def pages(self) -> tuple[Page, Page]:
        return self.agent, self.customer


def sign_in(home: RunningHome, tabs: Tabs, name: str = "lin") -> None:
    """The agent's tab comes to the case as one of the accounts."""
    page = tabs.agent
    page.goto(f"{tabs.url}/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form[data-step=password] button")
    page.wait_for_url("**/cases", timeout=WAIT_MS)
    page.goto(f"{tabs.url}/cases/{tabs.case}")


def sit_down(tabs: Tabs) -> str:
    """Both test their devices, choose the sample clips and come in; the customer agrees at the door. Returns the invitation's link."""
    agent, customer = tabs.agent, tabs.customer
    agent.get_by_role("button", name="开始检测").click(timeout=WAIT_MS)
    _use_samples(agent, "使用这些设备")
    agent.get_by_role("button", name="生成邀请").click(timeout=WAIT_MS)
    agent.wait_for_selector("#invite-link", timeout=WAIT_MS)
    link = agent.input_value("#invite-link")
    agent.click(".invite >> text=完成")
    customer.goto(f"{tabs.url}/join#{link.partition('#')[2]}")
    customer.wait_for_url("**/room/**", timeout=WAIT_MS)
    customer.get_by_role("button", name="允许摄像头并检测设备").click(timeout=WAIT_MS)
    _use_samples(customer, "加入")
    door, waits = customer.locator(".consent .decide .main"), customer.locator(".r-main section[aria-live] > progress")
    for _ in range(STEPS_MAX):
        door.or_(waits).first.wait_for(timeout=WAIT_MS)
        if not door.count():
            return link
        _decide(door)
    raise AssertionError("the door's notices do not end")


def start(tabs: Tabs) -> None:
    """Start recording as soon as the page allows it, and wait until both see each other."""
    tabs.agent.locator('[data-key="start"]:not([disabled])').click(timeout=WAIT_MS)
    see_each_other(tabs)


def see_each_other(tabs: Tabs) -> None:
    """Each page has a picture of the other that moves."""
    for page in tabs.pages:
        page.wait_for_selector(".tile.is-playing", timeout=WAIT_MS)
        _moves(page)


def _moves(page: Page) -> None:
    since = played(page)
    eventually(lambda: played(page) > since, "a picture that moves", looks=LOOKS)


def played(page: Page) -> int:
    """How many pictures of the other side the page has shown."""
    script = "() => [...document.querySelectorAll('.tile video')].map(v => v.getVideoPlaybackQuality().totalVideoFrames)"
    return max(page.evaluate(script), default=0)


def hold_the_talk(tabs: Tabs, before_step: Callable[[int], None] = lambda _: None) -> list[str]:
    """Every step of the script in its order; returns their titles as the cockpit showed them. `before_step` is told each one's number."""
    done: list[str] = []
    go, over = tabs.agent.locator('[data-key="go"]'), tabs.agent.get_by_text(ALL_DONE)
    for number in range(1, STEPS_MAX + 1):
        go.or_(over).first.wait_for(timeout=WAIT_MS)
        if over.count():
            return done
        before_step(number)
        done.append(hold_one_step(tabs))
    raise AssertionError(f"the script does not end: {done}")


def hold_one_step(tabs: Tabs) -> str:
    """The step that is next, from its beginning to its end."""
    agent, customer = tabs.agent, tabs.customer
    title = _title(agent)
    agent.locator('[data-key="go"]:has-text("开始这一步"), [data-key="go"]:has-text("重新开始")').or_(
        agent.locator('[data-key="go"]:has-text("完成这一步")')
    ).first.wait_for(timeout=WAIT_MS)
    if "完成这一步" not in agent.locator('[data-key="go"]').inner_text():
        agent.locator('[data-key="go"]:not([disabled])').click(timeout=WAIT_MS)
        agent.wait_for_selector('[data-key="go"]:has-text("完成这一步")', timeout=WAIT_MS)
    customer.locator(".room-step", has_text=title).locator(".captions").wait_for(timeout=WAIT_MS)
    _say(agent.locator('[data-key="sample"]'))
    _customer_answers(customer)
    _show_documents(agent)
    _attest(agent)
    agent.locator('[data-key="go"]:not([disabled])').click(timeout=WAIT_MS)
    eventually(lambda: _title(agent) != title, f"what comes after {title}", looks=LOOKS)
    return title


def end(tabs: Tabs) -> None:
    """End the session."""
    tabs.agent.locator('.c-main button:has-text("结束会话")').click(timeout=WAIT_MS)


def come_back(tabs: Tabs) -> None:
    """A customer whose tab was closed tests the devices again and joins."""
    tabs.customer.get_by_role("button", name="重新接入").click(timeout=WAIT_MS)
    _use_samples(tabs.customer, "加入")


def _title(agent: Page) -> str:
    """The current step's title; the end's once all are done, "" between two drawings."""
    return next(iter(agent.locator(".c-main h2").all_inner_texts()), "")


def _say(button: Locator) -> None:
    """Play the sample sentences of the step, to their end; nothing where there are none."""
    if not button.count():
        return
    button.first.click(timeout=WAIT_MS)
    expect(button.first).to_be_enabled(timeout=WAIT_MS)


def _customer_answers(customer: Page) -> None:
    """Say the sample's answer where there is one, then click what the page asks for."""
    _say(customer.locator(".sample-box > .button"))
    consents = customer.locator(".room-step .consent .decide .main")
    while consents.count():
        _decide(consents)
    questions = customer.locator(".room-step .question")
    for number in range(questions.count()):
        first = questions.nth(number).locator("button").first
        first.click(timeout=WAIT_MS)
        expect(first).to_have_attribute("aria-pressed", "true", timeout=WAIT_MS)


def _show_documents(agent: Page) -> None:
    """Show each document for as long as the page still complains of it."""
    documents = agent.locator(".step .lines li", has=agent.locator('button[data-key*="/documents"]'))
    complaints = agent.locator(".step .blocks li")
    for number in range(documents.count()):
        title = documents.nth(number).locator(".grow").inner_text()
        documents.nth(number).locator("button").click(timeout=WAIT_MS)
        _gone(complaints, f"须先出示文件：{title}")


def _gone(complaints: Locator, of: str) -> None:
    eventually(lambda: not any(of in each for each in complaints.all_inner_texts()), f"{of} was shown", looks=LOOKS)


def _attest(agent: Page) -> None:
    """State what the step asks the agent to state."""
    statements = agent.locator('.step button:has-text("声明"):not([disabled])')
    while (left := statements.count()) > 0:
        statements.first.click(timeout=WAIT_MS)
        agent.click("dialog button.main", timeout=WAIT_MS)
        _fewer(statements, left, "the statement is on record")


def _decide(buttons: Locator) -> None:
    """Agree to the first of them, and wait until it is on record and asked for no more."""
    left = buttons.count()
    buttons.first.click(timeout=WAIT_MS)
    _fewer(buttons, left, "what was agreed to is on record")


def _fewer(buttons: Locator, than: int, what: str) -> None:
    eventually(lambda: buttons.count() < than, what, looks=LOOKS)


def _use_samples(page: Page, then: str) -> None:
    page.wait_for_selector(".devicetest video", timeout=WAIT_MS)
    page.get_by_role("button", name=NO_CAMERA).click(timeout=WAIT_MS)
    page.wait_for_selector(".preview-note", timeout=WAIT_MS)
    page.click(f'button.main:has-text("{then}")', timeout=WAIT_MS)
