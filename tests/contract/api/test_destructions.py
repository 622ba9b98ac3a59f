"""Destruction over HTTP: asked by one, approved by another, done by the job; refused at every door while the case is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import ConflictError
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.core.terms.instants import parse_instant
from jianlu.deliver.oversight.certificates import prove_from
from jianlu.entry.after_call import retain
from jianlu.entry.destroy_case import destroy_case
from jianlu.judge.review.ending import end_reviews
from jianlu.runtime.settings import Settings, TimeAuthoritySettings, TimeSettings
from jianlu.vault.case_log import open_case_log
from jianlu.vault.custody.reading import CASES_MAX
from jianlu.vault.keys import custody_chain
from jianlu.verify.certificate import check_certificate
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.worlds import add_account
from tests.fakes.time.authority import make_authority, serving
from tests.fakes.time.stage import Stage
from tests.fakes.vault.home import TENANT
from tests.unit.ledger.worlds import new_world

WHY = "保存期限已满，按规定销毁"
HOLD = {"matter": "（2026）沪民初118号", "reason": "客户投诉未告知风险，法院已受理"}


@pytest.fixture
def people(api: ApiWorld) -> ApiWorld:
    for name, role in {"song": "auditor", "lu": "administrator", "ye": "compliance"}.items():
        add_account(api.deps.identity, api.deps.tenant, name, PASSWORD, roles=[role])
    return api


def closed(api: ApiWorld, number: str = "sale-1", *, ends: str = "2026-12-31") -> str:
    """A case that is over, whose contract ends on that day: its plan keeps it for ten years more."""
    case = api.world.create(number, dates={"contract_end": ends, "purpose_end": ends} if ends else {"purpose_end": "2026-12-31"})
    log = api.world.using.desk.log(TENANT, case)
    log.append(EventType.RECORDING_STARTED, {"tracks": [], "recorder": "a"})
    log.append(EventType.RECORDING_ENDED, {"segments": 0, "duration_ms": 0, "media_bytes": 0})
    retain(log, parse_plan(log.open_object("plan")))
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    return case


def live_on(api: ApiWorld, until: str) -> None:
    """Years go by; before the day, for more than a month, the ledger goes on with an entry every few days."""
    wait = parse_instant(until) - api.deps.clock.now() - timedelta(days=45)
    api.world.clock.move(max(0, int(wait / timedelta(milliseconds=1))))
    api.clients.clear()  # nobody's sign-in lasts as long
    while api.deps.clock.now() < parse_instant(until):
        api.world.clock.move(int(timedelta(days=9) / timedelta(milliseconds=1)))
        api.deps.access.log.change("sample", {"by": "nobody"})


def ask(api: ApiWorld, *cases: str, by: str = "xu") -> Any:
    return api.client(by).post("/api/v1/destructions", json={"cases": cases, "reason": WHY})


def start(api: ApiWorld, batch: str, *, by: str = "xu") -> Any:
    api.prove(by)
    return api.client(by).post(f"/api/v1/destructions/{batch}/start")


def approve(api: ApiWorld, request: str, *, by: str = "ye") -> Any:
    api.prove(by)
    return api.client(by).post(f"/api/v1/access/requests/{request}/approve")


def run_job(api: ApiWorld, case: str) -> None:
    end_reviews(api.deps.reviews)
    destroy_case(case_ref(case), home=api.deps.home, tenant=api.deps.tenant, vault=api.world.vault, say=lambda *_: None)


def custody_kinds(api: ApiWorld, case: str) -> list[tuple[EventType, Any]]:
    log = open_case_log(api.world.vault, TENANT, custody_chain(api.deps.sessions.tenant_secret, case))
    return [(event.type, event.body.get("reason")) for event in log.events]


def _the_time_is_attested_once_an_authority_stamped_it(api: ApiWorld, case: str, folder: Path) -> None:
    """A real authority stamps the ledger after the destruction; until then nothing but the house's clock says when."""
    world = new_world(api.deps.home)
    made = make_authority(folder / "alpha", "alpha", keys="p256")
    named = TimeAuthoritySettings(name="alpha", url="http://127.0.0.1/", certificates=made.chain)
    api.app.state.deps = replace(
        api.deps,
        settings=Settings(time=TimeSettings(authorities=(named,))),
        prove=lambda positions: prove_from(world.directory, world.signer.key, positions),
    )

    def told() -> tuple[list[str], list[str], str, tuple[str, ...]]:
        known = len(world.entries())
        world.fill(api.world.vault.ledger.read(known, api.world.vault.ledger.size - known))
        found = ok(api.client("song").get(f"/api/v1/cases/{case}/destruction")).json()
        listed = ok(api.client("song").get("/api/v1/destructions")).json()["started"][0]
        assert bool(listed["attested_at"]) is bool(listed["attested_by"])
        content = ok(api.client("xu").get(f"/api/v1/cases/{case}/certificate")).content
        stamps = [f"{each['authority']} {each['checked']}" for each in found["stamps"]]
        return stamps, found["unstamped"], listed["attested_by"], tuple(s.authority for s in check_certificate(content).stamps)

    assert told() == ([], ["alpha"], "", ())
    with serving(made) as alpha:
        stage = Stage(world)
        stage.start([alpha])
        assert stage.stamper.beat() == 1
    assert told() == (["alpha True"], [], "alpha", ("alpha",))


def test_what_is_due_is_destroyed_by_two_people_and_a_job(people: ApiWorld, tmp_path: Path) -> None:
    case = closed(people)
    live_on(people, "2040-01-01T00:00:00.000Z")
    listed = ok(people.client("xu").get("/api/v1/destructions")).json()
    assert [(each["case"], each["until"], each["is_held"]) for each in listed["due"]] == [(case, "2036-12-31", False)]
    assert listed["time"]["why"] == ""
    asked = ok(ask(people, case)).json()
    assert (asked["state"], [each["case"] for each in asked["cases"]]) == ("asked", [case])
    expect_problem(start(people, asked["batch"]), 403)
    expect_problem(approve(people, asked["request"], by="xu"), 403)
    ok(approve(people, asked["request"]))
    expect_problem(start(people, asked["batch"], by="ye"), 403)
    assert ok(start(people, asked["batch"])).json()["outcomes"] == [{"case": case, "outcome": "started"}]
    expect_problem(people.client("xu").get(f"/api/v1/cases/{case}/certificate"), 409)
    expect_problem(start(people, asked["batch"]), 403)  # what was approved was done
    expect_problem(people.client("xu").post(f"/api/v1/cases/{case}/holds", json=HOLD), 409)
    assert people.client("xu").get(f"/api/v1/cases/{case}/file").status_code == 409
    run_job(people, case)
    found = ok(people.client("song").get(f"/api/v1/cases/{case}/destruction")).json()
    assert found["state"] == "completed" and found["by_name"] != found["second_name"] and found["reason"] == WHY
    assert {each["left"] for each in found["places"]} == {0} and len(found["places"]) == 10
    assert (found["stamps"], found["unstamped"]) == ([], [])
    certificate = ok(people.client("xu").get(f"/api/v1/cases/{case}/certificate"))
    result = check_certificate(certificate.content)
    assert result.is_intact and result.exit_code == 0 and result.case == case and result.until == "2036-12-31"
    assert result.said["started"]["reason"] == WHY
    after = ok(people.client("xu").get("/api/v1/destructions")).json()
    assert after["due"] == [] and [(each["case"], each["state"]) for each in after["started"]] == [(case, "completed")]
    assert after["batches"][0]["state"] == "started"
    _the_time_is_attested_once_an_authority_stamped_it(people, case, tmp_path)


def test_before_its_time_nobody_destroys_and_the_attempt_is_recorded(people: ApiWorld) -> None:
    case = closed(people, ends="2036-11-30")
    problem = expect_problem(ask(people, case), 409)
    assert "kept longer" in str(problem)
    for name in ("lin", "he", "lu", "song"):
        expect_problem(ask(people, case, by=name), 403)
    assert custody_kinds(people, case) == [(EventType.DESTRUCTION_REFUSED, "retention")]
    listed = ok(people.client("xu").get("/api/v1/destructions")).json()
    assert listed["due"] == [] == listed["batches"] and [each["reason"] for each in listed["refused"]] == ["retention"]


def test_a_held_and_an_open_case_stay(people: ApiWorld) -> None:
    held, still_open = closed(people, "one"), people.make_case("two")
    live_on(people, "2040-01-01T00:00:00.000Z")
    ok(people.client("xu").post(f"/api/v1/cases/{held}/holds", json=HOLD))
    expect_problem(ask(people, held, still_open), 409)
    assert custody_kinds(people, held)[-1] == (EventType.DESTRUCTION_REFUSED, "hold")
    assert custody_kinds(people, still_open) == [(EventType.DESTRUCTION_REFUSED, "open")]


def test_a_hold_after_the_approval_still_stands(people: ApiWorld) -> None:
    held, free = closed(people, "one"), closed(people, "two")
    live_on(people, "2040-01-01T00:00:00.000Z")
    asked = ok(ask(people, held, free)).json()
    ok(approve(people, asked["request"]))
    ok(people.client("xu").post(f"/api/v1/cases/{held}/holds", json=HOLD))
    outcomes = {each["case"]: each["outcome"] for each in ok(start(people, asked["batch"])).json()["outcomes"]}
    assert outcomes == {held: "hold", free: "started"}
    run_job(people, free)
    with pytest.raises(ConflictError, match="nobody started"):
        run_job(people, held)


def test_what_is_kept_longer_is_not_due(people: ApiWorld) -> None:
    case = closed(people)
    body = {"until": "2060-01-31", "reason": "合同延期，应继续保存至期满"}
    assert ok(people.client("xu").post(f"/api/v1/cases/{case}/retention", json=body)).json()["until"] == "2060-01-31"
    ok(people.client("xu").post(f"/api/v1/cases/{case}/retention", json={**body, "until": "2030-01-31"}))
    live_on(people, "2040-01-01T00:00:00.000Z")
    assert ok(people.client("xu").get("/api/v1/destructions")).json()["due"] == []
    expect_problem(ask(people, case), 409)
    live_on(people, "2060-03-31T00:00:00.000Z")
    ok(ask(people, case))


def test_a_clock_that_jumped_frees_nothing(people: ApiWorld) -> None:
    case = closed(people)
    people.world.clock.move(int(timedelta(days=5_000) / timedelta(milliseconds=1)))
    people.clients.clear()
    expect_problem(ask(people, case), 409)
    assert custody_kinds(people, case)[-1] == (EventType.DESTRUCTION_REFUSED, "clock")
    live_on(people, (people.deps.clock.now() + timedelta(days=36)).strftime("%Y-%m-%dT00:00:00.000Z"))
    ok(ask(people, case))


def test_a_batch_has_a_bound_and_names_each_case_once(people: ApiWorld) -> None:
    case = closed(people)
    expect_problem(ask(people, case, case), 422)
    expect_problem(ask(people, *(f"c{no:0>26}".replace("0", "a").replace("1", "b") for no in range(CASES_MAX + 1))), 422)
    expect_problem(ask(people), 422)
    expect_problem(start(people, "d" + "0" * 26), 404)


def with_template(api: ApiWorld) -> str:
    """A case that is over, with a template that goes when its purpose ends, ten years before the rest."""
    dates = {"contract_end": "2036-12-31", "purpose_end": "2026-12-31"}
    case = api.world.create("sale-1", dates=dates)
    log = api.world.using.desk.log(TENANT, case)
    log.append(EventType.RECORDING_STARTED, {"tracks": [], "recorder": "a"})
    log.seal_and_append(EventType.CHECK_RECORDED, "template-customer", b"a face", {"check": "face"})
    log.append(EventType.RECORDING_ENDED, {"segments": 0, "duration_ms": 0, "media_bytes": 0})
    retain(log, parse_plan(log.open_object("plan")))
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    return case


def test_a_part_whose_own_time_ends_goes_before_its_case(people: ApiWorld) -> None:
    case = with_template(people)
    body = {"cases": [case], "reason": WHY, "part": "biometric"}
    expect_problem(people.client("xu").post("/api/v1/destructions", json=body), 409)
    assert custody_kinds(people, case) == [(EventType.DESTRUCTION_REFUSED, "retention")]
    live_on(people, "2027-03-01T00:00:00.000Z")
    listed = ok(people.client("xu").get("/api/v1/destructions")).json()
    assert [(each["case"], each["part"], each["until"]) for each in listed["due_parts"]] == [(case, "biometric", "2026-12-31")]
    assert listed["due"] == [] and listed["refused"][0]["part"] == "biometric"
    expect_problem(people.client("xu").post("/api/v1/destructions", json={**body, "part": "identity"}), 422)
    expect_problem(people.client("xu").post("/api/v1/destructions", json={**body, "part": "recording"}), 409)
    expect_problem(ask(people, case), 409)  # the whole of it is kept
    asked = ok(people.client("xu").post("/api/v1/destructions", json=body)).json()
    assert (asked["part"], asked["state"]) == ("biometric", "asked")
    ok(approve(people, asked["request"]))
    assert ok(start(people, asked["batch"])).json()["outcomes"] == [{"case": case, "outcome": "started"}]
    expect_problem(people.client("xu").get(f"/api/v1/cases/{case}/certificate", params={"part": "biometric"}), 409)
    destroy_case(
        case_ref(case),
        home=people.deps.home,
        tenant=people.deps.tenant,
        vault=people.world.vault,
        say=lambda *_: None,
        part="biometric",
    )
    found = ok(people.client("song").get(f"/api/v1/cases/{case}/destruction")).json()
    assert found["state"] == "kept" and [(each["part"], each["state"]) for each in found["parts"]] == [("biometric", "completed")]
    result = check_certificate(
        ok(people.client("xu").get(f"/api/v1/cases/{case}/certificate", params={"part": "biometric"})).content
    )
    assert result.is_intact and (result.part, result.until, result.objects) == ("biometric", "2026-12-31", 1)
    expect_problem(people.client("xu").get(f"/api/v1/cases/{case}/certificate"), 409)
    expect_problem(people.client("xu").get(f"/api/v1/cases/{case}/certificate", params={"part": "plan"}), 422)
    after = ok(people.client("xu").get("/api/v1/destructions")).json()
    assert after["due_parts"] == [] and [(each["part"], each["state"]) for each in after["started"]] == [
        ("biometric", "completed")
    ]
    rows = {
        each["part"]: each["ended_at"] for each in ok(people.client("xu").get(f"/api/v1/cases/{case}/file")).json()["retention"]
    }
    assert [part for part, ended_at in rows.items() if ended_at] == ["biometric"] and len(rows) > 2
    ok(people.client("xu").post(f"/api/v1/cases/{case}/holds", json=HOLD))  # the rest can still be held
    log = open_case_log(people.world.vault, TENANT, case)
    assert log.open_object("plan")
    with pytest.raises(ConflictError, match="destroyed when its own time had ended"):
        log.open_object("template-customer")
