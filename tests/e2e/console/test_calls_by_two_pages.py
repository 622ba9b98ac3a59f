"""Two pages that talk: pictures and shares flow, what happens on one is seen on the other, and a lost media process is lived through."""

from __future__ import annotations

import os
import re
import signal
from functools import partial

import pytest
from playwright.sync_api import FilePayload, Locator, Page

from tests.fakes.capture.signed_pdf import signed_pdf
from tests.fakes.pages.calls import OPENING, RED, called, colour_of, is_like, live, plain_picture, ready
from tests.fakes.pages.visitors import Console, become, seat_state, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

WHITE, INK = (255, 255, 255), (22, 32, 46)
SHARED = "[data-feed=agent-screen]"


def test_a_call_is_recorded_and_ends_when_the_customer_refuses(console: Console) -> None:
    agent, customer, case = called(console, "call-1")
    live(console, agent, customer, case)
    shown(customer, ".roombar.is-on")
    assert customer.inner_text(".roombar").startswith("正在录音录像")
    assert agent.locator(".tile video").evaluate("video => video.videoWidth") > 0
    deposits(console, agent, customer, case)
    customer.locator("details.rights summary").click()
    customer.get_by_role("button", name="我不愿继续办理").click()
    customer.locator("dialog button.main").click()
    shown(customer, "jl-room[data-phase=over] h1")
    assert customer.inner_text("jl-room h1") == "已按您的意愿终止"
    shown(agent, "jl-outcome")
    become(lambda: "客户拒绝" in agent.inner_text("jl-outcome"), "the agent's page says why it ended")
    assert console.view(case)["state"] in ("refused", "sealed")
    assert console.complaints == []


def test_everything_that_happens_in_a_talk_is_seen_on_both_pages_and_kept(console: Console) -> None:
    agent, customer, case = called(console, "call-3", OPENING)
    live(console, agent, customer, case)
    shares(console, agent, customer, case)
    writes(agent, customer)
    withdraws_and_does_again(console, agent, customer, case)
    pauses(console, agent, customer, case)
    boss = hands_over(console, agent, customer, case)
    presses(boss.get_by_role("button", name="客户拒绝"), "who leads may end it")
    boss.locator("dialog button.main").click()
    shown(customer, "jl-room[data-phase=over] h1")
    keeps(console, case)
    assert console.complaints == []


def deposits(console: Console, agent: Page, customer: Page, case: str) -> None:
    """A signed document is put in by the agent, whole: its signature covers what arrived; both pages show that it lies there."""
    agent.get_by_role("tab", name="签署文件").click()
    agent.set_input_files("#deposit-file", FilePayload(name="c.pdf", mimeType="application/pdf", buffer=signed_pdf()))
    agent.get_by_role("button", name="存入本次会话").click()
    shown(agent, ".deposits [data-document=contract]")
    (there,) = console.view(case)["deposits"]
    assert (there["document"], there["signature"], there["by"]) == ("contract", "covers_file", "agent")
    become(lambda: customer.inner_text(".room-deposits .count") == "1", "the customer's page shows that a document lies there")


def shares(console: Console, agent: Page, customer: Page, case: str) -> None:
    """A document's picture, a whiteboard and a screen, one after the other, each seen at the customer's and recorded as a track."""
    agent.get_by_role("button", name="文件", exact=True).click()
    picture = FilePayload(name="document.png", mimeType="image/png", buffer=plain_picture(RED))
    agent.set_input_files("#share-file", picture)
    agent.locator("dialog button.main").click()
    become(lambda: is_like(colour_of(customer, f"{SHARED} video"), RED), "the document is seen at the customer's")
    become(lambda: console.view(case)["recording"]["tracks"].get("agent-screen", {}).get("key_frames", 0) > 0, "it is recorded")
    stops_sharing(agent, customer)

    agent.get_by_role("button", name="白板").click()
    become(lambda: is_like(colour_of(customer, f"{SHARED} video"), WHITE), "the empty board is seen")
    draws_across(agent, agent.locator(".board"))
    become(lambda: is_like(colour_of(customer, f"{SHARED} video"), INK), "what is drawn is seen")
    stops_sharing(agent, customer)

    agent.get_by_role("button", name="屏幕", exact=True).click()
    shown(customer, f"{SHARED}.is-playing")
    assert customer.locator(f"{SHARED} video").evaluate("video => video.videoWidth") > 300
    stops_sharing(agent, customer)


def draws_across(page: Page, board: Locator) -> None:
    """A thick line through the middle of the board, wherever the page has it by now: strokes a pixel apart, each wider than that."""
    size = board.bounding_box()
    assert size is not None
    for offset in range(-5, 6):
        middle = size["height"] / 2 + offset
        board.hover(position={"x": size["width"] * 0.3, "y": middle})
        page.mouse.down()
        board.hover(position={"x": size["width"] * 0.7, "y": middle})
        page.mouse.up()


def stops_sharing(agent: Page, customer: Page) -> None:
    agent.get_by_role("button", name="停止共享").click()
    customer.wait_for_selector(SHARED, state="detached", timeout=60_000)
    agent.get_by_role("button", name="屏幕", exact=True).wait_for()


def writes(agent: Page, customer: Page) -> None:
    """Messages reach the other page, and are noticed there although the panel is shut."""
    customer.locator("details.room-chat summary").click()
    customer.fill(".room-chat input", "请再说一遍收费")
    customer.keyboard.press("Enter")
    become(lambda: "请再说一遍收费" in agent.inner_text(".toasts"), "the agent is told")
    agent.get_by_role("tab", name="消息").click()
    assert "请再说一遍收费" in agent.inner_text(".chat-list")
    agent.fill(".chat-form input", "好的，马上为您说明")
    agent.keyboard.press("Enter")
    become(lambda: "好的，马上为您说明" in customer.inner_text(".room-chat .chat-list"), "the answer arrives")
    agent.get_by_role("tab", name="参与人").click()


def withdraws_and_does_again(console: Console, agent: Page, customer: Page, case: str) -> None:
    """The first step twice; the consent to face information given by click, then withdrawn, seen by the agent at once."""
    first, second, third = (step["id"] for step in console.view(case)["steps"][:3])
    does_step(agent)
    presses(agent.get_by_role("button", name=re.compile("重做这一步")), "the step may be done again")
    agent.select_option("#why", "document_unclear")
    agent.locator("dialog button.main").click()
    comes(console, case, first)
    does_step(agent)
    assert console.view(case)["steps"][0]["attempt"] == 2
    for step in (second, third):
        comes(console, case, step)
        presses(agent.get_by_role("button", name="开始这一步"), "the step may begin")
        agrees(console, customer, case, step)
        completes(agent)
        become(partial(is_done, console, case, step), f"{step} is done")
    customer.locator("details.rights summary").click()
    row = customer.locator("details.rights li").filter(has_text="人脸信息")
    row.get_by_role("button", name="撤回").click()
    customer.locator("dialog button.main").click()
    become(
        lambda: "已撤回同意" in agent.inner_text(".c-gone") and "人脸" in agent.inner_text(".c-gone"), "the agent sees it at once"
    )
    assert "已撤回同意" in customer.inner_text(".r-gone")
    assert console.view(case)["state"] == "live"


def agrees(console: Console, customer: Page, case: str, step: str) -> None:
    """The customer agrees to what this very step asks: its page may still show the step before, whose button must not be taken for it."""
    asked = next(each for each in console.view(case)["steps"] if each["id"] == step)["consents"]
    for purpose in asked:
        notice = customer.locator(".room-step .consent").filter(has=customer.locator(f"#consent-{purpose}"))
        presses(notice.locator(".decide button.main"), f"the customer may agree to {purpose}")
        become(partial(is_given, console, case, purpose), f"{purpose} is given")


def is_given(console: Console, case: str, purpose: str) -> bool:
    return any(
        (each["purpose"], each["by"], each["state"]) == (purpose, "customer", "given") for each in console.view(case)["consents"]
    )


def is_done(console: Console, case: str, step: str) -> bool:
    return any((each["id"], each["state"]) == (step, "done") for each in console.view(case)["steps"])


def comes(console: Console, case: str, step: str) -> None:
    """Wait until the server says that this step is the one to do."""
    become(lambda: console.view(case)["current_step"] == step, f"{step} is next")


def presses(button: Locator, what: str) -> None:
    """Press a button once it is there and may be pressed: a recording that a slow machine makes unhealthy pauses and goes on by itself."""
    become(lambda: button.count() == 1 and button.is_enabled(), what)
    button.click(timeout=120_000)


def does_step(agent: Page) -> None:
    """The first step: it shows one document."""
    presses(agent.locator("[data-key=go]:has-text('开始这一步')"), "the step may begin")
    presses(agent.locator(".step .lines button:has-text('出示')"), "its document may be shown")
    completes(agent)


def completes(agent: Page) -> None:
    presses(agent.get_by_role("button", name="完成这一步"), "the step may be completed")


def says(page: Page, where: str, words: str) -> None:
    become(lambda: words in page.inner_text(where), f"{where} says {words}")


def pauses(console: Console, agent: Page, customer: Page, case: str) -> None:
    """Both pages say that nothing is recorded, and go on together."""
    presses(agent.get_by_role("button", name="暂停"), "the talk may pause")
    agent.locator("dialog button.main").click()
    become(lambda: "会话已暂停" in customer.inner_text("jl-room"), "the customer is told")
    says(customer, ".roombar", "已暂停，未录制")
    says(agent, ".c-rec", "已暂停，未录制")
    before = console.view(case)["recording"]["recorded_until_ms"]
    presses(agent.locator(".c-main").get_by_role("button", name="继续"), "the talk may go on")
    shown(customer, ".roombar.is-on")
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] > before + 2000, "it is recorded on")


def hands_over(console: Console, agent: Page, customer: Page, case: str) -> Page:
    """A supervisor takes over by her own page; the agent's camera goes off, the customer sees her."""
    boss = console.signed_in(console.page(), "he")
    boss.goto(f"{console.home.url}/cases/{case}")
    presses(boss.get_by_role("button", name="接手"), "a supervisor may take over")
    boss.locator("dialog button.main").click()
    become(lambda: "何主管" in agent.inner_text(".toasts"), "the agent is told who goes on")
    become(lambda: agent.locator(".ownbar").count() == 0, "the agent's camera is off")
    boss.get_by_role("button", name="开始检测").click()
    ready(boss, sample=True)
    become(lambda: "何主管" in customer.inner_text(".stage"), "the customer sees who leads")
    shown(customer, ".tile.is-playing:not(.is-away)")
    return boss


def keeps(console: Console, case: str) -> None:
    """What happened is in the record of the case, each at its second."""
    told = console.home.as_staff("lin").call("GET", f"/api/v1/cases/{case}/playback")
    kinds = [event["type"] for event in told["events"]]
    for kind in ("session:share:started", "session:step:reopened", "session:consent:withdrawn", "session:recording:paused"):
        assert kind in kinds, kind
    assert kinds.count("session:share:started") == kinds.count("session:share:ended") == 3
    assert "session:seat:assigned" in kinds
    assert [each["by"] for each in told["messages"]] == ["customer", "agent"]
    assert any(gap["reason"] == "paused" for gap in told["gaps"])
    shared = next(role for role in told["roles"] if role["role"] == "agent-screen")
    assert any(segment["has_key_frame"] for segment in shared["segments"])


def test_pages_come_back_when_the_media_process_was_killed(console: Console) -> None:
    agent, _, case = called(console, "call-2")
    for name, number in console.home.children().items():
        if name.startswith("media"):
            os.kill(number, signal.SIGKILL)
    become(lambda: agent.locator(".ownbar .badge.care").count() == 1, "the loss is seen")
    become(lambda: agent.locator(".ownbar .badge.good").count() == 1, "the page sends again")
    become(lambda: seat_state(console, case) == "present", "the customer is back too")
    assert console.complaints == []
