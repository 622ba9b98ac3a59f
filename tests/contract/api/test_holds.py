"""Legal holds over HTTP: at once by one, lifted by two, seen by those who answer for them, and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.core.errors import ConflictError
from jianlu.core.terms.ids import case_ref
from jianlu.vault.shred import shred_unit
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.worlds import add_account

WORDS = {"matter": "（2026）沪民初118号", "reason": "客户投诉未告知风险，法院已受理"}
DONE = {"reason": "判决已生效，保全解除"}


@pytest.fixture
def people(api: ApiWorld) -> ApiWorld:
    for name, role in {"song": "auditor", "lu": "administrator", "min": "security_administrator", "ye": "compliance"}.items():
        add_account(api.deps.identity, api.deps.tenant, name, PASSWORD, roles=[role])
    return api


def place(api: ApiWorld, case: str, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = ok(api.client("xu").post(f"/api/v1/cases/{case}/holds", json={**WORDS, **more})).json()
    return found


def ask(api: ApiWorld, case: str, hold: str, *, by: str = "xu") -> Any:
    body = {"kind": "approval", "action": "hold.lift", "case": case, "hold": hold, "reason": "判决已生效，不再需要保全"}
    return api.client(by).post("/api/v1/access/requests", json=body)


def approve(api: ApiWorld, request: str, *, by: str = "ye") -> Any:
    return api.client(by).post(f"/api/v1/access/requests/{request}/approve")


def lift(api: ApiWorld, case: str, hold: str, *, by: str = "xu") -> Any:
    return api.client(by).post(f"/api/v1/cases/{case}/holds/{hold}/lift", json=DONE)


def test_a_hold_stands_at_once_and_nothing_is_destroyed(people: ApiWorld) -> None:
    case = people.make_case()
    placed = place(people, case)
    assert placed["by_name"] and placed["lift"] is None and placed["case"] == case
    with pytest.raises(ConflictError, match=placed["hold"]):
        shred_unit(people.world.vault, people.deps.tenant, case_ref(case))
    listed = ok(people.client("xu").get("/api/v1/holds")).json()["holds"]
    assert [(each["matter"], [row["number"] for row in each["cases"]]) for each in listed] == [(WORDS["matter"], ["sale-1"])]
    (audited,) = ok(people.client("song").get("/api/v1/holds")).json()["holds"]
    assert audited["matter"] == WORDS["matter"] and [row["case"] for row in audited["cases"]] == [case]


def test_one_matter_holds_several_cases(people: ApiWorld) -> None:
    first, second = people.make_case("one"), people.make_case("two")
    hold = place(people, first)["hold"]
    assert place(people, second, hold=hold)["hold"] == hold
    [found] = ok(people.client("xu").get("/api/v1/holds")).json()["holds"]
    assert {row["number"] for row in found["cases"]} == {"one", "two"} and found["hidden"] == 0


def test_a_hold_is_lifted_by_two_people_for_this_very_hold(people: ApiWorld) -> None:
    case = people.make_case()
    hold, other = place(people, case)["hold"], place(people, case)["hold"]
    expect_problem(lift(people, case, hold), 403)
    request = ok(ask(people, case, hold)).json()
    assert (request["case"], request["hold"]) == (case, hold)
    expect_problem(approve(people, request["request"], by="xu"), 403)
    expect_problem(lift(people, case, hold), 403)
    ok(approve(people, request["request"]))
    expect_problem(lift(people, case, other), 403)
    expect_problem(lift(people, case, hold, by="ye"), 403)
    lifted = ok(lift(people, case, hold)).json()
    assert lifted["lift"]["second_name"] and lifted["lift"]["by"] != lifted["lift"]["second"]
    assert lifted["lift"]["request"] == request["request"]
    expect_problem(lift(people, case, hold), 403)  # what was approved was done
    states = {each["hold"]: each["lift"] for each in ok(people.client("xu").get(f"/api/v1/cases/{case}/holds")).json()["holds"]}
    assert states[hold] and states[other] is None


def test_nobody_is_asked_to_approve_what_is_no_hold(people: ApiWorld) -> None:
    case = people.make_case()
    expect_problem(ask(people, case, "h" + "0" * 26), 404)
    expect_problem(ask(people, case, ""), 404)
    hold = place(people, case)["hold"]
    expect_problem(ask(people, case, hold, by="he"), 403)
    expect_problem(ask(people, people.make_case("two"), hold), 404)


@pytest.mark.parametrize(("name", "status"), [("lin", 403), ("he", 403), ("lu", 403), ("min", 403), ("song", 403), ("xu", 201)])
def test_a_hold_is_placed_by_compliance_alone(people: ApiWorld, name: str, status: int) -> None:
    case = people.make_case()
    assert people.client(name).post(f"/api/v1/cases/{case}/holds", json=WORDS).status_code == status


def test_whoever_is_under_investigation_does_not_see_that_they_are(people: ApiWorld) -> None:
    """The agent of the case and their supervisor: neither list nor case says that a hold stands."""
    case = people.make_case()
    place(people, case)
    for name in ("lin", "he"):
        expect_problem(people.client(name).get("/api/v1/holds"), 403)
        expect_problem(people.client(name).get(f"/api/v1/cases/{case}/holds"), 403)
    assert "hold" not in ok(people.client("lin").get(f"/api/v1/cases/{case}")).text
    assert ok(people.client("he").get("/api/v1/retention")).json()["holds"] is None
    assert len(ok(people.client("xu").get("/api/v1/retention")).json()["holds"]) == 1


def test_words_that_say_nothing_are_refused(people: ApiWorld) -> None:
    case = people.make_case()
    for body in ({**WORDS, "reason": "x"}, {**WORDS, "matter": ""}, {**WORDS, "hold": "h1"}, {"matter": "one"}):
        expect_problem(people.client("xu").post(f"/api/v1/cases/{case}/holds", json=body), 422)
    assert ok(people.client("xu").get(f"/api/v1/cases/{case}/holds")).json()["holds"] == []
    expect_problem(people.client("xu").post(f"/api/v1/cases/{'c' + 'a2' * 13}/holds", json=WORDS), 404)
