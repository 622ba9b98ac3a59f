"""The days of those who lead, watch over and administer, in a browser over a furnished home: real forms, real decisions, real refusals.

A supervisor, a compliance officer, an auditor, an inspector and the three administrators; what one of them decides the next one sees.
What a role may not do is not offered to it, and a page that is asked for by its address says why it is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.fakes.firefox import running_firefox
from tests.fakes.pages.accessible import defects
from tests.fakes.pages.furnished import Furnished, furnished_home
from tests.fakes.pages.visitors import Console, become, closing_pages, shown
from tests.fakes.running_home import PASSWORD, RunningHome

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

SALE = "sale-2026-0101"
"""The number of the case `sealed`."""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished_home(tmp_path_factory.mktemp("days")) as home:
        yield home


@pytest.fixture
def console(furnished: Furnished, chromium: Browser) -> Iterator[Console]:
    with closing_pages(Console(cast(RunningHome, furnished), chromium)) as opened:
        yield opened


def come_in(console: Console, name: str, *, lang: str = "zh-CN") -> Page:
    """Somebody signs in; their first page."""
    page = console.page(lang=lang)
    page.goto(f"{console.home.url}/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form[data-step=password] button")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    shown(page, "main h1")
    return page


def go(page: Page, path: str, ready: str = "main h1") -> Page:
    """A page of the same house by its address."""
    page.goto(f"{page.url[: page.url.index('/', 8)]}{path}")
    shown(page, ready)
    return page


def by_the_top(page: Page, group: str, place: str) -> Page:
    """Where the top leads, from the keyboard: the group opens, the place in it is followed."""
    page.locator(".nav-group > summary", has_text=group).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('.nav-sheet a')") or place not in focused(page):
        assert page.evaluate("document.activeElement.closest('.nav-group[open]') !== null"), f"{group} does not lead to {place}"
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shown(page, "main h1")
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText.split('\\n')[0]"))


def does(page: Page, button: str, within: str = "main", *, is_asked: bool = True) -> None:
    """Press a button and say yes to what it asks; the page comes anew."""
    place = page.locator(within).get_by_role("button", name=button, exact=True)
    if is_asked:
        place.click()
        shown(page, "dialog[open] button[value=go]")
        place = page.locator("dialog[open] button[value=go]")
    with page.expect_navigation():
        place.click()
    shown(page, "main h1")


def is_refused(page: Page, path: str, why: str) -> None:
    """The page of that address is none of theirs: it is not offered at the top, and says why."""
    assert page.locator(f'.nav a[href="{path.partition("?")[0]}"]').count() == 0, f"{path} is offered"
    page.goto(f"{page.url[: page.url.index('/', 8)]}{path}")
    shown(page, ".errorpage")
    assert page.inner_text(".errorpage .code") == "403" and why in page.inner_text(".errorpage"), page.inner_text(".errorpage")


def is_right(console: Console, page: Page, where: str) -> None:
    assert defects(page, where) == [] and console.complaints == []


def test_a_supervisor_watches_over_talks_decides_on_requests_and_reads_the_teams_numbers(
    furnished: Furnished, console: Console
) -> None:
    case = furnished.named["live"]
    page = go(come_in(console, "he"), "/wall", f'.tile-of[data-case="{case}"]')
    tile = page.locator(f'.tile-of[data-case="{case}"]')
    assert "sale-2026-0105" in tile.inner_text() and tile.locator(".wall-tracks .badge").count() > 1, "health, track by track"
    become(lambda: tile.locator("[data-note]").count() == 1, "the recorders are silent: the tile alarms")
    tile.locator("[data-note]").click()
    become(lambda: "何主管" in tile.inner_text() and tile.locator("[data-note]").count() == 0, "who took note is said")

    page = by_the_top(page, "监督", "双人申请")
    asked = page.locator("section.sheet", has_text="客户要求取走本次会话的证据包")
    assert "林经理" in asked.inner_text()
    does(page, "批准", "section.sheet:has-text('客户要求取走本次会话的证据包')")
    assert "客户要求取走" not in page.inner_text("main"), "it waits for nobody any more"
    lin = go(come_in(console, "lin"), "/requests")
    assert "已批准" in lin.locator("section.sheet", has_text="客户要求取走").inner_text(), "who asked sees it"

    go(page, f"/requests?case={furnished.named['reviewed']}")
    form = page.locator("form:has(input[value='package.export'])")
    form.locator("input[name=reason]").fill("复核人员需要离线核对证据包")
    form.locator("input[name=place]").fill("CN-31")
    form.locator("select[name=recipient]").select_option("own")
    with page.expect_navigation():
        form.locator("button").click()
    own = page.locator("section.sheet", has_text="复核人员需要离线核对证据包")
    assert own.get_by_role("button", name="批准", exact=True).count() == 0, "the first person is not the second"
    is_right(console, page, "requests")

    page = by_the_top(page, "会话", "监督墙")
    go(page, "/team", "table")
    row = page.locator("tbody tr", has_text="林经理").inner_text().split()
    assert row[1:3] == ["2", "1"] and page.locator("tbody meter").count() == 1, "two talks drawn, one reviewed"
    assert "秦质检" not in page.content(), "who reviewed is not told"
    is_right(console, page, "team")
    is_refused(page, "/holds", "保全由合规、审计或审计管理员查看")


def test_a_compliance_officer_compares_rules_changes_rights_holds_evidence_and_drafts_a_script(
    furnished: Furnished, console: Console
) -> None:
    page = by_the_top(come_in(console, "xu"), "规则", "规则包")
    page.locator("a.opens[href='/packs/cn-insurance-dual-recording']").click()
    shown(page, "#against")
    page.select_option("#against", "1.0.0")
    page.locator("form:has(#against) button").click()
    shown(page, ".changes")
    go(page, f"/cases/{furnished.named['sealed']}/file", "#plan")
    page.locator("#plan ~ p a").first.click()
    shown(page, ".demands")
    assert "第" in page.inner_text(".demands") and page.locator(".demands li").count() > 10, "every demand with its clause"

    qin = go(come_in(console, "qin"), "/cases")
    assert SALE not in qin.inner_text("main"), "masked for reviewers"
    page = by_the_top(page, "规则", "权限策略")
    page.locator("a.opens").first.click()
    shown(page, ".policy-lines")
    effect = page.locator("tbody tr", has_text="质检员").first.inner_text()
    assert "查看业务编号" in effect, effect
    is_right(console, page, "policy")
    does(page, "批准并生效")
    assert page.inner_text(".head .badge") == "现行"
    qin.reload()
    assert SALE in qin.inner_text("main"), "the change holds from the next request on"

    go(page, f"/cases/{furnished.named['sealed']}/file")
    page.locator("#retention ~ p a", has_text="证据保全").click()
    shown(page, "#place")
    page.fill("input[name=matter]", "（2026）沪0115民初1号")
    page.fill("form input[name=reason]", "客户起诉，须保留全部材料")
    does(page, "保全")
    standing = page.locator("section:has(#standing)")
    assert SALE in standing.inner_text()
    standing.locator("summary", has_text="解除").click()
    standing.locator("input[name=reason]").fill("双方已经和解，客户已经撤诉")
    standing.get_by_role("button", name="提交申请").click()
    with page.expect_navigation():
        page.locator("dialog[open] button[value=go]").click()
    assert "等待" in page.inner_text("section:has(#standing)"), "a second person has to agree"
    is_right(console, page, "holds")

    page = by_the_top(page, "留存", "保存期限")
    assert "（2026）沪0115民初1号" in page.inner_text("main")
    page.locator("a[href^='/retention?month=']").first.click()
    shown(page, "#cases")
    assert "sale-2026-01" in page.inner_text("section:has(#cases)")

    go(page, "/scripts/insurance-sale/edit", "jl-script-editor .edit-step")
    page.locator(".edit-step > summary", has_text="说明犹豫期和退保损失").click()
    sentence = page.locator('[data-at="steps/8/say/0/text/zh"]')
    approved = sentence.input_value()
    sentence.fill(f"{approved[:-1]}，请您留意")
    page.keyboard.press("Control+s")
    sentence.press_sequentially("。")  # written while the save is under way: not lost, and saved with the next
    page.get_by_role("button", name="放弃草稿").wait_for()  # only a draft that is kept can be given up
    page.keyboard.press("Control+s")
    page.locator("jl-script-editor [role=status]", has_text="许合规").wait_for()  # by whom and when, once nothing is unsaved
    go(page, "/scripts/insurance-sale/edit", "jl-script-editor .edit-step")
    page.locator(".edit-step > summary", has_text="说明犹豫期和退保损失").click()
    assert page.locator('[data-at="steps/8/say/0/text/zh"]').input_value().endswith("，请您留意。"), "the draft is kept"
    assert page.locator('a[href="/cases/new"]').count() == 0
    a_second_person_agrees_and_the_hold_is_lifted(console, page)
    is_refused(page, "/administration", "系统由系统管理员维护")


def a_second_person_agrees_and_the_hold_is_lifted(console: Console, page: Page) -> None:
    """What the compliance officer asked for, the supervisor approves; only then does the officer's page offer to lift."""
    second = go(come_in(console, "he"), "/requests")
    does(second, "批准", "section.sheet:has-text('双方已经和解')")
    go(page, "/holds", "#standing")
    page.fill("section:has(#standing) input[name=reason]", "双方已经和解，客户已经撤诉")
    does(page, "解除保全", "section:has(#standing)")
    assert SALE not in page.inner_text("section:has(#standing)"), "nothing stands over the case any more"
    page.goto(page.url.partition("?")[0])
    shown(page, "#standing")
    assert "（2026）沪0115民初1号" not in page.inner_text("main")


def test_an_auditor_reads_who_looked_proves_an_entry_sees_holds_and_draws_a_sample(
    furnished: Furnished, console: Console
) -> None:
    api = furnished.api
    assert api.client("lin").get("/api/v1/administration").status_code == 403
    page = by_the_top(come_in(console, "shen"), "监督", "访问记录")
    assert "批准双人申请" in page.inner_text("main") or "查看会话" in page.inner_text("main")
    page.locator(".chip", has_text="仅拒绝").click()
    page.wait_for_url("**which=denied")
    row = page.locator("tbody tr", has_text="林经理").first.inner_text()
    assert "查看系统状况" in row and "拒绝" in row and page.locator("tbody .badge.good").count() == 0
    is_right(console, page, "access log")

    page = by_the_top(page, "监督", "账本")
    shown(page, "jl-ledger tbody tr")
    page.fill("#entry", "3")
    page.keyboard.press("Enter")
    shown(page, '[data-proved="3"]')
    assert page.locator(".steps-of-proof li").count() == 3, "computed in this browser, step by step"
    is_right(console, page, "ledger")

    matter = {"matter": "监管约谈 7 号", "reason": "监管要求保留全部材料"}
    held = api.client("xu").post(f"/api/v1/cases/{furnished.named['reviewed']}/holds", json=matter)
    assert held.status_code == 201
    page = by_the_top(page, "留存", "证据保全")
    assert "监管约谈 7 号" in page.inner_text("main") and page.locator("main form").count() == 0, "seen, not decided"
    go(page, f"/holds?case={furnished.named['reviewed']}")
    assert page.locator("#place").count() == 0

    page = by_the_top(page, "质检", "抽样")
    page.fill("#size", "3")
    page.fill("#seed", "audit-2026-q4")
    with page.expect_navigation():
        page.locator("main form button").click()
    shown(page, "#cases")
    assert page.locator("section:has(#cases) tbody tr").count() == 3 and "audit-2026-q4" in page.inner_text("main")
    is_right(console, page, "sample")
    is_refused(page, "/wall", "请联系主管")


def test_an_inspector_draws_by_a_seed_of_their_own_reads_a_masked_file_and_changes_nothing(
    furnished: Furnished, console: Console
) -> None:
    page = come_in(console, "guan", lang="en-GB")
    assert urlsplit(page.url).path == "/samples", "the day begins with drawing"
    page.fill("#size", "2")
    page.fill("#seed", "dice-6-1-4-4-2")
    with page.expect_navigation():
        page.get_by_role("button", name="Draw").click()
    page.locator("section:has(#cases) tbody a").first.click()
    shown(page, "#verdicts")
    text = page.inner_text("main")
    assert "Inspection: the number and everybody's names are masked" in text
    assert "sale-2026" not in text and "林经理" not in text and "林**" in text
    assert page.locator("main form, main input, main textarea, main jl-act").count() == 0, "nothing can be changed"
    assert [each.inner_text() for each in page.locator("main button").all()] == ["Print"]
    is_right(console, page, "a drawn case")
    with page.expect_navigation():  # the drawn case has tables too
        page.locator(".nav a", has_text="Access log").click()
    shown(page, "table")
    mine = page.locator("tbody tr", has_text="监管检查组").filter(has_text="inspection").first.inner_text()
    assert "looked at the case" in mine, "the inspector's own looks are on the record"
    for path in (f"/cases/{furnished.named['sealed']}/file", "/cases"):
        is_refused(page, path, "an inspection sees the cases of its samples: open them there")


def test_three_administrators_let_somebody_in_by_two_people_and_out_at_once(furnished: Furnished, console: Console) -> None:
    security = go(come_in(console, "gao"), "/administration")
    assert security.locator("tr", has_text="高安全").locator("details").count() == 0, "nobody grants to themselves"
    security.locator("summary", has_text="新建账号").click()
    form = security.locator("jl-act[data-path='/api/v1/accounts'] form")
    form.locator("input[name=name]").fill("qiu")
    form.locator("input[name=display]").fill("邱质检")
    form.locator("input[value=reviewer]").check(force=True)
    form.get_by_role("button", name="新建账号").click()
    shown(security, "jl-act .says input")
    link = security.input_value("jl-act .says input")
    go(security, "/people", "[data-link=qiu]")
    assert security.locator("[data-link=qiu] button").count() == 0, "who made the link does not release it"

    system = go(come_in(console, "sun"), "/people", "[data-link=qiu]")
    system.locator("[data-link=qiu]").get_by_role("button", name="放行").click()
    system.locator("dialog[open] button[value=go]").click()
    code = str(become(lambda: system.get_attribute("dialog[open] [data-code]", "data-code"), "the code is shown once"))
    system.locator("dialog[open] button[value=go]").click()
    go(system, "/administration")
    assert system.locator("summary", has_text="新建账号").count() == 0, "accounts are the security administrator's"
    go(system, "/policies/edit")
    assert system.locator("main form button").count() == 0
    assert "安全管理员" in system.inner_text("main .says")

    owner = console.page()
    owner.goto(link)
    shown(owner, "#enrol-password")
    owner.fill("#enrol-password", PASSWORD)
    owner.fill("#enrol-again", PASSWORD)
    owner.fill("#enrol-code", code)
    owner.click("jl-enrol form button")
    owner.wait_for_url("**/account")
    go(owner, "/reviews")

    go(security, "/administration")
    row = "tr:has-text('邱质检')"
    security.locator(f"{row} summary", has_text="更改").click()
    does(security, "停用", row)
    assert "已停用" in security.inner_text(row)
    owner.goto(f"{console.home.url}/reviews?which=all")
    assert urlsplit(owner.url).path == "/sign-in", "out at the next request"
    owner.fill("#name", "qiu")
    owner.fill("#password", PASSWORD)
    owner.click("form[data-step=password] button")
    shown(owner, "form[data-step=password] .wrong:not([hidden])")

    audit = by_the_top(come_in(console, "pan"), "监督", "访问记录")
    told = [each.inner_text() for each in audit.locator("tbody tr").all()]
    for who, what in (("高安全", "新建账号"), ("孙管理", "放行启用链接"), ("高安全", "更改账号")):
        assert any(who in row and what in row for row in told), (who, what)
    is_right(console, audit, "the access log of an audit administrator")
    is_refused(audit, "/administration", "系统由系统管理员维护")


FILLED = """const [selector, value] = arguments, field = document.querySelector(selector);
field.value = value; field.dispatchEvent(new Event('input', {bubbles: true}))"""
OPEN = "return [...document.querySelectorAll('.nav-group[open] > summary')].map((each) => each.innerText.trim())"


@pytest.mark.needs_program("firefox-esr")
@pytest.mark.thorough
def test_the_top_and_the_pages_of_an_auditor_in_firefox(furnished: Furnished, tmp_path: Path) -> None:
    with running_firefox(tmp_path) as firefox:
        firefox.goto(f"{furnished.url}/sign-in?lang=en")
        for selector, value in (("#name", "shen"), ("#password", PASSWORD)):
            firefox.run(FILLED, selector, value)
        firefox.click("form[data-step=password] button")
        become(lambda: firefox.text("main h1") == "Cases", "signed in")
        firefox.click(".nav-group > summary", "Quality")
        firefox.click(".nav-group > summary", "Oversight")
        assert firefox.run(OPEN) == ["Oversight"], "one at a time"
        firefox.click(".nav-sheet a", "Access log")
        become(lambda: firefox.text("main h1") == "Access log", "the page came")
        assert "looked at" in firefox.text("main table") and firefox.run("return document.documentElement.lang") == "en"
        firefox.goto(f"{furnished.url}/ledger")
        become(lambda: firefox.text("jl-ledger [data-state=good] h3"), "the ledger is checked in Firefox too")
        firefox.goto(f"{furnished.url}/cases/{furnished.named['sealed']}/file")
        assert "Verdicts" in firefox.text("main")
        assert firefox.run("return document.documentElement.scrollWidth <= innerWidth"), "it fits"
