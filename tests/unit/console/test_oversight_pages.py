"""Pages of those who watch over others' work, as they are served: in both languages, without script or style of their own, escaped."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.copies import copy_routes
from jianlu.deliver.console.oversight import oversight_routes
from jianlu.deliver.console.ports import Viewer
from jianlu.deliver.console.watching import watching_routes
from tests.fakes.console_pages import CASE, TablePages, app_of
from tests.fakes.oversight_pages import CALENDAR, DECISION, FILE, HOLD_ID, MATTER, STORES, TILE, TableOversight
from tests.unit.console.test_pages import HTML, judged

WATCHER = Viewer("staff", "何主管", frozenset({"supervisor"}))
PAGES = (
    "/wall",
    f"/cases/{CASE}/file",
    "/retention",
    "/retention?month=2036-11",
    "/holds",
    f"/holds?case={CASE}",
    "/responsibility",
    "/people",
    "/administration",
    "/stores",
    "/samples",
    f"/samples/{'0' * 24}",
)


def client(oversight: TableOversight | None = None, staff: Viewer | None = WATCHER) -> TestClient:
    pages = TablePages(staff=staff)
    made = oversight or TableOversight()
    app = app_of(pages, oversight_routes(pages, made), copy_routes(pages, made), watching_routes(pages, made))
    return TestClient(app, headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", [*PAGES, "/copy", f"/room/{CASE}/copy"])
def test_every_page_renders_in_both_languages(path: str, lang: str) -> None:
    answer = client().get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    judge = judged(answer.text)
    assert answer.status_code == 200
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert judge.forbidden == []
    assert [control for control in judge.controls if control not in judge.labels] == []


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(path: str) -> None:
    answer = client(staff=None).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path.partition('?')[0]}")


def test_the_wall_is_there_before_its_code_and_cannot_be_broken_by_a_title() -> None:
    text = client(TableOversight(tiles=[{**TILE, "title": "</script><script>alert(1)"}])).get("/wall").text
    assert "</script><script>alert" not in text and "<jl-wall>" in text


def test_people_are_led_to_the_pages_of_their_roles() -> None:
    def led(*roles: str) -> list[str]:
        text = client(staff=Viewer("staff", "x", frozenset(roles))).get("/wall").text
        return [path for path in ("/cases", "/queue", "/wall", "/scripts") if f'<a href="{path}"' in text]

    assert led("supervisor") == ["/cases", "/queue", "/wall", "/scripts"]
    assert led("agent") == ["/cases", "/queue", "/scripts"]
    assert led("regulator") == [] and led("customer") == []


def test_a_hold_is_placed_by_whoever_may_and_lifted_once_a_second_person_approved() -> None:
    oversight = TableOversight(calendar={**CALENDAR, "holds": [MATTER]})
    compliance = Viewer("staff", "许合规", frozenset({"compliance"}))
    text = client(oversight, staff=compliance).get(f"/holds?case={CASE}").text
    assert f'data-path="/api/v1/cases/{CASE}/holds"' in text and f"/holds/{HOLD_ID}/lift" in text
    assert "<b>民初" not in text and "&lt;b&gt;民初" in text
    audit = client(oversight, staff=Viewer("staff", "宋审计", frozenset({"auditor"}))).get(f"/holds?case={CASE}").text
    assert "/lift" not in audit and "由合规人员解除" in audit


def test_the_case_file_says_when_in_the_tenants_time_and_in_utc() -> None:
    text = client().get(f"/cases/{CASE}/file").text
    assert "2026-11-26 06:05:00 (UTC+8)" in text and "2026-11-25 22:05:00 UTC" in text


def test_the_case_file_holds_every_part_and_shows_a_notice_only_where_it_is_known_to_be_the_one() -> None:
    text = client().get(f"/cases/{CASE}/file", params={"lang": "en"}).text
    for part in ("people", "plan", "consents", "verdicts", "events", "retention", "handling", "package", "looks"):
        assert f'<h2 id="{part}">' in text
    assert "kept within CN alone, copies too" in text and "37" in text
    assert DECISION["text"].splitlines()[0] in text and "the ledger commits to the one that was" in text
    assert "and 2 more" in text and "played the recording" in text and "new.action" in text


def test_a_young_case_file_says_what_is_not_there_yet() -> None:
    young = {
        **FILE,
        "verdicts": [],
        "consents": [],
        "gaps": [],
        "package": None,
        "access": None,
        "started_at": None,
        "ended_at": None,
    }
    text = (
        client(TableOversight(file={**young, "chain": {**FILE["chain"], "is_closed": False}}))
        .get(f"/cases/{CASE}/file", params={"lang": "en"})
        .text
    )
    for said in ("Not judged yet", "No consent was asked yet", "not written yet", "shown to auditors", "more events will follow"):
        assert said in text


def test_nothing_in_a_case_file_is_markup() -> None:
    evil = "<script>alert(1)</script>"
    file = {**FILE, "title": evil, "number": evil, "consents": [{**DECISION, "text": evil}]}
    assert "<script>alert" not in client(TableOversight(file=file)).get(f"/cases/{CASE}/file").text


def test_a_customer_reads_their_own_copy_of_their_own_session_only() -> None:
    text = client().get(f"/room/{CASE}/copy", params={"lang": "en"}).text
    for said in (
        "What was recorded",
        "The cooling-off period is 15 days.",
        "Product terms",
        "Clear",
        "01:01",
        "2036-11-25",
        "as long as its reason lasts",
        "徐合规",
        "Download",
    ):
        assert said in text
    assert "sale-0001" not in text
    assert client().get("/room/cbbbbbbbbbbbbbbbbbbbbbbbbbb/copy").status_code == 401


def test_a_link_opens_the_copy_with_its_code_alone() -> None:
    good = client().post("/copy", data={"token": "good", "code": "123456"})
    assert good.status_code == 200 and "<html" not in good.text and "data-copy" in good.text
    assert client().post("/copy", data={"token": "good", "code": "000000"}).status_code == 403
    assert client().post("/copy", data={"token": "x" * 300, "code": "1"}).status_code == 422


def test_only_compliance_is_offered_to_make_a_link() -> None:
    assert "jl-copy-link" not in client().get(f"/cases/{CASE}/file").text
    compliance = client(staff=Viewer("staff", "徐", frozenset({"compliance"})))
    assert "jl-copy-link" in compliance.get(f"/cases/{CASE}/file").text


def test_the_calendar_shows_each_clause_the_past_and_a_chart_beside_its_table() -> None:
    text = client().get("/retention", params={"lang": "en", "month": "2036-11"}).text
    for said in ("<svg", "2036", "past", "as long as its reason lasts", "sale-0001", "Nothing is held back"):
        assert said in text
    assert client().get("/retention", params={"month": "<script>"}).status_code == 200
    empty = TableOversight(calendar={**CALENDAR, "months": [], "undated": [], "years": []})
    assert "Nothing is kept yet" in client(empty).get("/retention", params={"lang": "en"}).text


def test_the_matrix_goes_into_a_spreadsheet_that_runs_nothing() -> None:
    answer = client().get("/responsibility.csv", params={"lang": "en"})
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert answer.headers["content-type"].startswith("text/csv") and answer.text.startswith("\ufeff")
    assert len(lines) == 3 and "Prompts" in lines[1] and "'=HYPERLINK(1)" in lines[2]


def test_administrators_see_jobs_and_health_and_only_the_security_administrator_changes_people() -> None:
    text = client().get("/administration", params={"lang": "en"}).text
    for said in ("the recording is broken", "Try again", "10.0 of 40.0 GiB free", "it does not answer", "林经理"):
        assert said in text
    assert "Set roles" not in text
    security = client(TableOversight(installation=None), staff=Viewer("staff", "x", frozenset({"security_administrator"})))
    shown = security.get("/administration", params={"lang": "en"}).text
    assert "Set roles" in shown and "/jobs/" not in shown


def test_who_lets_people_in_sees_the_links_and_only_security_opens_accounts() -> None:
    for role, has in (
        ("supervisor", ("jl-waiting-links",)),
        ("administrator", ("jl-waiting-links",)),
        ("audit_administrator", ("jl-notices",)),
        ("security_administrator", ("jl-waiting-links", "jl-notices", "jl-ways")),
        ("agent", ()),
    ):
        text = client(staff=Viewer("staff", "x", frozenset({role}))).get("/people").text
        assert tuple(each for each in ("jl-waiting-links", "jl-notices", "jl-ways") if f"<{each}" in text) == has, role
        assert ('<a href="/people"' in text) == bool(has)


def test_a_regulator_is_led_to_samples_and_can_repeat_the_draw() -> None:
    regulator = client(staff=Viewer("staff", "监管", frozenset({"regulator"})))
    text = regulator.get(f"/samples/{'0' * 24}", params={"lang": "en"}).text
    for said in ("dice-4711", "given by whoever drew", "SHA-256", "ef" * 32, "?as=staff"):
        assert said in text
    assert '<a href="/samples"' in text and '<a href="/cases"' not in text
    assert "You have not drawn any yet" in client(TableOversight(drawn=[])).get("/samples", params={"lang": "en"}).text


def test_a_consent_in_force_is_taken_back_by_its_person_or_whoever_writes_it_down_and_by_nobody_else() -> None:
    offered = 'data-purpose="sharing" data-seat="customer"'
    own, file = client().get(f"/room/{CASE}/copy").text, client().get(f"/cases/{CASE}/file").text
    assert f"{offered} data-own" in own and own.count("<jl-withdraw") == 1
    assert f"{offered}>" in file and file.count("<jl-withdraw") == 1
    auditor = client(staff=Viewer("staff", "审计", frozenset({"auditor"})))
    assert "<jl-withdraw" not in auditor.get(f"/cases/{CASE}/file").text
    assert "<jl-withdraw" not in client().post("/copy", data={"token": "good", "code": "123456"}).text, "a link is used up"
    assert "来函撤回" in client().get(f"/cases/{CASE}/file?lang=zh").text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_the_stores_says_what_happened_and_what_to_do(lang: str) -> None:
    text = client().get("/stores", params={"lang": lang}).text
    assert text.count("<section") == 2 and text.count("<tr><td") == 4
    assert {"zh": "取自", "en": "from"}[lang] + ' <span class="mono">far</span>' in text
    assert {"zh": "无需处理", "en": "Nothing to do"}[lang] in text
    assert {"zh": "声称锁定，实际没有锁住", "en": "says that it locks and does not"}[lang] in text
    assert {"zh": "1 处存储需要处理", "en": "Stores that need attention: 1."}[lang] in text
    assert "<b>far" not in text and "&lt;b&gt;far" in text and "<i>:9" not in text


def test_the_page_of_stores_in_order_asks_for_nothing() -> None:
    found = {**STORES, "advice": [], "cases_not_asked_about": 0, "stores": STORES["stores"][:1]}
    text = client(TableOversight(kept_in=found)).get("/stores", params={"lang": "en"}).text
    assert "complete and intact (stores: 1)" in text and "need attention" not in text
