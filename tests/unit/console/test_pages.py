"""Pages as they are served: in both languages, without script or style of their own, small, and for those only who may see them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.built import BUILT
from jianlu.deliver.console.ports import ConsoleSettings, Viewer
from tests.fakes.console_pages import CASE, ROW, TEMPLATE, TablePages, app_of

HTML = {"accept": "text/html,application/xhtml+xml"}
STAFF_PAGES = (
    "/cases",
    "/cases/new",
    "/queue",
    "/scripts",
    "/account",
    f"/cases/{CASE}",
    f"/cases/{CASE}/playback",
)
GUEST_PAGES = ("/join", "/walk-in", "/sign-in/back", "/enrol", f"/room/{CASE}")
PAGE_BYTES_MAX = 300_000


class Judge(HTMLParser):
    """Collects what a strict content security policy forbids, files that a page loads, and controls without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.files: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[str] = []
        self.langs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.forbidden += [f"<{tag} {name}>" for name in found if name == "style" or name.startswith(("on", "hx-on"))]
        if tag == "style" or (tag == "script" and "src" not in found and found.get("type") != "application/json"):
            self.forbidden.append(f"<{tag}>")
        if tag == "script" and "src" in found:
            self.files.append(found["src"])
        if tag == "link":
            self.files.append(found["href"])
        if tag == "label":
            self.labels.add(found.get("for", ""))
        if tag == "html":
            self.langs.append(found.get("lang", ""))
        is_named_elsewhere = found.get("type") in ("hidden", "radio", "checkbox") or "aria-label" in found
        if tag in ("input", "select", "textarea") and not is_named_elsewhere:
            self.controls.append(found.get("id", ""))


def judged(text: str) -> Judge:
    judge = Judge()
    judge.feed(text)
    return judge


def client(pages: TablePages) -> TestClient:
    return TestClient(app_of(pages), headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", [*STAFF_PAGES, *GUEST_PAGES])
def test_every_page_renders_in_both_languages(path: str, lang: str) -> None:
    answer = client(TablePages()).get(path, params={"lang": lang})
    judge = judged(answer.text)
    assert answer.status_code == 200
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert judge.forbidden == []
    assert [control for control in judge.controls if control not in judge.labels] == []


@pytest.mark.parametrize("path", ["/sign-in", *STAFF_PAGES, *GUEST_PAGES])
def test_a_page_with_its_code_is_below_its_limit(path: str) -> None:
    pages = TablePages(staff=None) if path == "/sign-in" else TablePages()
    answer = client(pages).get(path)
    named = {name.removeprefix("/static/") for name in judged(answer.text).files}
    code = sum((BUILT / name).stat().st_size for name in named)
    parts = sum(part.stat().st_size for part in BUILT.glob("part.*.js"))
    assert len(named) >= 3
    assert len(answer.content) + code + parts < PAGE_BYTES_MAX


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(path: str) -> None:
    answer = client(TablePages(staff=None)).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path}"


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/cases/new", "/cases/new"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_sign_in_leads_to_pages_of_this_site_only(wanted: str, shown: str) -> None:
    answer = client(TablePages(staff=None)).get("/sign-in", params={"next": wanted})
    assert f'data-next="{shown}"' in answer.text


def test_the_room_of_another_case_is_closed() -> None:
    assert client(TablePages(seated=None)).get(f"/room/{CASE}").status_code == 401
    assert client(TablePages()).get("/room/cbbbbbbbbbbbbbbbbbbbbbbbbbb").status_code == 401


@pytest.mark.parametrize(
    ("state", "element"), [("draft", "jl-cockpit"), ("live", "jl-cockpit"), ("ended", "jl-outcome"), ("halted", "jl-outcome")]
)
def test_a_case_shows_its_cockpit_until_it_is_over(state: str, element: str) -> None:
    answer = client(TablePages(rows=[{**ROW, "state": state}])).get(f"/cases/{CASE}")
    assert f"<{element} " in answer.text


def test_an_elderly_customer_gets_large_type_at_once() -> None:
    answer = client(TablePages(rows=[{**ROW, "profile": "elderly"}])).get(f"/room/{CASE}")
    assert re.search(r'<html lang="zh-CN"[^>]* class="is-elderly">', answer.text)


def test_the_work_list_says_what_to_do_when_it_is_empty() -> None:
    empty = client(TablePages(rows=[])).get("/cases")
    nothing = client(TablePages()).get("/cases", params={"q": "不存在"})
    assert "还没有业务" in empty.text and "/cases/new" in empty.text
    assert "没有符合条件的业务" in nothing.text


def test_htmx_gets_the_list_alone() -> None:
    part = client(TablePages()).get("/cases", headers={**HTML, "hx-request": "true"})
    assert "<html" not in part.text and "sale-0001" in part.text


@pytest.mark.parametrize("query", [{"state": "nonsense"}, {"page": "-3"}, {"page": "x"}, {"page": "999999999"}, {"q": "x" * 500}])
def test_a_wild_query_is_read_as_no_wish(query: dict[str, str]) -> None:
    assert client(TablePages()).get("/cases", params=query).status_code == 200


def test_what_people_wrote_is_never_markup() -> None:
    evil = "<script>alert(1)</script>\"'</textarea><img src=x>"
    rows = [{**ROW, "title": evil, "number": evil, "customer": evil}]
    for path in ("/cases", f"/cases/{CASE}", f"/room/{CASE}"):
        text = client(TablePages(rows=rows)).get(path).text
        assert "<script>alert" not in text and "<img" not in text


def test_json_in_a_page_cannot_end_its_element() -> None:
    titled = {**TEMPLATE, "title": {"zh": "</script><script>alert(1)", "en": "x"}}
    text = client(TablePages(offered=[titled])).get("/walk-in").text
    assert "</script><script>alert" not in text


def test_an_unknown_case_is_a_page_with_the_next_step() -> None:
    answer = client(TablePages()).get("/cases/cccccccccccccccccccccccccccc")
    assert answer.status_code == 404
    assert "没有找到" in answer.text and "there is no such case here" not in answer.text, "in the page's language alone"


def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs() -> None:
    pages = TablePages(is_forbidden=True)
    assert "没有权限" in client(pages).get("/cases").text
    plain = TestClient(app_of(pages)).get("/cases", headers={"accept": "application/json"})
    assert plain.status_code == 403 and plain.headers["content-type"].startswith("application/problem+json")


def test_an_unknown_path_is_a_page_except_under_the_interface() -> None:
    assert "<html" in client(TablePages()).get("/nowhere").text
    assert "<html" not in client(TablePages()).get("/api/v1/nowhere").text


def test_the_chosen_language_is_remembered() -> None:
    answer = client(TablePages()).get("/cases", params={"lang": "en"})
    assert "__Host-jianlu-lang=en" in answer.headers["set-cookie"]
    assert "set-cookie" not in client(TablePages()).get("/cases").headers


def test_built_files_are_kept_by_browsers_and_others_are_not() -> None:
    pages = client(TablePages())
    name = judged(pages.get("/cases").text).files[0]
    assert "immutable" in pages.get(name).headers["cache-control"]
    assert pages.get("/static/manifest.json").headers.get("cache-control", "") == ""


def test_sample_clips_are_there_only_where_the_settings_allow_them() -> None:
    allowed = client(TablePages())
    lines = allowed.get("/sample/lines.json").json()["lines"]
    assert {"id": "c02", "role": "customer", "text": "我同意。", "en": "I agree."} in lines
    assert allowed.get("/sample/voices/agent/a01").headers["content-type"].startswith("audio/ogg")
    assert allowed.get("/sample/faces").headers["content-type"] == "video/mp4"
    closed = client(TablePages(settings=ConsoleSettings("x", "0.1.0")))
    for path in ("/sample/lines.json", "/sample/voices/agent/a01", "/sample/faces"):
        assert closed.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/sample/voices/agent/..%2f..%2fscript", "/sample/voices/agent_other/a01", "/sample/voices/x/a01"]
)
def test_sample_clips_lead_nowhere_else(path: str) -> None:
    assert client(TablePages()).get(path).status_code == 404


def test_administration_is_offered_only_where_it_is_reached() -> None:
    viewer = Viewer("staff", "孙宁", frozenset({"administrator"}), name="sun")
    pages = client(TablePages(staff=viewer, settings=ConsoleSettings("x", "0.1.0", administration_port=9443)))
    assert "/integrations" not in pages.get("/account").text
    assert "/integrations" in pages.get("https://testserver:9443/account").text


@pytest.mark.parametrize(
    "path", ["/static/", "/static/fonts/", "/sample", "/sample/", "/sample/voices/", "/sample/voices/agent/"]
)
def test_no_folder_is_listed(path: str) -> None:
    assert client(TablePages()).get(path).status_code == 404
