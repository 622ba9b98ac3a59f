"""One walk over every page there is, each for somebody who may see it: in both languages, by day and by night, on a desk and on a phone.

A page is right when axe-core finds nothing, it fits, keeps to its language, is reached by the keyboard, and the browser has no complaint.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

import pytest
from playwright.sync_api import Browser, Page

from jianlu.deliver.console.texts import Lang
from tests.fakes.api.hardened import BY_TOKEN, FORGED, PROOF, SAFE, exposed, unsafe_markup, ways
from tests.fakes.pages.accessible import defects
from tests.fakes.pages.furnished import Furnished, furnished_home
from tests.fakes.pages.visitors import Console, become, shown
from tests.fakes.pages.walk import LEFT, SEATED, WALK, Stop, fits, keyboard, language, page_routes
from tests.fakes.pages.weight import weighs
from tests.fakes.running_home import PASSWORD, RunningHome

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

Theme = Literal["light", "dark"]
LOOKS: tuple[tuple[Lang, Theme], ...] = (("zh", "light"), ("en", "dark"))
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
VISITORS = tuple(dict.fromkeys(stop.who for stop in WALK))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished_home(tmp_path_factory.mktemp("furnished")) as home:
        yield home


@pytest.fixture
def visited(furnished: Furnished, chromium: Browser) -> Iterator[Console]:
    """A console whose pages are those of the furnished home; its visitors leave at the end."""
    console = Console(cast(RunningHome, furnished), chromium)
    try:
        yield console
    finally:
        for context in list(chromium.contexts):
            context.close()


def test_the_walk_goes_to_every_page_and_to_none_that_is_gone(furnished: Furnished) -> None:
    walked = {stop.route for stop in WALK}
    assert page_routes(furnished.api.app) - walked == set()
    assert walked - page_routes(furnished.api.app) == {"/nowhere"}


def test_every_page_says_what_a_browser_may_do_with_it_and_brings_no_script_or_style_of_its_own(furnished: Furnished) -> None:
    """And each route of pages that changes something is refused to other sites; the interface's own are `test_hardening.py`."""
    api, pages = furnished.api, page_routes(furnished.api.app)
    wrong, seen = list[str](), set[str]()
    visitors = {name: api.clients.get(name) or api.browser() for name in VISITORS} | {LEFT: furnished.left}
    visitors[SEATED] = api.guest(api.client("lin").post(_invitations(furnished), json={"seat": "customer"}).json()["token"])
    for stop in WALK:
        client, path = visitors[stop.who], stop.path(furnished.named)
        for asked in (path, f"{path}{'&' if '?' in path else '?'}lang=en"):
            api.world.clock.move(25)
            answer = client.get(asked, headers={"Accept": "text/html"}, follow_redirects=False)
            wrong += [f"{asked} for {stop.who}: {each}" for each in (*exposed(answer), *unsafe_markup(answer.text))]
            if answer.status_code == 200:
                seen.add(stop.route)
    others = [way for way in ways(api.app, furnished.named) if not way.path.startswith(("/api/", *BY_TOKEN))]
    for way in others:
        answer = visitors["xu"].request(way.method, way.path, headers=PROOF, follow_redirects=False)
        wrong += [f"{way.name}: {each}" for each in exposed(answer)]
        for how, headers in FORGED.items() if way.method not in SAFE else ():
            forged = visitors["xu"].request(way.method, way.path, headers={"X-Jianlu": "", **headers}, content=b"q=x")
            wrong += [f"{way.name} for {how}: {forged.status_code}"] if forged.status_code != 403 else []
    assert wrong == []
    assert pages - seen == set() and {way.name for way in others} >= {"POST /search", "POST /copy", "GET /static"}


@pytest.mark.parametrize(("lang", "theme"), [LOOKS[0], pytest.param(*LOOKS[1], marks=pytest.mark.thorough)])
@pytest.mark.parametrize("who", VISITORS, ids=[who or "nobody" for who in VISITORS])
def test_every_page_is_right(furnished: Furnished, visited: Console, who: str, lang: Lang, theme: Theme) -> None:
    page = come_in(furnished, visited, who)
    found: list[str] = []
    for stop in (each for each in WALK if each.who == who):
        found += look(furnished, page, stop, lang, theme)
    assert found == []
    assert visited.complaints == []


def look(furnished: Furnished, page: Page, stop: Stop, lang: Lang, theme: Theme) -> list[str]:
    """What is wrong with a page in one language and one light, on a desk and on a phone."""
    path = stop.path(furnished.named)
    where = f"{path} {lang} {theme}"
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(f"{furnished.url}{path}{'&' if '?' in path else '?'}lang={lang}")
    shown(page, stop.ready)
    found = [*defects(page, where), *(f"{where}: {each}" for each in (*language(page, lang), *weighs(page)))]
    if stop.who not in ("", SEATED, LEFT) and not page.locator("[data-action=sign-out]").count():
        found.append(f"{where}: nobody can sign out here")
    if lang == "zh":
        found += [f"{where}: {each}" for each in keyboard(page)]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return [*found, *(f"{where} on a phone: {each}" for each in fits(page))]


def come_in(furnished: Furnished, console: Console, who: str) -> Page:
    """A page of that visitor: signed in, seated by an invitation, or with the seat of a talk that is over."""
    page = console.page()
    if who == SEATED:
        page.goto(furnished.api.client("lin").post(_invitations(furnished), json={"seat": "customer"}).json()["url"])
        page.wait_for_url("**/room/**")
    elif who == LEFT:
        kept = furnished.left.cookies.jar
        page.context.add_cookies([{"name": each.name, "value": each.value or "", "url": furnished.url} for each in kept])
    elif who:
        page.goto(f"{furnished.url}/sign-in")
        page.fill("#name", who)
        page.fill("#password", PASSWORD)
        page.click("form[data-step=password] button")
        page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def _invitations(furnished: Furnished) -> str:
    return f"/api/v1/cases/{furnished.named['draft']}/invitations"


@pytest.mark.needs_program("pdftotext")
@pytest.mark.parametrize(
    ("who", "path", "head", "words"),
    [
        (
            "xu",
            "/cases/{sealed}/file",
            "案卷·sale-2026-0101",
            ("逐条判定", "证据位置", "本次交流"),
        ),
        ("xu", "/cases/{sealed}/plan", "录制方案·sale-2026-0101", ("保管期限", "销售人员须说出")),
        ("xu", "/responsibility", "责任划分", ("提供方", "机构")),
        (LEFT, "/room/{sealed}/copy", "我的会话记录", ("保存至", "您的权利")),
    ],
    ids=["case-file", "plan", "responsibility", "own-copy"],
)
def test_a_document_is_printed_whole_and_every_sheet_is_numbered_and_says_of_what_it_is(
    furnished: Furnished, visited: Console, tmp_path: Path, who: str, path: str, head: str, words: tuple[str, ...]
) -> None:
    page = come_in(furnished, visited, who)
    page.emulate_media(color_scheme="dark")
    page.goto(f"{furnished.url}{path.format(**furnished.named)}?lang=zh")
    shown(page, "main h1")
    page.pdf(path=tmp_path / "printed.pdf", prefer_css_page_size=True)
    sheets = printed_words(tmp_path / "printed.pdf")
    assert len(sheets) > 1
    for number, sheet in enumerate(sheets, 1):
        assert f"建安银行·{head}" in sheet and f"{number}/{len(sheets)}" in sheet, number
    whole = "".join(sheets)
    assert [each for each in words if each not in whole] == []
    assert [each for each in ("退出登录", "跳到正文", "演示环境") if each in whole] == []


def printed_words(path: Path) -> list[str]:
    """The words of each sheet without any white space, as somebody else's reader takes them out."""
    done = subprocess.run(["pdftotext", "-enc", "UTF-8", path, "-"], capture_output=True, text=True, check=True)
    return ["".join(sheet.split()) for sheet in done.stdout.split("\f")[:-1]]


def test_escape_closes_what_was_opened_and_the_focus_goes_back(furnished: Furnished, visited: Console) -> None:
    page = come_in(furnished, visited, "lin")
    page.goto(f"{furnished.url}/account")
    shown(page, "jl-sign-ins .button.grave")
    page.focus(".menu > summary")
    page.keyboard.press("Enter")
    shown(page, ".menu[open]")
    page.keyboard.press("Escape")
    assert page.locator(".menu[open]").count() == 0
    assert page.evaluate("document.activeElement.matches('.menu > summary')")
    page.focus("jl-sign-ins .button.grave")
    page.keyboard.press("Enter")
    shown(page, "dialog[open]")
    assert page.evaluate("document.querySelector('dialog[open]').contains(document.activeElement)")
    page.keyboard.press("Escape")
    become(lambda: page.locator("dialog[open]").count() == 0, "the question is gone")
    page.goto(f"{furnished.url}/account")
    shown(page, "main h1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main", "the skip link leads to what the page is about"


def test_a_search_is_answered_on_its_page(furnished: Furnished, visited: Console) -> None:
    """What htmx posts proves the device; without that proof the sign-in page was drawn into the list of what was found."""
    page = come_in(furnished, visited, "xu")
    page.goto(f"{furnished.url}/search?lang=zh")
    shown(page, "#q")
    before = page.inner_text("#found")
    page.fill("#q", "犹豫期")
    with page.expect_response(lambda answer: answer.url.endswith("/search") and answer.request.method == "POST") as posted:
        page.click("#search-form button.main")
    assert posted.value.status == 200
    become(lambda: page.inner_text("#found") != before, "there is an answer")
    assert page.locator("#found .top, #found form[data-step]").count() == 0 and page.url.endswith("/search")


def test_the_zone_chosen_on_the_account_page_is_that_of_every_time(furnished: Furnished, visited: Console) -> None:
    page = come_in(furnished, visited, "xu")
    page.goto(f"{furnished.url}/account")
    shown(page, "#zone-choice")
    assert "Asia/Shanghai（UTC+8）" in page.inner_text(".foot")
    page.select_option("#zone-choice", "America/St_Johns")
    become(lambda: "America/St_Johns" in page.inner_text(".foot"), "the page is in the chosen zone")
    shown(page, "jl-sign-ins time")
    assert "(UTC-" in page.inner_text("jl-sign-ins time")
    page.goto(f"{furnished.url}/cases/{furnished.named['sealed']}/file")
    assert "(UTC-" in page.inner_text("main .facts") and " UTC" in page.inner_text("main .facts")
    page.goto(f"{furnished.url}/cases")
    assert "(UTC-" in str(page.locator("time[data-local]").first.get_attribute("title"))
