"""The pages in a real browser: they fit a phone and a desk, break no policy, and say what to do when something is not right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.fakes.pages.visitors import Console, become, seat_state, shown, told

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

STAFF_PAGES = ("/cases", "/cases/new", "/queue", "/scripts", "/scripts/insurance-sale", "/account", "/nowhere")
GUEST_PAGES = ("/sign-in", "/walk-in", "/join")


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(
    ("is_phone", "lang"),
    [
        pytest.param(False, "zh-CN", id="desk-zh-CN"),
        pytest.param(True, "en-GB", id="phone-en-GB"),
        pytest.param(True, "zh-CN", id="phone-zh-CN", marks=pytest.mark.thorough),
        pytest.param(False, "en-GB", id="desk-en-GB", marks=pytest.mark.thorough),
    ],
)
def test_every_page_fits_and_breaks_no_policy(console: Console, tmp_path: Path, lang: str, is_phone: bool) -> None:
    page = console.page(is_phone=is_phone, lang=lang)
    case = console.new_case(f"fits-{lang}-{is_phone}")
    wide: list[str] = []
    for path in GUEST_PAGES:
        page.goto(console.home.url + path)
        shown(page, "main :is(h1, h2)")
        wide += [path] if overflow(page) > 0 else []
    console.signed_in(page)
    for path in (*STAFF_PAGES, f"/cases/{case}", f"/cases/{case}/playback"):
        page.goto(console.home.url + path)
        shown(page, "main :is(h1, h2)")
        wide += [path] if overflow(page) > 0 else []
    assert wide == []
    assert console.complaints == []
    assert page.get_attribute("html", "lang") == ("zh-CN" if lang == "zh-CN" else "en")


def test_a_wrong_password_is_said_and_the_right_one_leads_on(console: Console) -> None:
    page = console.page()
    page.goto(f"{console.home.url}/sign-in?next=/scripts")
    page.fill("#name", "zhou")
    page.fill("#password", "not-the-password-1")
    page.click("form[data-step=password] button")
    shown(page, "form[data-step=password] .wrong:not([hidden])")
    assert "账号或密码不正确" in page.inner_text("form[data-step=password] .wrong")
    page.fill("#password", "correct-horse-battery-7")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"://[^/]+/scripts$"))
    assert page.inner_text("h1") == "话术"


def test_a_new_case_is_made_from_the_form(console: Console) -> None:
    page = console.signed_in(console.page())
    page.goto(f"{console.home.url}/cases/new")
    page.check('input[name=template][value="insurance-remote"]', force=True)
    page.click("jl-new-case button.main")
    shown(page, "jl-new-case .wrong:not([hidden])")
    page.fill("#customer-name", "王女士")
    page.click("jl-new-case button.main")
    page.wait_for_url(re.compile(r"/cases/c[a-z2-7]{26}$"))
    shown(page, "jl-cockpit .todo")
    assert page.inner_text("jl-cockpit h1") == "保险销售（远程视频）"
    assert page.get_by_role("button", name="开始录制").is_disabled()


def test_without_permission_the_page_says_how_to_give_it(console: Console) -> None:
    page = console.page(is_phone=True, allows_media=False)
    # The user's "no" as the browser tells it; the switch of this Chromium answers every question with yes.
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('denied', 'NotAllowedError'))"
    )
    page.goto(console.invitation(console.new_case("denied-1")))
    page.wait_for_url("**/room/**")
    page.get_by_role("button", name="允许摄像头并检测设备").click()
    shown(page, ".devicetest [role=alert]")
    assert "没有摄像头或麦克风的使用权限" in page.inner_text(".devicetest")
    assert "怎样允许" in page.inner_text(".devicetest")
    assert page.get_by_role("button", name="再试一次").is_enabled()
    page.get_by_role("button", name="没有摄像头").click()
    shown(page, ".preview-note")


def test_a_browser_that_is_too_old_is_told_so(console: Console) -> None:
    page = console.page(is_phone=True)
    page.add_init_script("delete window.RTCPeerConnection")
    page.goto(console.invitation(console.new_case("old-1")))
    page.wait_for_url("**/room/**")
    page.get_by_role("button", name="允许摄像头并检测设备").click()
    shown(page, ".devicetest [role=alert]")
    assert "浏览器版本过旧" in page.inner_text(".devicetest")


def test_an_invitation_works_once_and_its_token_leaves_the_address(console: Console) -> None:
    url = console.invitation(console.new_case("once-1"))
    first, second = console.page(is_phone=True), console.page(is_phone=True)
    first.goto(url)
    first.wait_for_url("**/room/**")
    second.goto(url)
    shown(second, "jl-join [data-state]:not([data-state=opening])")
    assert second.get_attribute("jl-join [data-state]", "data-state") in ("used", "invalid")
    assert "#" not in second.url and "请联系向您发送链接的工作人员" in second.inner_text("main")
    assert console.complaints == []


def test_an_offline_device_is_told_at_once(console: Console) -> None:
    page = console.signed_in(console.page())
    page.context.set_offline(True)
    shown(page, ".offline")
    page.context.set_offline(False)
    page.wait_for_selector(".offline", state="detached")
    assert "网络已恢复" in told(page)


def test_what_blocks_the_start_is_said_in_words(console: Console) -> None:
    case = console.new_case("gates-1")
    page = console.signed_in(console.page(lang="en-GB"))
    page.goto(f"{console.home.url}/cases/{case}")
    shown(page, ".todo .blocks")
    text = page.inner_text(".todo .blocks")
    assert "Still waiting for: Customer" in text
    assert "customer" not in text and "recording/" not in text


def test_alarms_of_the_recording_are_seen_and_heard(console: Console) -> None:
    case = console.new_case("alarm-1")
    page = console.signed_in(console.page())
    view = console.view(case)
    view |= {
        "state": "live",
        "version": 10_000,
        "recording": {"state": "stalled", "recorded_until_ms": 61_000, "now_ms": 75_000, "tracks": {}, "alarms": []},
        "health": {
            "level": "red",
            "messages": [{"code": "sealing_stalled", "text": {"zh": "录像没有及时封存", "en": "not sealed"}, "track": ""}],
        },
    }
    page.route(f"**/api/v1/cases/{case}/session", lambda route: route.fulfill(json=view))
    page.route(f"**/api/v1/cases/{case}/stream*", abort)
    page.goto(f"{console.home.url}/cases/{case}")
    shown(page, ".c-alarm [role=alert]")
    assert "录制受阻" in page.inner_text(".c-rec") and "已封存至 01:01" in page.inner_text(".c-rec")


def abort(route: Route) -> None:
    route.abort()


def test_a_page_is_usable_by_the_keyboard_alone(console: Console) -> None:
    page = console.page()
    page.goto(f"{console.home.url}/sign-in")
    page.wait_for_function("document.activeElement && document.activeElement.id === 'name'")
    page.keyboard.type("lin")
    page.keyboard.press("Tab")
    page.keyboard.type("correct-horse-battery-7")
    shown(page, "form[data-step=password] button:enabled")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).boxShadow") != "none"


def test_a_reloaded_tab_comes_back_into_its_seat_by_itself(console: Console) -> None:
    case = console.new_case("reload-1")
    page = console.page(is_phone=True)
    page.goto(console.invitation(case))
    page.wait_for_url("**/room/**")
    page.get_by_role("button", name="允许摄像头并检测设备").click()
    shown(page, ".devicetest video")
    page.get_by_role("button", name="加入").click()
    shown(page, ".self")
    become(lambda: seat_state(console, case) == "present", "the customer is present")
    page.reload()
    shown(page, ".self")
    become(lambda: page.locator(".ownbar .badge.good").count() == 1, "the reloaded page is connected")
    assert page.locator(".devicetest").count() == 0
    become(lambda: seat_state(console, case) == "present", "the customer is present again")
