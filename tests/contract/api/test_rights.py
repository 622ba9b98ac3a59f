"""Rights through the API: every route by every role, two people, masked and revealed fields, roles, the record of looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import UnavailableError
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.access.requests import GOOD_FOR
from jianlu.govern.identity.model import Role
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, api_world, ok
from tests.property.access.routes import Asking, askings

ONE_EACH = {role.value.replace("_", "-"): [role.value] for role in Role}
REASON = "客户来电要求核对当时的说明"


@pytest.fixture
def rights(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    """An application with one account for each role beside the usual ones."""
    with api_world(database_url, tmp_path, also=ONE_EACH) as world:
        yield world


def ask(client: TestClient, case: str, kind: str = "emergency", action: str = "") -> dict[str, Any]:
    made: dict[str, Any] = ok(
        client.post("/api/v1/access/requests", json={"kind": kind, "action": action, "case": case, "reason": REASON})
    ).json()
    return made


@pytest.mark.thorough
def test_every_route_answers_each_role_as_the_policies_decide(rights: ApiWorld) -> None:
    case = rights.make_case()
    tried = 0
    for asking in askings():
        if asking.route.endswith("/stream"):
            continue  # it does not end for whoever may look; what it asks for is that of the session
        if asking.kind not in ("case", "tenant") or asking.route.startswith(
            ("POST /whip", "POST /whep", "PATCH /wh", "DELETE /wh")
        ):
            continue
        for name in (*ONE_EACH, "zhou"):
            row = row_of(case, using=rights.deps.sessions)  # an act that was allowed may have changed the case
            is_open = _is_open(rights, asking, name, row)
            answer = _call(rights, rights.client(name), asking.route, case)
            is_denied = answer.status_code == 403 and answer.json()["type"].endswith(":access-denied")
            assert is_denied is not is_open, f"{name} {asking}: {answer.status_code} {answer.text[:300]}"
            tried += 1
    assert tried > 700


def _is_open(rights: ApiWorld, asking: Asking, name: str, row: Any) -> bool:
    account = next(each for each in _accounts(rights) if each.name == name)
    from jianlu.govern.identity.model import Staff

    on = case_resource(row) if asking.kind == "case" else tenant_wide(rights.deps.tenant)
    return rights.deps.access.decide(Staff(account, "x", by_totp=False), asking.action, on).is_allowed


def _accounts(rights: ApiWorld) -> list[Any]:
    from jianlu.govern.identity.accounts import list_accounts

    return list_accounts(rights.deps.identity, rights.deps.tenant)


def _call(rights: ApiWorld, client: TestClient, route: str, case: str) -> Any:
    method, _, template = route.partition(" ")
    path = re.sub(r"\{\w+(:path)?\}", lambda found: case if found.group() == "{case}" else "agent", template)
    rights.world.clock.move(2_000)
    return client.request(method, path.replace("/agent.m4s", "/1.m4s"), headers={"Accept": "application/json"})


def test_an_agent_gets_a_403_that_says_rule_clause_and_the_emergency_path(api: ApiWorld) -> None:
    case = api.make_case()
    problem = expect_problem(api.client("zhou").get(f"/api/v1/cases/{case}"), 403)
    assert problem["denial"]["rules"] == ["deny-by-default"] and problem["denial"]["clauses"]
    assert "emergency" in problem["denial"]["next_step"]["en"] and "应急" in problem["denial"]["next_step"]["zh"]
    assert "deny-by-default" in problem["detail"]


def test_an_emergency_takes_two_people_a_reason_and_gives_notice(api: ApiWorld) -> None:
    case, zhou = api.make_case(), api.client("zhou")
    expect_problem(zhou.post("/api/v1/access/requests", json={"kind": "emergency", "case": case, "reason": "short"}), 422)
    made = ask(zhou, case)
    expect_problem(zhou.get(f"/api/v1/cases/{case}"), 403)
    expect_problem(zhou.post(f"/api/v1/access/requests/{made['request']}/approve"), 403)
    decided = ok(api.client("he").post(f"/api/v1/access/requests/{made['request']}/approve")).json()
    assert decided["state"] == "approved" and decided["decided_by_name"]
    ok(zhou.get(f"/api/v1/cases/{case}"))
    ok(zhou.get(f"/api/v1/cases/{case}/session"))
    expect_problem(zhou.post(f"/api/v1/cases/{case}/start"), 403)
    record = ok(api.client("xu").get(f"/api/v1/cases/{case}/access")).json()
    (notice,) = record["emergencies"]
    assert (notice["reason"], notice["asked_by_name"]) == (REASON, decided["asked_by_name"])
    assert {(line["action"], line["is_allowed"]) for line in record["lines"]} >= {("case.read", False), ("case.read", True)}
    api.world.clock.move(int(GOOD_FOR.total_seconds() * 1000) + 1_000)
    expect_problem(zhou.get(f"/api/v1/cases/{case}"), 401, 403)


def test_a_supervisor_does_not_open_an_emergency_for_themselves_nor_decide_twice(api: ApiWorld) -> None:
    case, he = api.make_case(), api.client("he")
    own = ask(he, case)
    problem = expect_problem(he.post(f"/api/v1/access/requests/{own['request']}/approve"), 403)
    assert problem["denial"]["rules"] == ["requests-by-a-second-person"]
    ok(api.client("xu").post(f"/api/v1/access/requests/{own['request']}/refuse"))
    expect_problem(api.client("xu").post(f"/api/v1/access/requests/{own['request']}/approve"), 409)


def test_an_approval_is_for_the_asker_and_this_case_alone(api: ApiWorld) -> None:
    case, other = api.make_case(), api.make_case("sale-2")
    api.approve_export(case)
    expect_problem(api.client("lin").get(f"/api/v1/cases/{case}/package"), 404)
    expect_problem(api.client("lin").get(f"/api/v1/cases/{other}/package"), 403)
    expect_problem(api.client("he").get(f"/api/v1/cases/{case}/package"), 403)
    expect_problem(
        api.client("zhou").post(
            "/api/v1/access/requests",
            json={
                "kind": "approval",
                "action": "package.export",
                "case": case,
                "reason": REASON,
                "place": "CN",
                "recipient": "own",
            },
        ),
        403,
    )


def test_the_same_call_is_masked_or_in_the_clear_by_role_and_purpose(rights: ApiWorld) -> None:
    case = rights.make_case("policy-2026-77")
    at = f"/api/v1/cases/{case}"
    assert ok(rights.client("lin").get(at)).json()["customer"] == "王**"
    assert ok(rights.client("lin").get(at, params={"purpose": "serving"})).json()["customer"] == "王小明"
    assert ok(rights.client("xu").get(at, headers={"X-Jianlu-Purpose": "disclosure"})).json()["customer"] == "王小明"
    assert ok(rights.client("he").get(at, params={"purpose": "serving"})).json()["customer"] == "王**"
    assert ok(rights.client("he").get(at)).json()["number"] == "policy-2026-77"
    assert ok(rights.client("auditor").get(at)).json()["number"] == "************77"
    (listed,) = ok(rights.client("auditor").get("/api/v1/cases")).json()["cases"]
    assert listed["number"] == "************77" and listed["customer"] == "王**"


def test_a_name_is_revealed_for_a_reason_that_is_on_the_record_first(api: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    case, he = api.make_case(), api.client("he")
    expect_problem(he.post(f"/api/v1/cases/{case}/reveal", json={}), 422)
    shown = ok(he.post(f"/api/v1/cases/{case}/reveal", json={"reason": REASON})).json()
    assert shown["people"]["customer"] == {"name": "王小明", "phone": "+86 21 5555 0101"}
    expect_problem(api.client("lin").post(f"/api/v1/cases/{case}/reveal", json={"reason": REASON}), 403)

    def away(kind: str, document: object) -> None:
        raise UnavailableError("the ledger is away: try again")

    monkeypatch.setattr(api.deps.access.log, "change", away)
    refused = he.post(f"/api/v1/cases/{case}/reveal", json={"reason": REASON})
    assert "王小明" not in refused.text and expect_problem(refused, 503)


def test_roles_are_given_by_a_security_administrator_never_to_themselves_never_two_of_three(rights: ApiWorld) -> None:
    security = rights.client("security-administrator")
    ok(security.put("/api/v1/accounts/zhou/roles", json={"roles": ["agent", "reviewer"]}))
    expect_problem(security.put("/api/v1/accounts/zhou/roles", json={"roles": ["administrator", "audit_administrator"]}), 422)
    expect_problem(security.put("/api/v1/accounts/zhou/roles", json={"roles": ["administrator", "agent"]}), 422)
    own = security.put("/api/v1/accounts/security-administrator/roles", json={"roles": ["agent"]})
    assert expect_problem(own, 403)["denial"]["rules"] == ["no-self-grant"]
    for name in ("administrator", "audit-administrator", "xu"):
        expect_problem(rights.client(name).put("/api/v1/accounts/zhou/roles", json={"roles": ["supervisor"]}), 403)
    roles = {each["name"]: each["roles"] for each in ok(security.get("/api/v1/accounts")).json()["accounts"]}
    assert roles["zhou"] == ["agent", "reviewer"]


def test_a_change_of_roles_ends_the_sign_ins_and_holds_on_the_next_request(rights: ApiWorld) -> None:
    case, he = rights.make_case(), rights.client("he")
    ok(he.get(f"/api/v1/cases/{case}"))
    ok(rights.client("security-administrator").put("/api/v1/accounts/he/roles", json={"roles": ["reviewer"]}))
    expect_problem(he.get(f"/api/v1/cases/{case}"), 401)


def test_a_lowered_standing_closes_cases_above_it_in_lists_too(rights: ApiWorld) -> None:
    case, security = rights.make_case(), rights.client("security-administrator")
    ok(security.put("/api/v1/accounts/he/standing", json={"branch": "", "place": "CN-31", "level": 2}))
    rights.world.clock.move(3_000)
    assert expect_problem(rights.client("he").get(f"/api/v1/cases/{case}"), 403)["denial"]["rules"] == ["level-above-standing"]
    assert ok(rights.client("he").get("/api/v1/cases")).json()["total"] == 0
    expect_problem(security.put("/api/v1/accounts/security-administrator/standing", json={"level": 5}), 403)


def test_the_record_of_looks_is_for_those_who_watch(rights: ApiWorld) -> None:
    case = rights.make_case()
    ok(rights.client("he").get(f"/api/v1/cases/{case}"))
    expect_problem(rights.client("lin").get(f"/api/v1/cases/{case}/access"), 403)
    expect_problem(rights.client("administrator").get("/api/v1/access/log"), 403)
    lines = ok(rights.client("audit-administrator").get("/api/v1/access/log")).json()["lines"]
    assert {"case.make", "case.read"} <= {line["action"] for line in lines}
    denied = ok(rights.client("audit-administrator").get("/api/v1/access/log", params={"which": "denied"})).json()["lines"]
    assert {(line["action"], line["is_allowed"]) for line in denied} == {("case.disclose", False), ("access.read", False)}
    rules = ok(rights.client("lin").get("/api/v1/access/policies")).json()["rules"]
    assert "deny-by-default" in {rule["id"] for rule in rules}
