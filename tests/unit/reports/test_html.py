"""The HTML report: self-contained, the same bytes again, and no transcript ever becomes markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.html import render_html
from jianlu.deliver.reports.model import LANGS, CaseRecord
from tests.fakes.reported_case import deaf_sale, empty_case, sale
from tests.unit.reports.hostile import HOSTILE, hostile_case

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "div", "span", "h1", "h2", "p", "a",
    "b", "q", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
VOID = {"meta"}


class _Reader(HTMLParser):
    """Text and tags as a browser sees them; complains about tags that do not close."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text.append(data)


def _read(record: CaseRecord, lang: str) -> _Reader:
    reader = _Reader()
    reader.feed(render_html(report_content(record, lang)).decode())
    reader.close()
    return reader


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_record_gives_the_same_bytes(lang: str) -> None:
    record = sale()
    assert render_html(report_content(record, lang)) == render_html(report_content(replace(record), lang))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", [sale, deaf_sale, empty_case, hostile_case])
def test_it_is_one_page_without_script_or_anything_from_elsewhere(make: object, lang: str) -> None:
    assert callable(make)
    reader = _read(make(), lang)
    assert reader.tags <= TAGS
    assert all(link.startswith("../media/session.mp4#t=") for link in reader.links)
    page = render_html(report_content(make(), lang))
    assert b"default-src 'none'" in page and b"http://" not in page and b"https://" not in page and b"url(" not in page


@pytest.mark.parametrize("lang", LANGS)
def test_every_clause_is_on_the_page(lang: str) -> None:
    record = sale()
    text = " ".join(_read(record, lang).text)
    for clause in record.plan.clauses:
        assert clause.clause in text and clause.title[lang] in text


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_words_are_shown_as_they_are(lang: str) -> None:
    text = "\n".join(_read(hostile_case(), lang).text)
    for words in HOSTILE:
        assert words in text
