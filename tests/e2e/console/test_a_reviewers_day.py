"""A reviewer's day and what follows from it, in a browser over a sealed sale with real pictures and sound, mostly by keyboard.

One confirms and overturns and wants the talk held again, the agent appeals, a second person decides, the talk is arranged anew, and
compliance reads how far people agree with the machine and takes the record away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from jianlu.core.terms.digests import digest_of
from tests.fakes.pages.accessible import defects
from tests.fakes.pages.visitors import TWICE, Console, become, closing_pages, shown, told
from tests.fakes.review.sealed_home import NUMBER, make_reviewed_home
from tests.fakes.running_home import RunningHome, start_home

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

WHY, AGAIN, AGAINST = "风险提示读得不完整", "画面过暗，请重新录制", "风险提示当时已经逐句读完"


@dataclass
class Reviewed:
    """The running home and its sealed sale."""

    home: RunningHome
    case: str


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    home = Path(tmp_path_factory.mktemp("reviewed")) / "home"
    case = make_reviewed_home(home)
    running = start_home(home)
    try:
        yield Reviewed(running, case)
    finally:
        running.stop()


@pytest.fixture
def console(reviewed: Reviewed, chromium: Browser) -> Iterator[Console]:
    with closing_pages(Console(reviewed.home, chromium)) as opened:
        yield opened


def opened(console: Console, name: str, path: str) -> Page:
    """The page of a member of staff."""
    page = console.signed_in(console.page(), name)
    page.goto(f"{console.home.url}{path}")
    shown(page, "main h1")
    return page


def head_s(page: Page) -> float:
    """Where the player stands."""
    return float(page.input_value(".tl-range")) / 1000


def seconds_of(text: str) -> int:
    minutes, seconds = text.strip().split(":")
    return int(minutes) * 60 + int(seconds)


def current(page: Page) -> str:
    """The clause on which the keys act."""
    return str(page.get_attribute(".bench-clause.is-current", "data-clause"))


def watches_and_reads(page: Page) -> None:
    """Both pictures side by side, the script beside; a finding and a line of the transcript lead to their second."""
    become(lambda: page.locator(".play-role video").count() == 2, "two pictures")
    pictures = "() => [...document.querySelectorAll('.play-role video')].every(video => video.readyState >= 2)"
    become(lambda: page.evaluate(pictures), "both pictures are there")
    left, right = (page.locator(".play-role").nth(n).bounding_box() for n in (0, 1))
    assert left and right and left["y"] == right["y"], "side by side"
    assert page.locator(".bench-script details").count() > 5
    for tab in ("检测", "转写"):
        page.get_by_role("tab", name=tab).click()
        chosen = page.locator(".play-list .at").nth(3)
        wanted = seconds_of(chosen.inner_text())
        chosen.click()
        assert wanted <= head_s(page) < wanted + 1.1, tab


def decides_by_keyboard(page: Page) -> str:
    """Every clause from the keyboard: one overturned with a stretch and a reason, the others as the machine has them; the clause."""
    page.locator("jl-review h2").first.click()
    page.keyboard.press("j")
    first = current(page)
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert current(page) == first
    while page.locator(".bench-clause.is-current .badge.bad").count() == 0:
        page.keyboard.press("j")
    clause = current(page)
    page.keyboard.press(" ")
    become(lambda: page.get_by_role("button", name="暂停", exact=True).is_visible(), "the space bar plays")
    page.keyboard.press(" ")
    page.keyboard.press("[")
    began = head_s(page)
    page.keyboard.press(".")
    become(lambda: head_s(page) >= began + 9, "ten seconds on")
    page.keyboard.press("]")
    page.keyboard.press("1")
    page.keyboard.press("r")
    page.keyboard.type(WHY + " j k 1")
    assert current(page) == clause, "what is typed is no key"
    page.keyboard.press("Tab")
    page.get_by_role("button", name="其余维持机器判定").click()
    page.fill("#redo", AGAIN)
    return clause


def test_a_case_is_reviewed_appealed_decided_held_again_and_accounted_for(
    console: Console, reviewed: Reviewed, tmp_path: Path
) -> None:
    bench = f"/reviews/{reviewed.case}"
    page = opened(console, "qin", "/reviews")
    become(lambda: page.reload() is not None and "分红型两全保险" in page.inner_text("main"), "the sale is drawn")
    page.locator("a.opens").first.click()
    page.wait_for_url(f"**{bench}")
    watches_and_reads(page)
    page.get_by_role("button", name="领取一检").evaluate(TWICE)
    shown(page, ".bench-form")
    assert page.locator(".bench-form .wrong").is_hidden() and told(page) == "", "pressed twice it is taken once"
    page.click(".keys summary")
    clause = decides_by_keyboard(page)
    assert defects(page, "workbench") == []
    page.reload()
    shown(page, ".bench-form")
    become(lambda: page.input_value("#redo") == AGAIN, "what was begun is still there")
    page.get_by_role("button", name="提交判定").evaluate(TWICE)
    become(lambda: page.locator(".bench-form").count() == 0, "it is decided")
    become(lambda: told(page) == "判定已封存入账", "said once, and nothing else")
    assert WHY in page.inner_text("jl-review") and AGAIN in page.inner_text("jl-review")

    agent = opened(console, "lin", bench)
    shown(agent, "#appeal-reason")
    agent.locator(f"input[type=checkbox][value='{clause}']").check(force=True)
    agent.fill("#appeal-reason", AGAINST)
    assert defects(agent, "appeal") == []
    agent.get_by_role("button", name="提交申诉").click()
    become(lambda: "林经理 的申诉" in agent.inner_text("jl-review"), "the appeal is made")

    second = opened(console, "tang", bench)
    assert "一检的结论在二检完成前不显示" in second.inner_text("jl-review")
    assert WHY not in second.content() and AGAIN not in second.content() and AGAINST not in second.content()
    second.get_by_role("button", name="领取二检").click()
    second.get_by_role("button", name="其余维持机器判定").click()
    second.fill("#redo", AGAIN)
    second.get_by_role("button", name="提交判定").click()
    become(lambda: "须重做" in second.inner_text("jl-review"), "the redo stands")
    assert "新建重做案件" not in second.inner_text("main")
    assert defects(second, "decided") == []

    agent.goto(f"{console.home.url}/reviews?which=redo")
    assert "须重做的会话" in agent.inner_text("main")
    assert defects(agent, "redos") == []
    agent.get_by_role("button", name="新建重做案件").click()
    agent.locator("dialog button.main").click()
    agent.wait_for_url(re.compile(r"/cases/c[a-z2-7]{26}$"))
    made = agent.url.rpartition("/")[2]
    file = opened(console, "xu", f"/cases/{made}/file")
    file.get_by_role("link", name=NUMBER, exact=True).click()
    file.wait_for_url(f"**/cases/{reviewed.case}/file")
    assert f"{NUMBER}-r2" in file.inner_text("main")

    record = accounted_for(file, console, reviewed, tmp_path)
    (first,) = [entry for entry in record["reviews"] if entry["stage"] == "first"]
    said = next(each for each in first["decision"]["clauses"] if each["clause"] == clause)
    assert (said["machine"], said["verdict"], WHY in said["reason"]) == ("not_met", "met", True)
    assert 9_000 <= said["to_ms"] - said["from_ms"] <= 11_500
    assert (first["appeal"]["reason"], first["redo_asked"]["case"]) == (AGAINST, made)
    assert console.complaints == []


def accounted_for(page: Page, console: Console, reviewed: Reviewed, folder: Path) -> dict[str, Any]:
    """Compliance reads the statistics, draws again, and takes the record away; the record."""
    page.goto(f"{console.home.url}/reviews/statistics")
    assert page.locator("svg.forest .value").count() > 10 and page.locator("svg.chart .wanted").count() == 1
    assert re.search(r"0\.\d\d", page.locator("#clauses ~ .scroll-x tbody tr").first.inner_text()), "kappa of machine and people"
    page.locator("button[data-plan^=cn-insurance]").click()
    become(lambda: "结果相同" in told(page), "the draw is repeated")
    assert defects(page, "statistics") == []
    page.fill("#first-on", "2026-01-01")
    page.fill("#last-on", "2099-12-31")
    kept: dict[str, bytes] = {}
    for name, kind in (("下载 JSON", "json"), ("下载 CSV", "csv")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        kept[kind] = Path(download.value.path()).read_bytes()
    document: dict[str, Any] = json.loads(kept["json"])
    assert document["csv_sha256"] == digest_of(kept["csv"])
    return document


@pytest.mark.parametrize("lang", ["zh-CN", pytest.param("en-GB", marks=pytest.mark.thorough)])
def test_the_pages_of_reviews_fit_a_phone_and_the_night(console: Console, reviewed: Reviewed, lang: str) -> None:
    page = console.page(is_phone=True, lang=lang)
    page.emulate_media(color_scheme="dark")
    console.signed_in(page, "xu")
    for path in ("/reviews", "/reviews/statistics", f"/reviews/{reviewed.case}"):
        page.goto(f"{console.home.url}{path}")
        shown(page, "main h1")
        assert defects(page, f"{path} {lang}") == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
