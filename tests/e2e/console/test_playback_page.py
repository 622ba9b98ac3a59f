"""The page of a sealed session: it plays on over what is missing and says so, every time jumps, and lists have panes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.console.sealed_talk import ALONE_S, BACK_S, LOST_S, SECONDS, handed_out
from tests.fakes.browsers import new_page
from tests.fakes.console_pages import CASE
from tests.fakes.pages.visitors import become, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

WATCH = """() => {
  window.seen = [];
  const over = (role) => {
    const at = document.querySelector(`[data-role=${role}] .play-hole`);
    return at.hidden ? '' : at.textContent;
  };
  const look = () => {
    seen.push([Number(document.querySelector('.tl-range').value) / 1000, over('agent'), over('customer')]);
    requestAnimationFrame(look);
  };
  look();
}"""
"""The page notes at each frame where the head is and what it says over each picture: who looks from outside may come too late."""


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with handed_out(tmp_path_factory.mktemp("talk")) as address:
        yield address


def opened(browser: Browser, address: str, *, is_phone: bool = False, at_s: float = 0, lang: str = "zh-CN") -> Page:
    """The page in a context of its own, both pictures there."""
    page = new_page(browser, is_phone=is_phone, lang=lang)
    page.goto(f"{address}/cases/{CASE}/playback#t={at_s}")
    shown(page, ".play-role video")
    return page


def head_s(page: Page) -> float:
    """Where the page says that the head is."""
    return float(page.input_value(".tl-range")) / 1000


def seconds_of(text: str) -> int:
    """What 01:02 reads as."""
    minutes, seconds = text.split(":")
    return int(minutes) * 60 + int(seconds)


def missing(page: Page, role: str) -> str:
    """What the page says over a role's picture; empty when it says nothing."""
    place = page.locator(f".play-role[data-role={role}] .play-hole")
    return place.inner_text() if place.is_visible() else ""


def has_picture(page: Page, role: str) -> bool:
    """Whether the role's video stands on a decoded frame."""
    return bool(page.evaluate("role => document.querySelector(`[data-role=${role}] video`).readyState >= 2", role))


def test_a_gap_of_a_minute_is_said_and_played_over(chromium: Browser, talk: str) -> None:
    page = opened(chromium, talk, at_s=4)
    become(lambda: has_picture(page, "agent") and has_picture(page, "customer"), "both pictures before the gap")
    assert missing(page, "agent") == "" and missing(page, "customer") == ""
    page.evaluate(WATCH)
    page.get_by_role("button", name="播放", exact=True).click()
    become(lambda: head_s(page) > ALONE_S + 0.5, "who is there leads when the other is lost")
    become(lambda: head_s(page) >= LOST_S - 0.2, "up to the gap of both")
    become(lambda: head_s(page) > BACK_S, "behind the gap, which is longer than what is fetched ahead")
    become(lambda: head_s(page) > BACK_S + 1, "it plays on there")
    assert missing(page, "agent") == "" and has_picture(page, "agent")
    become(lambda: head_s(page) > SECONDS - 2, "to the end")
    seen = [each for each in page.evaluate("seen") if ALONE_S + 0.5 < each[0] < LOST_S - 0.5]
    assert seen and all(agent == "" and "录像缺失" in customer for _, agent, customer in seen)
    become(lambda: page.get_by_role("button", name="播放", exact=True).is_visible(), "it stops by itself at the end")
    page.context.close()


@pytest.mark.parametrize(
    ("at_s", "lost"),
    [(3, set[str]()), (8, {"customer"}), (40, {"agent", "customer"}), (69, {"agent", "customer"}), (74, set[str]())],
    ids=["before", "one-sided", "inside", "just-before-its-end", "after"],
)
def test_whoever_looks_before_inside_or_behind_a_gap_sees_what_is_there(
    chromium: Browser, talk: str, at_s: int, lost: set[str]
) -> None:
    page = opened(chromium, talk, at_s=at_s)
    there = {"agent", "customer"} - lost
    become(lambda: all(has_picture(page, role) for role in there), "the pictures that there are")
    become(lambda: all("录像缺失" in missing(page, role) for role in lost), "what is missing is said")
    assert [role for role in there if missing(page, role)] == []
    assert abs(head_s(page) - at_s) < 0.5
    page.context.close()


def test_a_click_on_a_clause_a_line_a_finding_or_a_mark_jumps_to_its_second(chromium: Browser, talk: str) -> None:
    page = opened(chromium, talk)
    for tab in ("条款", "转写", "检测", "事件"):
        page.get_by_role("tab", name=tab).click()
        times = page.locator(".play-list .at")
        chosen = times.nth(times.count() // 2)
        wanted = seconds_of(chosen.inner_text())
        chosen.click()
        assert wanted <= head_s(page) < wanted + 1.1, tab
    mark = page.locator(".tl-mark.is-speech").nth(30)
    mark.click(force=True)
    wanted = seconds_of(str(mark.get_attribute("title")).split()[0])
    assert wanted > 30 and wanted <= head_s(page) < wanted + 1.1
    page.get_by_role("tab", name="事件").click()
    assert "请再说一遍保费" in page.inner_text(".play-list")
    page.get_by_role("tab", name="转写").click()
    page.get_by_role("searchbox").fill("犹豫期")
    assert page.locator(".lines-said li").count() == 22
    page.context.close()


@pytest.mark.parametrize("is_phone", [False, True], ids=["desk", "phone"])
def test_long_lists_scroll_in_their_own_pane(chromium: Browser, talk: str, is_phone: bool) -> None:
    page = opened(chromium, talk, is_phone=is_phone)
    for tab in ("条款", "转写", "检测", "事件"):
        page.get_by_role("tab", name=tab).click()
        tall, wide = page.evaluate(
            "[document.documentElement.scrollHeight / innerHeight, document.documentElement.scrollWidth - innerWidth]"
        )
        assert tall < (2.6 if is_phone else 1.8), f"{tab}: {tall} windows tall"
        assert wide <= 0, tab
    pane = page.locator(".play-list")
    assert pane.evaluate("pane => pane.scrollHeight > 0 && getComputedStyle(pane).overflowY") == "auto"
    page.context.close()


def test_everything_that_was_found_stands_on_paper(chromium: Browser, talk: str) -> None:
    page = opened(chromium, talk, lang="en-GB")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    text = page.locator(".play-paper").inner_text()
    for heading in ("Clauses", "Transcript", "Findings", "Events"):
        assert heading in text
    assert "clause-39" in text and "Missing from the recording" in text
    assert page.locator(".play-controls").is_hidden() and page.locator(".top").is_hidden()
    page.context.close()


def test_the_package_is_asked_for_on_the_page_of_the_case(chromium: Browser, talk: str) -> None:
    page = opened(chromium, talk)
    assert page.get_by_role("link", name="下载证据包").get_attribute("href") == f"/cases/{CASE}"
    page.context.close()
