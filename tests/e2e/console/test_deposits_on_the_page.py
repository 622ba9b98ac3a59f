"""Putting a signed document into a session from its page: progress, refusals in words, what lies there and what its signature says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.fakes.capture.signed_pdf import signed_pdf
from tests.fakes.pages.accessible import defects, small_targets
from tests.fakes.pages.calls import ready
from tests.fakes.pages.visitors import Console, become, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

MEGABYTES = 1024 * 1024


class Talk:
    """A case as the server tells it while its talk is on; deposits that are sent to it are answered as the test wants."""

    def __init__(self, console: Console, number: str) -> None:
        self.console = console
        self.case = console.new_case(number)
        self.view: dict[str, Any] = console.view(self.case)
        self.view["steps"][0] |= {"state": "current", "attempt": 1, "from_ms": 0}
        self.view |= {"state": "live", "version": 10_000, "current_step": self.view["steps"][0]["id"], "gates": []}
        self.view["recording"] |= {"state": "recording", "recorded_until_ms": 28_000, "now_ms": 30_000}
        self.view["allowed"] = ["deposit", "message"]
        self.sent: list[tuple[str, str]] = []
        self.answer: tuple[int, dict[str, Any]] = (201, {})
        self.held: list[Route] = []
        self.is_held = False

    def open(self, page: Page, address: str) -> None:
        page.route(f"**/api/v1/cases/{self.case}/session", lambda route: route.fulfill(json=self.view))
        page.route(f"**/api/v1/cases/{self.case}/stream*", lambda route: route.abort())
        page.route(f"**/api/v1/cases/{self.case}/deposits/*", self._deposit)
        page.goto(f"{self.console.home.url}{address}")

    def agent(self, lang: str = "zh-CN") -> Page:
        page = self.console.signed_in(self.console.page(lang=lang))
        self.open(page, f"/cases/{self.case}")
        shown(page, "jl-cockpit .rail")
        return page

    def _deposit(self, route: Route) -> None:
        request = route.request
        document = request.url.rpartition("/")[2]
        self.sent.append((document, str(request.headers.get("content-type"))))
        if self.is_held:
            self.held.append(route)
            return
        self.finish(route, document)

    def finish(self, route: Route, document: str) -> None:
        status, body = self.answer
        if status == 201:
            row = {"document": document, "signature": "covers_part", "by": "agent", "at_ms": 31_000}
            self.view["deposits"] = [*self.view["deposits"], row]
            self.view["version"] += 1
        route.fulfill(status=status, json=body)


def choose(page: Page, path: Path) -> None:
    page.set_input_files("#deposit-file", path)
    page.click(".deposit-form button.main")


def wrong(page: Page) -> str:
    shown(page, ".deposits .wrong:not([hidden])")
    return page.inner_text(".deposits .wrong")


def test_a_signed_document_goes_up_is_listed_and_its_signature_is_called_unchecked(console: Console, tmp_path: Path) -> None:
    talk = Talk(console, "deposit-1")
    page = talk.agent()
    page.click("[data-key=tab-deposits]")
    assert "还没有存入文件" in page.inner_text(".deposits")
    path = tmp_path / "contract.pdf"
    path.write_bytes(signed_pdf())
    talk.is_held = True
    choose(page, path)
    shown(page, ".deposits progress")
    assert page.locator(".deposit-form button.main").get_attribute("aria-busy") == "true"
    become(lambda: page.title() and talk.held, "the file has come")
    talk.finish(talk.held[0], "contract")
    shown(page, ".deposits [data-document=contract]")
    assert talk.sent == [("contract", "application/pdf")], "once"
    told = page.inner_text(".deposits")
    assert "签名标记未覆盖全文" in told and "00:31" in told and "系统没有核验" in told
    assert page.locator(".deposits .badge.good").count() == 0, "unchecked is not good"
    assert page.locator(".deposits progress").is_hidden()
    assert page.input_value("#deposit-file") == ""
    assert page.inner_text("[data-key=tab-deposits]") == "签署文件 1"
    assert defects(page, "by day") == []
    page.emulate_media(color_scheme="dark")
    assert defects(page, "at night") == []
    assert console.complaints == []


def test_what_is_no_pdf_too_large_or_has_no_code_is_not_sent(console: Console, tmp_path: Path) -> None:
    talk = Talk(console, "deposit-2")
    page = talk.agent("en-GB")
    page.click("[data-key=tab-deposits]")
    page.click(".deposit-form button.main")
    assert "Choose a file" in wrong(page)
    contents = {"picture.pdf": b"\x89PNG", "large.pdf": b"%PDF-" + b"0" * (16 * MEGABYTES), "nothing.pdf": b""}
    said = {}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        choose(page, tmp_path / name)
        said[name] = wrong(page)
    assert "no PDF" in said["picture.pdf"] and "16.0 MB" in said["large.pdf"] and "empty" in said["nothing.pdf"]
    (tmp_path / "annex.pdf").write_bytes(signed_pdf())
    page.select_option("#deposit-kind", "other")
    page.fill("#deposit-code", "Annex 1")
    choose(page, tmp_path / "annex.pdf")
    assert "code" in wrong(page)
    assert talk.sent == []
    page.fill("#deposit-code", "annex_1")
    page.click(".deposit-form button.main")
    shown(page, ".deposits [data-document=annex_1]")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (409, "只有录制进行时才能存入"),
        pytest.param(413, "超过 16 MB", marks=pytest.mark.thorough),
        pytest.param(422, "不是 PDF", marks=pytest.mark.thorough),
        pytest.param(403, "您的席位不能存入", marks=pytest.mark.thorough),
    ],
)
def test_what_the_server_refuses_is_said_in_words_and_the_file_stays_chosen(
    console: Console, tmp_path: Path, status: int, told: str
) -> None:
    talk = Talk(console, f"deposit-{status}")
    talk.answer = (status, {"detail": "said by the server"})
    page = talk.agent()
    page.click("[data-key=tab-deposits]")
    path = tmp_path / "contract.pdf"
    path.write_bytes(signed_pdf())
    choose(page, path)
    assert told in wrong(page)
    assert page.input_value("#deposit-file").endswith("contract.pdf")
    assert page.locator(".deposits [data-document]").count() == 0


def test_an_upload_can_be_stopped(console: Console, tmp_path: Path) -> None:
    talk = Talk(console, "deposit-stop")
    talk.is_held = True
    page = talk.agent()
    page.click("[data-key=tab-deposits]")
    path = tmp_path / "contract.pdf"
    path.write_bytes(signed_pdf())
    choose(page, path)
    become(lambda: page.title() and talk.held, "the file is on its way")
    page.get_by_role("button", name="取消").click()
    assert "已取消" in wrong(page)
    assert page.locator(".deposit-form button.main").get_attribute("aria-busy") is None


def test_who_may_not_deposit_has_no_form_and_what_lies_there_is_still_shown(console: Console) -> None:
    talk = Talk(console, "deposit-none")
    talk.view["allowed"] = ["message"]
    page = talk.agent()
    assert page.locator("[data-key=tab-deposits]").count() == 0
    talk.view["deposits"] = [{"document": "contract", "signature": "none_found", "by": "customer", "at_ms": 9_000}]
    page.reload()
    page.click("[data-key=tab-deposits]")
    assert page.locator(".deposit-form").is_hidden()
    assert "未发现签名" in page.inner_text(".deposits")


def test_the_customer_may_put_in_what_they_signed_from_their_phone(console: Console, tmp_path: Path) -> None:
    talk = Talk(console, "deposit-phone")
    talk.view["you"] = {"seat": "customer", "is_staff": False}
    page = console.page(is_phone=True)
    page.goto(console.invitation(talk.case))
    page.wait_for_url("**/room/**")
    talk.open(page, f"/room/{talk.case}")
    page.locator("jl-room .button.main.big").click()
    ready(page, sample=False)
    page.locator(".r-far summary", has_text="签署文件").click()
    path = tmp_path / "contract.pdf"
    path.write_bytes(signed_pdf())
    choose(page, path)
    shown(page, ".deposits [data-document=contract]")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert small_targets(page, "deposits") == []
