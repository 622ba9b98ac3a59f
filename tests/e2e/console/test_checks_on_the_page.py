"""The agent's page while checks come in: each state in words, what was missed above the script, and unknown never shown as met."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.fakes.pages.visitors import Console, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


def _point(view: dict[str, Any], step: int, name: str) -> dict[str, Any]:
    points = view["steps"][step]["checks"]["points"]
    return next(point for point in points if str(point["id"]).endswith(name))


def _live(console: Console, number: str) -> tuple[str, dict[str, Any]]:
    """A case as the server tells it, put where a test of the page needs it: live, two steps done, the third under way."""
    case = console.new_case(number)
    view = console.view(case)
    for at, state in enumerate(("done", "done", "current")):
        view["steps"][at] |= {"state": state, "attempt": 1, "from_ms": 10_000 * at, "to_ms": 10_000 * at + 8_000}
    view |= {"state": "live", "version": 10_000, "current_step": view["steps"][2]["id"], "now_ms": 30_000, "gates": []}
    view["recording"] |= {"state": "recording", "recorded_until_ms": 28_000, "now_ms": 30_000}
    view["checks"] |= {"state": "on"}
    return case, view


def _open(console: Console, page: Page, case: str, view: dict[str, Any]) -> None:
    page.route(f"**/api/v1/cases/{case}/session", lambda route: route.fulfill(json=view))
    page.route(f"**/api/v1/cases/{case}/stream*", _abort)
    page.goto(f"{console.home.url}/cases/{case}")
    shown(page, "jl-cockpit .rail")


def _abort(route: Route) -> None:
    route.abort()


def _is_missed(view: dict[str, Any], *, held: bool) -> None:
    _point(view, 0, "work_card").update(state="met", reason="", why=None, from_ms=2_000, to_ms=3_000)
    lack = {"zh": "没有听到", "en": "It was not heard"}
    _point(view, 0, "institution").update(state="not_met", reason="missing_point", why=lack)
    view["steps"][0]["checks"] |= {"state": "not_met", "is_whole": True, "action": "route" if held else "warn"}
    if held:
        view["checks"] |= {"held_by": view["steps"][0]["id"], "calls_supervisor": True}


def test_each_point_has_its_state_in_words_and_unknown_is_not_met(console: Console) -> None:
    case, view = _live(console, "checks-1")
    _is_missed(view, held=False)
    _point(view, 2, "notice_rights").update(state="met", reason="", why=None, from_ms=21_000, to_ms=23_000)
    page = console.signed_in(console.page())
    _open(console, page, case, view)
    shown(page, ".checklist")
    listed = {
        str(item.get_attribute("data-state")): item.inner_text()
        for item in page.locator(f'.checklist [data-step="{view["steps"][2]["id"]}"] li').all()
    }
    assert "已达到" in listed["met"] and "00:21" in listed["met"] and "此次录音录像过程" in listed["met"]
    assert "无法核对" in listed["unknown"] and "实时核对已关闭" in listed["unknown"] and "已达到" not in listed["unknown"]
    assert page.locator('.checklist [data-state="unknown"] .badge.good').count() == 0
    marks = {each.get_attribute("data-check"): each.inner_text() for each in page.locator(".rail [data-check]").all()}
    assert marks["not_met"] == "未达到" and marks["unknown"].startswith("无法核对")
    assert console.complaints == []


def test_why_nothing_is_known_is_said_where_it_is_said_that_nothing_is_known(console: Console) -> None:
    case, view = _live(console, "checks-6")
    lack = {"zh": "没有语音识别，无法核对", "en": "There is no speech recognition to check with"}
    for point in view["steps"][0]["checks"]["points"]:
        point.update(state="unknown", reason="engine_absent", why=lack)
    for step in view["steps"][1:3]:
        for point in step["checks"]["points"]:
            point.update(state="unknown", reason="not_yet", why={"zh": "尚未核对", "en": "Not looked at yet"})
    page = console.signed_in(console.page())
    _open(console, page, case, view)
    marks = page.locator(".rail [data-check=unknown]")
    shown(page, ".rail [data-check=unknown]")
    told = [(str(each.inner_text()).split()[0], str(each.get_attribute("title"))) for each in marks.all()]
    assert told[0] == ("无法核对", "没有语音识别，无法核对")
    assert told[1][0] == "尚未核对" and "还没有核对到这里" in told[1][1]
    current = page.locator(f'.checklist [data-step="{view["steps"][2]["id"]}"] .badge').first
    assert current.inner_text() == "尚未核对" and "还没有核对到这里" in str(current.get_attribute("title"))
    assert "没有核对不等于没有说到" in page.inner_text(".checklist")


def test_without_checks_during_the_call_the_steps_bear_no_mark(console: Console) -> None:
    case, view = _live(console, "checks-7")
    view["checks"] |= {"state": "off"}
    page = console.signed_in(console.page())
    _open(console, page, case, view)
    assert page.locator(".rail .is-done").count() == 2
    assert page.locator(".rail [data-check]").count() == 0


def test_a_missed_sentence_is_told_with_what_to_do_and_the_step_is_done_again_from_there(console: Console) -> None:
    case, view = _live(console, "checks-2")
    _is_missed(view, held=False)
    view["allowed"] = [*view["allowed"], "redo_step"]
    page = console.signed_in(console.page(lang="en-GB"))
    asked: list[tuple[str, Any]] = []

    def redo(route: Route) -> None:
        asked.append((route.request.url.rpartition("/steps/")[2], route.request.post_data_json))
        route.fulfill(json=view)

    page.route(f"**/api/v1/cases/{case}/steps/*/redo", redo)
    _open(console, page, case, view)
    shown(page, ".missed-step[role=alert]")
    told = page.inner_text(".missed-step")
    assert (
        "lacks something" in told
        and "The agent says" in told.replace("Agent says", "The agent says")
        and "It was not heard" in told
    )
    assert "let it stand" not in told.lower()
    with page.expect_response("**/redo"):
        page.click(".missed-step .button.main")
    assert asked == [(f"{view['steps'][0]['id']}/redo", {"reason": "check_not_met"})]


def test_a_supervisor_may_let_it_stand_with_a_reason(console: Console) -> None:
    case, view = _live(console, "checks-3")
    _is_missed(view, held=True)
    view["allowed"] = ["waive_check"]
    page = console.signed_in(console.page(), "he")
    asked: list[Any] = []

    def waive(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(json=view)

    page.route(f"**/api/v1/cases/{case}/steps/*/waive", waive)
    _open(console, page, case, view)
    shown(page, ".missed-step")
    assert "已请主管到场" in page.inner_text(".missed-step")
    page.get_by_role("button", name="准许继续").click()
    page.select_option("#why", "heard_in_person")
    with page.expect_response("**/waive"):
        page.locator("dialog[open] .button.main, dialog[open] button[type=submit]").first.click()
    assert asked == [{"reason": "heard_in_person"}]


def test_a_checker_that_is_away_is_said_and_prompts_are_shown(console: Console) -> None:
    case, view = _live(console, "checks-4")
    dark = {"zh": "画面太暗，请打开灯：客户", "en": "The picture is too dark; put a light on: the customer"}
    view["checks"] |= {"state": "away", "prompts": [{"code": "picture_dark", "about": "customer-picture", "text": dark}]}
    page = console.signed_in(console.page(is_phone=True))
    _open(console, page, case, view)
    shown(page, ".missed")
    told = page.inner_text(".missed")
    assert "实时核对没有响应" in told and "画面太暗" in told
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.locator('.checklist [data-state="met"]').count() == 0


def test_the_work_list_tells_a_supervisor_who_asks_for_one(console: Console) -> None:
    case = console.new_case("checks-5")
    page = console.page()
    called = {"calls": [{"case": case, "title": "分红型两全保险远程销售", "step": "greeting"}]}
    page.route("**/api/v1/supervision", lambda route: route.fulfill(json=called))
    console.signed_in(page, "he")
    shown(page, "jl-calls [role=alert]")
    assert "请您到场" in page.inner_text("jl-calls")
    assert page.get_attribute("jl-calls a", "href") == f"/cases/{case}"
    agent = console.signed_in(console.page(), "lin")
    assert agent.locator("jl-calls").count() == 0
