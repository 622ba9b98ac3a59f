"""Pages of scripts, as they are served: text that a lawyer reads, never JSON, with what changed marked and by which clause."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.ports import Viewer
from jianlu.deliver.console.scripts import script_routes
from tests.fakes.console_pages import SCRIPT, STAFF, TablePages, app_of
from tests.fakes.script_pages import LACK, TableScripts, changed_sale
from tests.unit.console.test_pages import HTML, judged

EDITOR = Viewer("staff", "徐合规", frozenset({"compliance"}))
AT = "/scripts/insurance-sale"


def version(number: str, state: str) -> dict[str, Any]:
    return {**SCRIPT["versions"][0], "version": number, "state": state, "proposed_at": f"2026-0{number[2]}-01T00:00:00.000Z"}


def client(scripts: TableScripts | None = None, staff: Viewer | None = EDITOR, state: str = "proposed") -> TestClient:
    kept = {**SCRIPT, "versions": [version("1.1.0", state), version("1.2.0", "approved")]}
    pages = TablePages(staff=staff, kept=[kept])
    return TestClient(app_of(pages, script_routes(pages, scripts or TableScripts())), headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", [AT, f"{AT}/edit", f"{AT}?version=1.2.0&against=1.1.0"])
def test_every_page_of_a_script_renders_in_both_languages(path: str, lang: str) -> None:
    answer = client().get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    judge = judged(answer.text)
    assert answer.status_code == 200 and judge.forbidden == []
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert [control for control in judge.controls if control not in judge.labels] == []


def test_what_changed_is_marked_word_by_word_and_no_json_is_shown() -> None:
    text = client().get(AT).text
    assert "<ins>较大</ins>" in text and "<del>犹豫期</del><ins>之</ins>" in text
    assert "删除" in text and "新增" in text and "〔犹豫期（天）〕" in text
    assert "第七条（三）" in text and "&#34;steps&#34;" not in text and "min_read_ms" not in text


def test_the_version_that_waits_is_shown_first_and_whoever_proposed_it_cannot_approve() -> None:
    assert 'data-script-act="approve"' in client().get(AT).text
    mine = client(TableScripts(is_yours=True)).get(AT).text
    assert 'data-script-act="approve"' not in mine and 'data-script-act="withdraw"' in mine
    assert "须由另一位同事批准" in mine
    agent = client(staff=STAFF).get(AT).text
    assert "data-script-act" not in agent and f"{AT}/edit" not in agent


def test_what_the_rules_miss_stands_above_the_text_with_its_clause() -> None:
    text = client(TableScripts(lacks=[LACK])).get(AT).text
    assert "会缺少以下内容" in text and LACK["text"]["zh"] in text
    assert "齐全" in client().get(AT).text


def test_who_did_what_and_why_is_listed_and_nothing_in_it_is_markup() -> None:
    evil = "<script>alert(1)</script>"
    content = changed_sale()
    content["title"] = {"zh": evil, "en": evil}
    content["steps"][0]["title"] = {"zh": evil, "en": evil}
    for path in (AT, f"{AT}/edit"):
        assert "<script>alert" not in client(TableScripts(content=content)).get(path).text
    text = client().get(AT).text
    assert "徐合规" in text and "停用了版本 1.0.0" in text and "法务要求" in text
    assert "还没有记录" in client(TableScripts(done=[])).get(AT).text


@pytest.mark.parametrize("query", [{"version": "9.9.9"}, {"against": "<script>"}, {"version": "1.1.0", "against": "1.1.0"}])
def test_a_wild_query_shows_what_waits(query: dict[str, str]) -> None:
    assert client().get(AT, params=query).status_code == 200


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back() -> None:
    for path in (AT, f"{AT}/edit"):
        answer = client(staff=None).get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
