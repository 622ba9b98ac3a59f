"""Retention, responsibility, administration and inspection over HTTP: what they say, and who sees it."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.core.terms.ids import case_ref
from jianlu.deliver.oversight.samples import drawn_of
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.deliver.packages.write import package_path
from jianlu.runtime.jobs import claim_next, enqueue
from jianlu.vault.shred import shred_unit
from tests.contract.api.test_case_file import places_of
from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.worlds import add_account
from tests.fakes.vault.sale import give_up

YEAR = {"from_on": "2000-01-01", "until_on": "2100-12-31"}


@pytest.fixture
def people(api: ApiWorld) -> ApiWorld:
    for name, role in {"wei": "regulator", "song": "auditor", "lu": "administrator"}.items():
        add_account(api.deps.identity, api.deps.tenant, name, PASSWORD, roles=[role])
    return api


def over(api: ApiWorld, number: str) -> str:
    """A case that ended before anything was recorded: it is closed, with its retention set."""
    case = api.make_case(number)
    ok(api.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    ok(api.client("lin").post(f"/api/v1/cases/{case}/abandon"))
    return case


def test_the_calendar_names_the_clause_behind_every_date_and_lists_a_months_cases(people: ApiWorld) -> None:
    case, gone = over(people, "one"), over(people, "two")
    found = ok(people.client("xu").get("/api/v1/retention")).json()
    rows = [row for month in found["months"] for row in month["rows"]] + found["undated"]
    assert rows and all(row["cases"] == 2 and row["clause"]["citation"] != row["clause"]["key"] for row in rows)
    assert found["cases"] == [] and found["holds"] == []
    month = found["months"][0]["month"] if found["months"] else "open"
    listed = ok(people.client("xu").get("/api/v1/retention", params={"month": month})).json()["cases"]
    assert {row["number"] for row in listed} == {"one", "two"}
    give_up(people.world.vault, gone)
    shred_unit(people.world.vault, people.deps.tenant, gone)
    after = ok(people.client("xu").get("/api/v1/retention", params={"month": month})).json()
    assert {row["case"] for row in after["cases"]} == {case}


def test_the_calendar_is_for_those_who_answer_for_it(people: ApiWorld) -> None:
    for name, status in {"xu": 200, "he": 200, "song": 200, "lin": 403, "lu": 403, "wei": 403}.items():
        assert people.client(name).get("/api/v1/retention").status_code == status, name
    assert people.client("xu").get("/api/v1/retention", params={"month": "soon"}).status_code == 422


def test_every_clause_of_every_pack_has_somebody_who_answers_for_it(people: ApiWorld) -> None:
    found = ok(people.client("lin").get("/api/v1/responsibility")).json()
    clauses = [clause for pack in found["packs"] for clause in pack["clauses"]]
    assert len(clauses) == sum(found["counts"].values()) == sum(len(pack.clauses) for pack in people.world.using.rules.packs)
    assert all(clause["shares"] or clause["owner"] == "tenant" for clause in clauses)


def test_a_failed_job_is_shown_without_its_case_and_tried_again_by_the_administrator(people: ApiWorld) -> None:
    case = people.make_case()
    enqueue(people.deps.database, case, {}, clock=people.deps.clock)
    claim = claim_next(people.deps.database, "worker", clock=people.deps.clock)
    assert claim is not None
    claim.give_back("the recording is broken: look at it", is_final=True)
    admin = people.client("lu")
    found = ok(admin.get("/api/v1/administration")).json()
    assert [(job["case"], job["state"], job["may_retry"]) for job in found["jobs"]] == [(case, "failed", True)]
    assert places_of("sale-1", found) == [] and {check["check"] for check in found["checks"]} >= {"media", "checker"}
    again = ok(admin.post(f"/api/v1/administration/jobs/{case}/retry")).json()
    assert again["jobs"][0]["state"] == "waiting" and again["counts"] == {"waiting": 1}
    assert admin.post(f"/api/v1/administration/jobs/{case}/retry").status_code == 404
    for name in ("lin", "he", "xu", "wei"):
        assert people.client(name).get("/api/v1/administration").status_code == 403, name


def test_a_draw_is_repeated_by_whoever_knows_its_seed(people: ApiWorld) -> None:
    cases = sorted(over(people, f"case-{no}") for no in range(5))
    regulator = people.client("wei")
    drawn = ok(regulator.post("/api/v1/samples", json={**YEAR, "size": 3, "seed": "dice-4711"})).json()
    assert (drawn["population"], drawn["seed"], drawn["is_own_seed"]) == (5, "dice-4711", True)
    assert [each["case"] for each in drawn["cases"]] == list(drawn_of(cases, "dice-4711", 3))
    assert list(drawn_of(list(reversed(cases)), "dice-4711", 3)) == [each["case"] for each in drawn["cases"]]
    assert places_of("王", drawn) == [] and places_of("case-", drawn) == []
    fresh = [ok(regulator.post("/api/v1/samples", json={**YEAR, "size": 1})).json()["seed"] for _ in range(2)]
    mine = ok(regulator.get("/api/v1/samples")).json()["samples"]
    assert fresh[0] != fresh[1] and {each["seed"] for each in mine} == {"dice-4711", *fresh}


def test_every_draw_is_in_the_access_log_before_it_is_answered(people: ApiWorld) -> None:
    over(people, "one")
    before = changes(people)
    ok(people.client("wei").post("/api/v1/samples", json={**YEAR, "size": 1}))
    assert changes(people) == before + 1


def test_a_regulator_takes_the_packages_of_the_sample_and_sees_nothing_else(people: ApiWorld) -> None:
    cases = [over(people, f"case-{no}") for no in range(3)]
    for case in cases:
        package = package_path(people.deps.home, case_ref(case))
        package.parent.mkdir(parents=True, exist_ok=True)
        package.write_bytes(b"PK of " + case.encode())
    regulator = people.client("wei")
    drawn = ok(regulator.post("/api/v1/samples", json={**YEAR, "size": 1})).json()
    case = drawn["cases"][0]["case"]
    assert ok(regulator.get(drawn["cases"][0]["package_url"])).content == b"PK of " + case.encode()
    assert ok(regulator.get("/api/v1/samples/verifier")).content == verifier_bytes()
    others = [each for each in cases if each != case]
    for other in others:
        assert regulator.get(f"/api/v1/samples/{drawn['sample']}/packages/{other}").status_code == 404
    for path in ("", "/session", "/file", "/playback", "/package", "/access"):
        assert regulator.get(f"/api/v1/cases/{case}{path}").status_code == 403, path
    for path in ("/api/v1/cases", "/api/v1/search?q=x", "/api/v1/supervision/wall", "/api/v1/retention"):
        assert regulator.get(path).status_code == 403, path
    people.deps.access.log.flush()
    looks = ok(people.client("xu").get(f"/api/v1/cases/{case}/file")).json()["access"]
    assert ("wei", "package.export", "inspection") in {(look["who"], look["action"], look["purpose"]) for look in looks}


def test_a_regulator_reads_the_file_of_a_drawn_case_masked_and_on_the_record(people: ApiWorld) -> None:
    cases = [over(people, f"case-{no}") for no in range(2)]
    regulator = people.client("wei")
    drawn = ok(regulator.post("/api/v1/samples", json={**YEAR, "size": 1})).json()
    case, files = drawn["cases"][0]["case"], f"/api/v1/samples/{drawn['sample']}/files"
    file = ok(regulator.get(f"{files}/{case}")).json()
    assert (file["case"], file["number"], file["links"], file["package"]) == (case, "****-" + file["number"][-1], None, None)
    assert file["demands"] and file["retention"] and file["chain"]["is_closed"]
    assert places_of("case-", {**file, "access": []}) == [] and places_of("小明", file) == []
    assert file["agent"] == "l***" and {person["name"] for person in file["people"]} == {"l***", "王**"}
    (other,) = [each for each in cases if each != case]
    assert regulator.get(f"{files}/{other}").status_code == 404
    assert people.client("song").get(f"{files}/{case}").status_code == 404
    looks = ok(people.client("xu").get(f"/api/v1/cases/{case}/access")).json()["lines"]
    assert [(line["action"], line["purpose"]) for line in looks if line["name"] == "wei"] == [("case.read", "inspection")]


def test_a_sample_is_for_whoever_drew_it(people: ApiWorld) -> None:
    over(people, "one")
    drawn = ok(people.client("wei").post("/api/v1/samples", json={**YEAR, "size": 1})).json()
    at = f"/api/v1/samples/{drawn['sample']}"
    assert people.client("song").get(at).status_code == 404
    assert people.client("song").get("/api/v1/samples").json()["samples"] == []
    for name in ("lin", "he", "lu"):
        assert people.client(name).post("/api/v1/samples", json={**YEAR, "size": 1}).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"size": 201},
        {"seed": "short"},
        {"seed": "with space"},
        {"until_on": "1999-01-01"},
        {"until_on": "2001-01-01"},
    ],
)
def test_a_draw_that_is_none_is_refused(people: ApiWorld, wrong: dict[str, Any]) -> None:
    over(people, "one")
    assert people.client("wei").post("/api/v1/samples", json={**YEAR, "size": 1, **wrong}).status_code == 422


def changes(api: ApiWorld) -> int:
    """How many changes of rights and draws the ledger has."""
    ledger = api.world.vault.ledger
    return sum(b"access:change:recorded" in entry for entry in ledger.read(0, ledger.size))
