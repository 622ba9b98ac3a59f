"""`GET /api/v1/search`: typed questions, answers with the second, and only what the caller may find and play; every asking is kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from jianlu.capture.cases.case_rows import change_case
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.console.mount import mount_console
from jianlu.deliver.console.ports import Viewer
from jianlu.deliver.console.search import search_routes
from jianlu.entry.serve.search_pages import SearchPages
from jianlu.runtime.database import transaction
from tests.fakes.api.programs import make_key, make_program, program
from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.console_pages import TablePages
from tests.fakes.identity.worlds import add_account
from tests.fakes.search.spoken_case import end_and_enter
from tests.fakes.vault.home import TENANT

LINES = (("agent", "这是投保提示书，请您阅读"), ("customer", "犹豫期是十五天吗"), ("agent", "是的，犹豫期15天"))


def sold(api: ApiWorld, number: str, name: str = "lin") -> str:
    case = api.make_case(number, name)
    with transaction(api.deps.database) as connection:
        change_case(connection, TENANT, case, state="sealed")
    end_and_enter(api.world.using.desk.log(TENANT, case), api.world.vault, *LINES)
    return case


def test_what_was_said_is_found_with_its_second(api: ApiWorld) -> None:
    case = sold(api, "sale-1")
    found = ok(api.client("lin").get("/api/v1/search", params={"q": "犹豫期15天"})).json()
    assert (found["total"], found["pages"], found["order"]) == (1, 1, "hits")
    hit = found["hits"][0]
    assert (hit["case"], hit["number"], hit["customer"], hit["count"], hit["lines_total"]) == (case, "sale-1", "王**", 1, 1)
    line = hit["lines"][0]
    assert (line["role"], line["text"]) == ("agent", "是的，犹豫期15天")
    assert [line["text"][start:end] for start, end in line["marks"]] == ["犹豫期15天"]
    assert line["playback"] == f"/cases/{case}/playback#t={line['at_ms'] / 1000:.1f}"
    assert line["from_ms"] < line["at_ms"] < line["to_ms"]


@pytest.mark.parametrize(
    ("params", "total"),
    [
        ({"q": "犹豫期", "speaker": "customer"}, 1),
        ({"q": "投保提示书", "speaker": "customer"}, 0),
        ({"q": "tou bao ti shi", "speaker": "agent"}, 1),
        ({"customer": "王小明"}, 1),
        ({"customer": "wang xiaoming"}, 1),
        ({"customer": "0101"}, 1),
        ({"customer": "王大明"}, 0),
        ({"number": "sale-1"}, 1),
        ({"number": "sale-2"}, 0),
        ({"agent": "lin"}, 1),
        ({"agent": "zhou"}, 0),
        ({"product": "life_insurance", "template": "insurance-remote"}, 1),
        ({"q": "tou bao ti shi", "verdict": "not_met"}, 1),
        ({"verdict": "met", "clause": "cn-insurance-dual-recording:nowhere"}, 0),
    ],
)
def test_each_filter_leaves_what_it_names(api: ApiWorld, params: dict[str, str], total: int) -> None:
    sold(api, "sale-1")
    assert ok(api.client("he").get("/api/v1/search", params=params)).json()["total"] == total


def test_days_begin_where_the_asker_is(api: ApiWorld) -> None:
    sold(api, "sale-1")
    client = api.client("he")
    began = ok(client.get("/api/v1/search")).json()["hits"][0]["began_at"]
    day = began[:10]
    assert ok(client.get("/api/v1/search", params={"from": day, "to": day, "utc_offset_min": 0})).json()["total"] == 1
    before = ok(client.get("/api/v1/search", params={"to": "2020-01-01"})).json()
    after = ok(client.get("/api/v1/search", params={"from": "2099-01-01"})).json()
    assert (before["total"], after["total"]) == (0, 0)


def test_agents_find_their_own_cases_alone(api: ApiWorld) -> None:
    sold(api, "sale-1", "lin")
    sold(api, "sale-2", "zhou")
    totals = {
        who: ok(api.client(who).get("/api/v1/search", params={"q": "犹豫期"})).json()["total"] for who in ("lin", "zhou", "he")
    }
    assert totals == {"lin": 1, "zhou": 1, "he": 2}


@pytest.mark.parametrize(
    "params",
    [
        {"q": "。"},
        {"speaker": "agent"},
        {"q": "保" * 201},
        {"page": "0"},
        {"from": "yesterday"},
        {"from": "2026-02-02", "to": "2026-01-01"},
        {"verdict": "maybe"},
        {"order": "best"},
        {"purpose": "curiosity"},
        {"colour": "red"},
    ],
)
def test_a_question_that_cannot_be_asked_is_a_problem(api: ApiWorld, params: dict[str, str]) -> None:
    answer = api.client("he").get("/api/v1/search", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_nobody_and_customers_search_nothing(api: ApiWorld) -> None:
    case = api.make_case("sale-1")
    assert api.client().get("/api/v1/search").status_code == 401
    assert api.guest(api.invite(case)).get("/api/v1/search").status_code == 403


def test_every_asking_is_kept_and_the_question_is_not(api: ApiWorld) -> None:
    sold(api, "sale-1")
    ok(api.client("he").get("/api/v1/search", params={"customer": "王小明"}))
    api.deps.access.log.flush()
    with transaction(api.deps.database, writes=False) as connection:
        kept = connection.execute(sa.text("SELECT * FROM access_decisions WHERE action = 'search.run'")).mappings().all()
    assert len(kept) == 1
    assert (kept[0]["resource_kind"], len(kept[0]["resource"]), kept[0]["is_allowed"]) == ("search", 64, True)
    assert "王小明" not in str(kept)


def test_the_page_answers_as_the_call_does(api: ApiWorld) -> None:
    case = sold(api, "sale-1")
    pages = TablePages(staff=Viewer("staff", "何主管", frozenset({"supervisor"})))
    mount_console(api.app, pages, search_routes(pages, SearchPages(api.deps, "Asia/Shanghai")))
    client = api.client("he")
    text = ok(client.post("/search", data={"q": "投保提示书", "from": "2020-01-01"}, headers={"HX-Request": "true"})).text
    assert "<mark>投保提示书</mark>" in text and f"/cases/{case}/playback#t=" in text
    wrong = ok(client.post("/search", data={"from": "yesterday"}, headers={"HX-Request": "true", "Accept-Language": "en"})).text
    assert "correct or empty: from" in wrong
    foreign = client.post("/search", data={"q": "投保"}, headers={"X-Jianlu": "", "Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_a_program_searches_with_its_key_and_reads_lines_only_with_the_scope_to_play(api: ApiWorld) -> None:
    sold(api, "sale-1")
    make_program(api, roles=["supervisor"])
    hits = {
        scopes: ok(
            program(api, make_key(api, name=scopes[0], scopes=list(scopes))["key"]).get("/api/v1/search", params={"q": "犹豫期"})
        ).json()["hits"][0]
        for scopes in (("search.run",), ("search.run", "case.play"))
    }
    assert [(len(hit["lines"]), hit["is_withheld"], hit["count"]) for hit in hits.values()] == [(0, True, 2), (2, False, 2)]
    assert program(api, make_key(api, name="other", scopes=["case.read"])["key"]).get("/api/v1/search").status_code == 403


def test_whoever_may_find_and_not_play_sees_no_line(api: ApiWorld) -> None:
    sold(api, "sale-1")
    add_account(api.deps.identity, tenant_id(TENANT), "audit", PASSWORD, roles=["auditor"], languages=[], licences=[])
    client = api.client("audit")
    hit = ok(client.get("/api/v1/search", params={"q": "犹豫期"})).json()["hits"][0]
    assert (hit["lines"], hit["is_withheld"], hit["playback"], hit["count"]) == ([], True, "", 2)
    played = ok(client.get("/api/v1/search", params={"q": "犹豫期", "purpose": "audit"})).json()["hits"][0]
    assert (len(played["lines"]), played["is_withheld"]) == (2, False)
