"""The search page as it is served: both languages, nothing of the question in an address, found words marked, what is wrong said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from jianlu.core.errors import InvalidError
from jianlu.deliver.console.ports import Viewer
from jianlu.deliver.console.search import pieces_of, search_routes
from tests.fakes.console_pages import CASE, TablePages, app_of
from tests.unit.console.test_pages import HTML, judged

COMPLIANCE = Viewer("staff", "许合规", frozenset({"compliance"}))
LINE: dict[str, Any] = {
    "role": "agent",
    "lang": "zh",
    "from_ms": 60_000,
    "to_ms": 64_000,
    "at_ms": 61_200,
    "text": "是的，<b>犹豫期15天",
    "marks": [[6, 12]],
    "playback": f"/cases/{CASE}/playback#t=61.2",
}
HIT: dict[str, Any] = {
    "case": CASE,
    "number": "sale-0001",
    "title": "分红型两全保险远程销售",
    "template": "insurance-remote",
    "product": "life_insurance",
    "customer": "王**",
    "agent": "林经理",
    "began_at": "2026-11-25T22:00:00.000Z",
    "state": "sealed",
    "verdicts": {"met": 3, "not_met": 1, "not_evidenced": 2},
    "not_met": ["pack:c1"],
    "count": 4,
    "lines_total": 4,
    "lines": [LINE],
    "is_withheld": False,
    "links": None,
    "playback": f"/cases/{CASE}/playback",
}


@dataclass
class TableSearch:
    """`SearchPagePorts` with a fixed answer; keeps what it was asked."""

    hits: list[dict[str, Any]] = field(default_factory=lambda: [HIT])
    pages: int = 1
    asked: list[Mapping[str, str]] = field(default_factory=list)

    def search(self, request: Request, fields: Mapping[str, str]) -> dict[str, Any]:
        self.asked.append(fields)
        if fields.get("q") == "。":
            raise InvalidError("there is no word in the search text: write what was said")
        return {"hits": self.hits, "total": len(self.hits), "page": 1, "pages": self.pages, "order": "hits"}


def client(searching: TableSearch, staff: Viewer | None = COMPLIANCE) -> TestClient:
    pages = TablePages(staff=staff)
    return TestClient(app_of(pages, search_routes(pages, searching)), headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_form_and_results_are_whole_pages_in_both_languages(method: str, lang: str) -> None:
    form = {"q": "犹豫期", "verdict": "not_met"} if method == "POST" else None
    answer = client(TableSearch()).request(method, f"/search?lang={lang}", data=form)
    judge = judged(answer.text)
    assert answer.status_code == 200
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert judge.forbidden == []
    assert [control for control in judge.controls if control not in judge.labels] == []
    assert ("sale-0001" in answer.text) == (method == "POST")


def test_what_is_asked_is_in_no_address() -> None:
    searching = TableSearch(pages=3)
    text = client(searching).post("/search", data={"q": "犹豫期", "customer": "王小明", "page": "1"}).text
    assert searching.asked == [{"q": "犹豫期", "customer": "王小明", "page": "1"}]
    addresses = [part.split('"')[0] for mark in ('href="', 'action="', 'hx-post="') for part in text.split(mark)[1:]]
    assert [each for each in addresses if "王小明" in each or "犹豫期" in each] == []
    assert 'form="search-form" name="page" value="2"' in text


def test_found_words_are_marked_and_everything_is_escaped() -> None:
    text = client(TableSearch()).post("/search", data={"q": "犹豫期"}, headers={"HX-Request": "true"}).text
    assert "<mark>犹豫期15天</mark>" in text and "&lt;b&gt;" in text and "<b>犹豫期" not in text
    assert f'href="/cases/{CASE}/playback#t=61.2"' in text and "01:01" in text
    assert "<html" not in text


def test_a_wrong_question_an_empty_result_and_withheld_lines_are_said() -> None:
    wrong = client(TableSearch()).post("/search?lang=en", data={"q": "。"})
    assert (wrong.status_code, "write what was said" in wrong.text) == (200, True)
    assert "Nothing found" in client(TableSearch(hits=[])).post("/search?lang=en", data={"q": "x"}).text
    withheld = {**HIT, "lines": [], "is_withheld": True}
    assert "those who may play" in client(TableSearch(hits=[withheld])).post("/search?lang=en", data={"q": "x"}).text


def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    searching = TableSearch()
    for method in ("GET", "POST"):
        answer = client(searching, staff=None).request(method, "/search", data={"q": "x"} if method == "POST" else None)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/search")
    assert searching.asked == []


def test_pieces_put_together_are_the_line() -> None:
    pieces = pieces_of("一二三四五", [[1, 2], [3, 5]])
    assert [tuple(each) for each in pieces] == [("一", False), ("二", True), ("三", False), ("四五", True)]
    assert pieces_of("一", []) == [("一", False)]
