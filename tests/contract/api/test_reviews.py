"""Reviews through the API with the real application: work list, workbench, acts, statistics, the record for a regulator, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.terms.digests import digest_of
from jianlu.govern.access.model import Standing
from jianlu.govern.access.standings import change_standing
from tests.fakes.api.world import ApiWorld, api_world, ok
from tests.fakes.review.worlds import PLAN, ReviewWorld
from tests.fakes.sessions.world import AGENT

PEOPLE = {"qin": ["reviewer"], "tang": ["reviewer"], "song": ["auditor"], "wei": ["regulator"], "lu": ["administrator"]}


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    """An application whose house also has reviewers and those who watch them."""
    with api_world(database_url, tmp_path, also=PEOPLE) as world:
        yield world


def drawn(api: ApiWorld, *numbers: str) -> list[str]:
    """Cases that lin led, closed and drawn, each of which must be reviewed."""
    reviews = ReviewWorld(api.world, api.deps.reviews)
    lin = api.client("lin").get("/api/v1/me").json()["account"]
    by = replace(AGENT, account=replace(AGENT.account, id=lin))
    cases = [reviews.close(number, by=by) for number in numbers]
    ok(api.client("xu").post("/api/v1/reviews/draws"))
    return cases


def answers(bench: dict[str, Any], **changed: dict[str, Any]) -> dict[str, Any]:
    """Every clause confirmed, but those of `changed` by the clause's last part."""
    clauses = [{"clause": each["clause"], "verdict": each["machine"]} for each in bench["clauses"]]
    for each in clauses:
        each |= changed.get(each["clause"].rpartition("-")[2], {})
    return {"clauses": clauses}


def test_a_reviewer_takes_and_decides_and_the_agent_appeals(api: ApiWorld) -> None:
    (case,) = drawn(api, "sale-1")
    qin, lin, tang = api.client("qin"), api.client("lin"), api.client("tang")
    listed = ok(qin.get("/api/v1/reviews")).json()
    row = next(each for each in listed["reviews"] if each["stage"] == "first")
    assert (row["case"], row["number"], row["urgency"], row["group"]["zh"]) == (case, "****-1", "due", "60岁及以上投保人")
    assert row["customer"].startswith("王*")
    bench = ok(qin.get(f"/api/v1/cases/{case}/review")).json()
    assert "first" in bench["may"]["take"]
    assert bench["script"][0]["say"]
    assert {each["machine"] for each in bench["clauses"]} >= {"not_evidenced"}
    ok(qin.post(f"/api/v1/cases/{case}/review/first/take"))
    body = answers(bench, **{"5a": {"verdict": "met", "reason": "证件在画面中", "from_ms": 1_000, "to_ms": 2_000}})
    done = ok(qin.post(f"/api/v1/cases/{case}/review/first/decision", json=body)).json()
    first = done["tasks"][0]
    assert (first["stage"], first["state"], first["outcome"]) == ("first", "done", "overturned")
    seen = ok(lin.get(f"/api/v1/cases/{case}/review")).json()
    assert seen["decisions"][0]["reviewer_name"] == "qin"
    assert seen["may"] == {"take": [], "decide": [], "appeal": True, "redo": True}
    appealed = {"clauses": ["cn-insurance-dual-recording:CN-IN-5b"], "reason": "材料已经出示"}
    assert ok(lin.post(f"/api/v1/cases/{case}/review/appeal", json=appealed)).json()["appeal"]["reason"] == "材料已经出示"
    blind = ok(tang.get(f"/api/v1/cases/{case}/review")).json()
    assert (blind["decisions"], blind["appeal"], blind["tasks"][0]["outcome"]) == ([], None, "")
    ok(tang.post(f"/api/v1/cases/{case}/review/second/take"))
    last = ok(tang.post(f"/api/v1/cases/{case}/review/second/decision", json=answers(bench))).json()
    assert [each["stage"] for each in last["decisions"]] == ["first", "second"]


def test_a_talk_is_held_again_and_both_case_files_say_so(api: ApiWorld) -> None:
    """A case of which no second look was drawn, as of one in twenty; there the second person would have to look before."""
    cases = drawn(api, *(f"sale-{n}" for n in range(1, 6)))
    qin, lin, he, zhou = (api.client(name) for name in ("qin", "lin", "he", "zhou"))
    once = [case for case in cases if len(ok(qin.get(f"/api/v1/cases/{case}/review")).json()["tasks"]) == 1]
    case, again = once[0], f"sale-{cases.index(once[0]) + 1}-r2"
    bench = ok(qin.post(f"/api/v1/cases/{case}/review/first/take")).json()
    body = {**answers(bench), "redo": "画面过暗，请重新录制"}
    asked = ok(qin.post(f"/api/v1/cases/{case}/review/first/decision", json=body)).json()
    assert (asked["redo"]["state"], asked["redo"]["proposed"], asked["may"]["redo"]) == ("asked", "", False)
    assert [(row["case"], row["proposed"]) for row in ok(he.get("/api/v1/reviews/redos")).json()["redos"]] == [(case, again)]
    assert ok(zhou.get("/api/v1/reviews/redos")).json()["redos"] == []
    for refused in (qin, zhou, api.client("xu")):
        assert refused.post(f"/api/v1/cases/{case}/review/redo", json={"number": again}).status_code == 403
    made = ok(lin.post(f"/api/v1/cases/{case}/review/redo", json={"number": again})).json()
    new = made["successor"]["case"]
    assert (made["state"], made["successor"]["number"]) == ("assigned", again)
    files = {ref: ok(api.client("xu").get(f"/api/v1/cases/{ref}/file")).json() for ref in (case, new)}
    assert (files[case]["links"]["after"]["case"], files[new]["links"]["before"]["case"]) == (new, case)
    assert any(case in event["text"]["zh"] for event in files[new]["events"])
    assert ok(lin.get(f"/api/v1/cases/{case}/review")).json()["links"]["after"]["number"] == again
    assert ok(qin.get("/api/v1/reviews", params={"which": "redo"})).json()["total"] == 1


def test_an_agent_sees_reviews_of_their_own_cases_and_no_others(api: ApiWorld) -> None:
    (case,) = drawn(api, "sale-1")
    assert {each["case"] for each in ok(api.client("lin").get("/api/v1/reviews")).json()["reviews"]} == {case}
    other = ok(api.client("zhou").get("/api/v1/reviews")).json()
    assert (other["reviews"], other["counts"]["all"], other["sees_all"]) == ([], 0, False)
    assert api.client("zhou").get(f"/api/v1/cases/{case}/review").status_code == 403


@pytest.mark.parametrize("name", ["lin", "zhou", "he", "song", "wei", "lu"])
def test_nobody_but_a_reviewer_reviews(api: ApiWorld, name: str) -> None:
    (case,) = drawn(api, "sale-1")
    refused = api.client(name).post(f"/api/v1/cases/{case}/review/first/take")
    assert (refused.status_code, refused.json()["title"] != "") == (403, True)
    assert ok(api.client("xu").get(f"/api/v1/cases/{case}/review")).json()["tasks"][0]["state"] == "open"


def test_a_case_that_nobody_is_to_review_is_not_found(api: ApiWorld) -> None:
    case = api.make_case()
    assert api.client("qin").get(f"/api/v1/cases/{case}/review").status_code == 404
    assert api.client("qin").post(f"/api/v1/cases/{case}/review/first/take").status_code == 404


def test_the_draw_is_repeated_for_whoever_watches(api: ApiWorld) -> None:
    (case,) = drawn(api, "sale-1")
    listed = ok(api.client("song").get("/api/v1/reviews/draws")).json()
    assert [(each["no"], each["eligible"], each["grouped"]) for each in listed["draws"] if each["plan"] == PLAN] == [(1, 1, 1)]
    plan = next(each for each in listed["plans"] if each["plan"] == PLAN)
    assert (plan["share_permille"], plan["mark"]) == (300, "S")
    checked = ok(api.client("wei").get(f"/api/v1/reviews/draws/{PLAN}/1")).json()
    assert (checked["grouped"], checked["root"]) == (
        [case],
        next(each["root"] for each in listed["draws"] if each["plan"] == PLAN),
    )
    assert api.client("song").get(f"/api/v1/reviews/draws/{PLAN}/2").status_code == 404
    assert api.client("qin").post("/api/v1/reviews/draws").status_code == 403


def test_statistics_and_the_record_are_for_those_who_watch(api: ApiWorld) -> None:
    (case,) = drawn(api, "sale-1")
    qin = api.client("qin")
    ok(qin.post(f"/api/v1/cases/{case}/review/first/take"))
    ok(qin.post(f"/api/v1/cases/{case}/review/first/decision", json=answers(ok(qin.get(f"/api/v1/cases/{case}/review")).json())))
    found = ok(api.client("song").get("/api/v1/reviews/statistics")).json()
    assert found["machine"]["share"]["value"] == 1.0
    assert found["people"] == {"n": 0, "table": [[0, 0, 0]] * 3, "share": None, "kappa": None}
    assert [each["permille"] for each in found["coverage"] if each["plan"] == PLAN] == [1000]
    days = {"first_on": "2026-11-01", "last_on": "2026-11-30"}
    document = ok(api.client("wei").get("/api/v1/reviews/export", params=days))
    table = ok(api.client("wei").get("/api/v1/reviews/export", params={**days, "format": "csv"}))
    assert document.json()["csv_sha256"] == digest_of(table.content)
    assert table.headers["content-disposition"] == 'attachment; filename="reviews-2026-11-01-2026-11-30.csv"'
    assert api.client("qin").get("/api/v1/reviews/export", params=days).status_code == 403
    for no_day in ("2026-13-01", "2026-02-31", "2026-12-01"):
        assert api.client("wei").get("/api/v1/reviews/export", params={**days, "first_on": no_day}).status_code == 422


def test_nobody_who_is_not_signed_in_gets_anything(api: ApiWorld) -> None:
    for path in ("", "/statistics", "/draws", "/export?first_on=2026-11-01&last_on=2026-11-30"):
        assert api.client().get(f"/api/v1/reviews{path}").status_code == 401


def test_a_supervisor_reads_what_reviews_of_the_branch_came_to_without_who_reviewed(api: ApiWorld) -> None:
    case, _ = drawn(api, "sale-1", "sale-2")
    qin, he = api.client("qin"), api.client("he")
    bench = ok(qin.post(f"/api/v1/cases/{case}/review/first/take")).json()
    body = answers(bench, **{"5a": {"verdict": "met", "reason": "证件在画面中", "from_ms": 1_000, "to_ms": 2_000}})
    ok(qin.post(f"/api/v1/cases/{case}/review/first/decision", json={**body, "redo": "画面过暗"}))
    found = ok(he.get("/api/v1/supervision/reviews")).json()
    (row,) = found["agents"]
    assert (found["branch"], row["name"]) == ("", ok(api.client("lin").get("/api/v1/me")).json()["display"])
    assert {key: row[key] for key in ("drawn", "done", "late", "overturned", "redo", "appealed")} == {
        "drawn": 2,
        "done": 1,
        "late": 0,
        "overturned": 1,
        "redo": 1,
        "appealed": 0,
    }
    assert "qin" not in str(found) and "5a" not in str(found)
    for name in ("lin", "qin", "song"):
        assert api.client(name).get("/api/v1/supervision/reviews").status_code == 403, name


def test_a_supervisor_sees_the_reviews_of_agents_of_the_own_branch_alone(api: ApiWorld) -> None:
    drawn(api, "sale-1")
    lin, he = (ok(api.client(name).get("/api/v1/me")).json()["account"] for name in ("lin", "he"))
    places_in(api, he, "north")
    places_in(api, lin, "south")
    assert ok(api.client("he").get("/api/v1/supervision/reviews")).json() == {"branch": "north", "agents": []}
    places_in(api, lin, "north")
    assert [each["drawn"] for each in ok(api.client("he").get("/api/v1/supervision/reviews")).json()["agents"]] == [1]


def places_in(api: ApiWorld, account: str, branch: str) -> None:
    """Give an account its branch."""
    deps = api.deps
    change_standing(deps.database, deps.clock, deps.access.log, deps.tenant, account, Standing(branch), by="security")
