"""The daily work of staff in a real browser: a second factor, the queue, scripts by two people, long lists, what screen readers need."""

from __future__ import annotations

import re
import time

import pyotp
import pytest

from tests.fakes.pages.accessible import defects, small_targets
from tests.fakes.pages.calls import OPENING
from tests.fakes.pages.visitors import Console, become, shown, told
from tests.fakes.running_home import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


def test_what_is_typed_before_the_pages_code_has_come_never_gets_into_an_address(console: Console) -> None:
    # Survived: a slow line, or code that does not come at all; the browser alone would send forms by their address.
    page = console.page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"{console.home.url}/sign-in")
    page.fill("#name", "zhou")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.evaluate("for (const form of document.forms) form.requestSubmit()")
    page.wait_for_timeout(500)
    assert page.url.endswith("/sign-in") and page.input_value("#password") == PASSWORD
    assert page.locator("form[data-step=password] button").is_disabled()


def test_a_second_factor_is_switched_on_and_asked_for_from_then_on(console: Console) -> None:
    page = console.signed_in(console.page(), "zhou")
    page.goto(f"{console.home.url}/account")
    page.get_by_role("button", name="启用两步验证").click()
    shown(page, "jl-totp .digest")
    secret = page.inner_text("jl-totp .digest").strip()
    assert page.locator("jl-totp img.qr").evaluate("image => image.naturalWidth") > 100
    page.fill("#totp-code", "000000")
    page.get_by_role("button", name="确认启用").click()
    shown(page, "jl-totp .wrong:not([hidden])")
    page.fill("#totp-code", pyotp.TOTP(secret).now())
    page.get_by_role("button", name="确认启用").click()
    shown(page, "jl-totp .badge.good")
    page.get_by_role("button", name="退出登录").last.click()
    page.wait_for_url("**/sign-in")
    page.fill("#name", "zhou")
    page.fill("#password", PASSWORD)
    shown(page, "form[data-step=password] button:enabled")
    page.keyboard.press("Enter")
    shown(page, "form[data-step=code]:not([hidden])")
    page.wait_for_function("document.activeElement.id === 'code'")
    page.keyboard.type("12345x")
    assert page.input_value("#code") == "12345", "letters are no digits"
    page.keyboard.type("6")
    shown(page, "form[data-step=code] .wrong:not([hidden])")
    # The code that switched it on was used; the next one is good a step early.
    page.fill("#code", pyotp.TOTP(secret).at(int(time.time()), counter_offset=1))
    page.wait_for_url("**/cases")
    assert console.complaints == []


def test_a_customer_waits_sees_their_place_and_is_led_into_the_case_made_for_them(console: Console) -> None:
    first, second = console.page(is_phone=True), console.page(is_phone=True)
    first.goto(f"{console.home.url}/walk-in")
    first.get_by_role("button", name="开始排队").click()
    shown(first, "jl-walk-in .wrong:not([hidden])")
    assert first.evaluate("document.activeElement.id") == "walk-name"
    for page, name in ((first, "王女士"), (second, "赵先生")):
        page.goto(f"{console.home.url}/walk-in")
        page.check('input[value="insurance-remote"]', force=True)
        page.fill("#walk-name", name)
        page.get_by_role("button", name="开始排队").click()
        shown(page, ".big-number")
    become(lambda: second.inner_text(".big-number") == "1", "one person is before the second")
    become(lambda: first.inner_text(".big-number") == "0", "nobody is before the first")
    become(lambda: re.search(r"已等候 (?!00:00)\d\d:\d\d", first.inner_text(".waited")), "it is said how long one has waited")
    first.reload()
    become(lambda: first.inner_text(".big-number") == "0", "a reload keeps the place")

    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/queue")
    shown(agent, ".queue-item")
    assert "王" in agent.inner_text(".queue-list") and "王女士" not in agent.inner_text(".queue-list")
    assert re.search(r"刚刚到|已等候 \d+ 分钟", agent.inner_text(".queue-item")), "since when, as the browser's clock has it"
    agent.get_by_role("button", name="接待下一位").click()
    agent.wait_for_url("**/cases/new?**")
    become(lambda: first.inner_text(".big-number") == "轮到您了", "the first is told that it is their turn")
    become(lambda: second.inner_text(".big-number") == "0", "the second moves up")
    agent.fill("#customer-name", "王女士")
    agent.click("jl-new-case button.main")
    agent.wait_for_url(re.compile(r"/cases/c[a-z2-7]{26}$"))
    first.wait_for_url("**/room/**", timeout=60_000)
    shown(first, "jl-room[data-phase=door] h1")
    second.get_by_role("button", name="不再等候").click()
    shown(second, "#walk-name")
    second.check('input[value="account-opening"]', force=True)
    second.fill("#walk-name", "赵先生")
    second.get_by_role("button", name="开始排队").click()
    agent.goto(f"{console.home.url}/queue")
    become(lambda: "个人账户开户" in agent.inner_text(".queue-list"), "the customer waits for something else")
    agent.get_by_role("button", name="接待下一位").click()
    become(lambda: "现在没有您可以接待的客户" in told(agent), "without the licence nobody is handed out")
    second.get_by_role("button", name="不再等候").click()
    become(lambda: agent.locator(".queue-item").count() == 0, "the list comes anew by itself")
    assert console.complaints == []


def test_the_work_list_is_paged_searched_and_says_when_it_is_old(console: Console) -> None:
    staff = console.home.as_staff("lin")
    for number in range(32):
        staff.call("POST", "/api/v1/cases", {**OPENING, "number": f"many-{number:02d}"})
    page = console.signed_in(console.page())
    rows = page.locator(".table tbody tr")
    become(lambda: 0 < rows.count() < 33, "a page of the list")
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url("**page=2**")
    assert rows.count() > 0
    page.fill("#q", "many-07")
    become(lambda: rows.count() == 1, "the search finds the one")
    assert "many-07" in page.inner_text(".table")
    page.fill("#q", "nothing of that name")
    shown(page, ".empty")
    assert "没有符合条件的业务" in page.inner_text(".empty")
    page.route("**/cases?*", lambda route: route.fulfill(status=503, body="{}"))
    page.fill("#q", "many-08")
    become(lambda: "可能不是最新的" in told(page), "a list that could not be refreshed says so")


@pytest.mark.parametrize("lang", ["zh-CN", "en-GB"])
def test_pages_hold_what_those_need_who_see_hear_or_point_less_well(console: Console, lang: str) -> None:
    case = console.new_case(f"axe-{lang}", {**OPENING, "profile": "elderly"})
    found: list[str] = []
    guest = console.page(is_phone=True, lang=lang)
    for path in ("/sign-in", "/walk-in", "/join"):
        guest.goto(console.home.url + path)
        found += defects(guest, path)
    guest.goto(console.invitation(case))
    guest.wait_for_url("**/room/**")
    shown(guest, "jl-room h1")
    assert guest.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px", "large type for the elderly"
    found += [*defects(guest, "/room"), *small_targets(guest, "/room")]
    page = console.signed_in(console.page(lang=lang))
    for path in (
        "/cases",
        "/cases/new",
        "/queue",
        "/scripts",
        "/scripts/insurance-sale",
        "/account",
        "/nowhere",
        f"/cases/{case}",
    ):
        page.goto(console.home.url + path)
        shown(page, "main :is(h1, h2)")
        found += defects(page, path)
    phone = console.signed_in(console.page(is_phone=True, lang=lang))
    for path in ("/cases", "/queue", "/scripts", "/account", f"/cases/{case}"):
        phone.goto(console.home.url + path)
        shown(phone, "main :is(h1, h2)")
        found += small_targets(phone, path)
    assert found == []


@pytest.mark.parametrize("is_phone", [False, True], ids=["desk", "phone"])
def test_pages_are_as_readable_at_night(console: Console, is_phone: bool) -> None:
    case = console.new_case(f"night-{is_phone}")
    guest, page = console.page(is_phone=is_phone), console.page(is_phone=is_phone)
    for each in (guest, page):
        each.emulate_media(color_scheme="dark")
    found: list[str] = []
    guest.goto(console.invitation(case))
    shown(guest, "jl-room h1")
    found += defects(guest, "/room")
    console.signed_in(page)
    for path in ("/cases", "/cases/new", "/scripts/insurance-sale", "/account", f"/cases/{case}"):
        page.goto(console.home.url + path)
        shown(page, "main :is(h1, h2)")
        found += defects(page, path)
    assert (
        page.evaluate("getComputedStyle(document.body).colorScheme || getComputedStyle(document.documentElement).colorScheme")
        != ""
    )
    assert int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")) < 60, "it is dark"
    assert found == []
