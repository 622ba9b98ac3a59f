"""The gate before the call on the agent's page: every check with its state in words, what to do where it failed, nothing said twice."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route

from jianlu.capture.sessions.gate import CheckState, GateCheck
from jianlu.capture.sessions.gate_words import gate_checks_part
from tests.fakes.pages.accessible import defects, small_targets
from tests.fakes.pages.visitors import Console, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

FOUND: tuple[tuple[str, str, CheckState], ...] = (
    ("camera", "agent", "met"),
    ("microphone", "agent", "met"),
    ("bandwidth", "agent", "met"),
    ("camera", "customer", "not_evidenced"),
    ("microphone", "customer", "not_met"),
    ("bandwidth", "customer", "not_evidenced"),
    ("recorder", "a", "not_met"),
    ("recorder", "b", "met"),
    ("disk", "", "met"),
    ("keys", "", "not_met"),
    ("ledger", "", "met"),
)
GATES = (("seat_empty", "guardian"), ("recorder_failed", "tap"), ("probe_failed", "keys"), ("no_media", "customer"))


def prepared(console: Console, number: str, lang: str, *, is_phone: bool = False) -> Page:
    """The agent's page of a case whose checks stand as FOUND, as the server words them."""
    case = console.new_case(number)
    view: dict[str, Any] = console.view(case)
    view |= {"version": 10_000, "gate_checks": gate_checks_part(GateCheck(*each) for each in FOUND)}
    view["gates"] = [{"code": code, "about": about, "text": {"zh": about, "en": about}} for code, about in GATES]
    page = console.signed_in(console.page(lang=lang, is_phone=is_phone))
    page.route(f"**/api/v1/cases/{case}/session", lambda route: route.fulfill(json=view))
    page.route(f"**/api/v1/cases/{case}/stream*", abort)
    page.goto(f"{console.home.url}/cases/{case}")
    shown(page, ".gatelist")
    return page


def abort(route: Route) -> None:
    route.abort()


def line(page: Page, check: str, about: str) -> str:
    """What the page says of a check."""
    return page.inner_text(f'.gatelist [data-check="{check}"][data-about="{about}"]')


def test_every_check_stands_with_its_state_in_words_and_what_to_do(console: Console) -> None:
    page = prepared(console, "gate-zh", "zh-CN")
    listed = page.locator(".gatelist li").all()
    states = {(each.get_attribute("data-check"), each.get_attribute("data-about")): each for each in listed}
    assert len(states) == len(FOUND)
    words = {"met": "通过", "not_met": "未通过", "not_evidenced": "尚未检查"}
    assert {key: each.locator(".badge").inner_text() for key, each in states.items()} == {
        (check, about): words[state] for check, about, state in FOUND
    }
    assert "请检查麦克风" in line(page, "microphone", "customer")
    assert "媒体接入" in line(page, "recorder", "a") and "请管理员" in line(page, "recorder", "a")
    assert "媒体接入" not in line(page, "recorder", "b")
    assert "请管理员恢复密钥服务" in line(page, "keys", "")
    assert page.inner_text(".gatelist").count("入席并完成设备检测后才能核实") == 1, "said once for a seat, not at every check"
    assert "通过 6 · 未通过 3 · 尚未检查 2" in page.inner_text(".todo")
    assert defects(page, "by day") == []
    page.emulate_media(color_scheme="dark")
    assert defects(page, "at night") == []
    assert console.complaints == []


def test_what_a_check_says_is_not_said_again_among_what_people_have_to_do(console: Console) -> None:
    page = prepared(console, "gate-once", "en-GB", is_phone=True)
    assert page.inner_text(".todo .blocks") == "Still waiting for: Guardian"
    text = page.inner_text("jl-cockpit .c-main")
    assert [code for code in ("not_met", "no_media", "probe_failed", "recorder_failed") if code in text] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert small_targets(page, "gate") == []


def test_a_case_that_just_opened_says_of_every_check_that_nobody_has_looked(console: Console) -> None:
    case = console.new_case("gate-fresh")
    page = console.signed_in(console.page())
    page.goto(f"{console.home.url}/cases/{case}")
    shown(page, ".gatelist")
    badges = page.locator(".gatelist .badge")
    assert badges.count() >= 6
    assert set(badges.all_inner_texts()) == {"尚未检查"}
    assert page.locator(".gatelist .badge.good").count() == 0
