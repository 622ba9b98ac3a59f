"""Watching over others in a real browser: the wall tells itself anew, a supervisor is announced, a customer keeps their own copy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.fakes.pages.accessible import defects
from tests.fakes.pages.visitors import Console, become, shown, told

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


def staff_page(console: Console, name: str, path: str) -> Page:
    page = console.signed_in(console.page(), name)
    page.goto(f"{console.home.url}{path}")
    return page


def room_of(console: Console, case: str) -> Page:
    """The customer's page, before they allowed their camera."""
    page = console.page()
    page.goto(console.invitation(case))
    shown(page, "jl-room .r-main h1")
    return page


def test_the_wall_shows_a_session_that_comes_without_being_reloaded(console: Console) -> None:
    page = staff_page(console, "he", "/wall")
    shown(page, "jl-wall .wall-head")
    case = console.new_case("wall-1")
    console.invitation(case)
    shown(page, f'.tile-of[data-case="{case}"]')
    page.locator(f'.tile-of[data-case="{case}"] a').focus()
    console.invitation(console.new_case("wall-2"))
    become(lambda: page.locator(".tile-of").count() >= 2, "the second session comes too")
    assert page.evaluate("document.activeElement.closest('.tile-of')?.dataset.case") == case, "the focus stays where it was"
    page.get_by_role("button", name=re.compile("只看需要处理的")).click()
    shown(page, "jl-wall .empty")
    assert defects(page, "the wall") == [] and console.complaints == []


def test_everybody_is_told_of_the_supervisor_and_only_the_agent_reads_the_advice(console: Console) -> None:
    case = console.new_case("advice-1")
    lin = console.home.as_staff("lin")
    lin.call("POST", f"/api/v1/cases/{case}/seat", {"seat": "agent"})
    agent, customer = staff_page(console, "lin", f"/cases/{case}"), room_of(console, case)
    supervisor = staff_page(console, "he", f"/cases/{case}")
    supervisor.get_by_role("button", name="以主管身份加入").click()
    name = become(lambda: (console.view(case)["supervisor"] or {}).get("display"), "the supervisor sits down")
    become(lambda: name in agent.inner_text(".c-beside"), "the agent is told who sits there")
    become(lambda: name in customer.inner_text(".r-beside"), "the customer is told who sits there")
    supervisor.fill("#advice-text", "请把犹豫期再说一遍")
    supervisor.get_by_role("button", name="发给坐席").click()
    become(lambda: "请把犹豫期再说一遍" in told(agent), "the agent reads it")
    become(lambda: "提示了坐席" in told(customer), "the customer is told that there was advice")
    assert "犹豫期" not in customer.inner_text("body") + told(customer)
    supervisor.get_by_role("button", name="离开会话").click()
    become(lambda: console.view(case)["supervisor"] is None, "the supervisor got up")
    assert defects(supervisor, "the supervisor's page") == [] and console.complaints == []


def test_a_customer_opens_their_copy_by_link_and_code_and_keeps_it(console: Console, tmp_path: Path) -> None:
    case = console.new_case("copy-1")
    file = staff_page(console, "xu", f"/cases/{case}/file")
    assert defects(file, "the case file") == []
    file.get_by_role("button", name="生成链接").click()
    shown(file, "jl-copy-link .says")
    link, code = file.input_value("jl-copy-link input"), file.inner_text("jl-copy-link .big-code")
    customer = console.page()
    customer.goto(link)
    customer.fill("#copy-code", f"{(int(code) + 1) % 1_000_000:06}")
    customer.keyboard.press("Enter")
    become(lambda: "不正确" in customer.inner_text(".wrong"), "a wrong code is refused in words")
    customer.fill("#copy-code", code)
    customer.keyboard.press("Enter")
    shown(customer, "[data-copy]")
    assert "#" not in customer.url and defects(customer, "the customer's copy") == []
    with customer.expect_download() as download:
        customer.click("[data-download-copy]")
    kept = tmp_path / "copy.html"
    download.value.save_as(kept)
    text = kept.read_text(encoding="utf-8")
    assert "保存多久" in text and "<script" not in text and "default-src 'none'" in text
    again = console.page()
    again.goto(link)
    again.fill("#copy-code", code)
    again.keyboard.press("Enter")
    become(lambda: again.is_visible(".wrong"), "the link works once")


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.thorough)])
def test_the_tables_over_everything_have_no_defects_on_a_desk_and_on_a_phone(console: Console, lang: str) -> None:
    case = console.new_case(f"over-{lang}")
    console.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/seat", {"seat": "agent"})
    console.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/abandon")
    for is_phone in (False, True):
        page = console.signed_in(console.page(is_phone=is_phone), "xu")
        for path in ("/retention", "/responsibility", f"/cases/{case}/file", "/wall"):
            page.goto(f"{console.home.url}{path}?lang={lang}")
            shown(page, "main h1")
            assert defects(page, path) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
    assert console.complaints == []


def test_a_script_is_written_by_one_person_and_approved_by_another_without_anybody_seeing_json(console: Console) -> None:
    at = "/scripts/insurance-sale"
    writer = staff_page(console, "xu", f"{at}/edit")
    shown(writer, "jl-script-editor .edit-step")
    writer.locator(".edit-step > summary", has_text="说明犹豫期和退保损失").click()
    sentence = writer.locator('[data-at="steps/8/say/0/text/zh"]')
    approved = sentence.input_value()
    sentence.fill("犹豫期请看条款。")
    writer.keyboard.press("Control+s")
    shown(writer, "jl-script-editor .says.bad li")
    assert "第七条" in writer.inner_text("jl-script-editor .says.bad")
    assert writer.get_by_role("button", name="提交批准").is_disabled()
    sentence.fill(f"{approved[:-1]}，请您留意。")
    writer.keyboard.press("Control+s")
    shown(writer, "jl-script-editor .says.good")
    assert "请您留意" in writer.inner_text("jl-script-editor .word-changes ins") and defects(writer, "the editor") == []
    writer.get_by_role("button", name="提交批准").click()
    writer.fill("#p-reason", "提醒更清楚")
    writer.locator("dialog button.main").click()
    shown(writer, ".script-text")
    assert "须由另一位同事批准" in writer.inner_text("main") and '"steps"' not in writer.inner_text("main")
    second = staff_page(console, "he", at)
    shown(second, ".word-changes ins")
    assert defects(second, "a script") == []
    second.get_by_role("button", name="批准", exact=True).click()
    second.locator("dialog button.main").click()
    become(lambda: "批准了版本 1.1.0" in second.inner_text("main"), "the act is listed")
    assert console.complaints == []
