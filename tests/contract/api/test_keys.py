"""API keys: shown once, narrowed by scopes, never beside a cookie, slowed down each for itself, revoked for the very next call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from jianlu.core.terms.events import EventType
from jianlu.deliver.api.app import ROUTERS
from jianlu.deliver.api.bearer import ACTIONS
from jianlu.deliver.api.rights import ASKS_INSIDE, asks_of
from jianlu.govern.apikeys._tables import api_keys
from jianlu.govern.apikeys.keys import KEYS_MAX
from jianlu.govern.identity.accounts import set_active
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.programs import administrator, make_key, make_program, program
from tests.fakes.api.world import ApiWorld, ok, sale_body


def test_a_key_is_shown_once_and_kept_as_a_digest(api: ApiWorld) -> None:
    make_program(api)
    made = make_key(api)
    assert made["key"].startswith("jlk_") and len(made["key"]) >= 40
    with api.deps.database.connect() as connection:
        rows = list(connection.execute(select(api_keys)).mappings())
    assert made["key"] not in str(rows) and made["key"].removeprefix("jlk_") not in str(rows)
    listed = ok(administrator(api).get("/api/v1/keys")).json()["keys"]
    assert [each["id"] for each in listed] == [made["entry"]["id"]] and made["key"] not in str(listed)


def test_a_program_makes_and_reads_cases_with_its_key_alone(api: ApiWorld) -> None:
    make_program(api)
    client = program(api, make_key(api, scopes=["case.*"])["key"])
    case = ok(client.post("/api/v1/cases", json=sale_body())).json()["case"]
    assert [each["case"] for each in ok(client.get("/api/v1/cases")).json()["cases"]] == [case]
    assert ok(client.get("/api/v1/me")).json()["name"] == "program-core"


def test_a_key_does_nothing_that_its_scopes_do_not_name(api: ApiWorld) -> None:
    make_program(api, roles=["agent", "supervisor", "compliance"])
    client = program(api, make_key(api, scopes=["case.list"])["key"])
    ok(client.get("/api/v1/cases"))
    document = expect_problem(client.post("/api/v1/cases", json=sale_body()), 403)
    assert document["type"] == "urn:jianlu:problem:denied" and "case.make" in document["detail"]


def test_no_scope_reaches_keys_accounts_and_approvals(api: ApiWorld) -> None:
    make_program(api, roles=["compliance"])
    client = program(api, make_key(api)["key"])
    for method, path, body in (
        ("GET", "/api/v1/keys", None),
        ("POST", "/api/v1/keys", {"name": "another", "scopes": ["case.read"]}),
        ("POST", "/api/v1/programs", {"name": "program-x", "roles": ["agent"]}),
        ("POST", "/api/v1/me/totp", None),
        ("POST", "/api/v1/scripts/some/versions/1/approve", None),
    ):
        expect_problem(client.request(method, path, json=body), 403)
    for scope in ("apikey.make", "account.*", "policy.approve", "case", "case.read.all", "CASE.read", "", "*"):
        answer = administrator(api).post("/api/v1/keys", json={"name": "x", "account": "program-core", "scopes": [scope]})
        expect_problem(answer, 422)


def test_a_key_may_do_no_more_than_its_account(api: ApiWorld) -> None:
    make_program(api)
    client = program(api, make_key(api)["key"])
    case = api.make_case()
    ok(api.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    expect_problem(client.get(f"/api/v1/cases/{case}/session"), 404, 403)


def test_the_record_says_that_a_program_sat_down_and_not_a_person(api: ApiWorld) -> None:
    make_program(api)
    client = program(api, make_key(api)["key"])
    case = ok(client.post("/api/v1/cases", json=sale_body())).json()["case"]
    ok(client.post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    taken = next(event.body for event in api.world.events(case) if event.type is EventType.SEAT_TAKEN)
    assert taken == {"seat": "agent", "how": "program"}


def test_a_revoked_key_is_refused_at_its_next_call(api: ApiWorld) -> None:
    make_program(api)
    made = make_key(api)
    client = program(api, made["key"])
    ok(client.get("/api/v1/cases"))
    revoked = ok(administrator(api).delete(f"/api/v1/keys/{made['entry']['id']}")).json()
    assert revoked["state"] == "revoked"
    assert expect_problem(client.get("/api/v1/cases"), 401)["type"] == "urn:jianlu:problem:sign-in-needed"
    assert ok(client.get("/api/v1/me")).json() == {"kind": "nobody"}


def test_a_key_is_over_when_its_time_or_its_account_is(api: ApiWorld) -> None:
    make_program(api)
    brief, long = (program(api, make_key(api, days=days)["key"]) for days in (1, 30))
    api.world.clock.move(int(timedelta(days=1).total_seconds()) * 1000)
    expect_problem(brief.get("/api/v1/cases"), 401)
    ok(long.get("/api/v1/cases"))
    set_active(api.deps.identity, api.deps.tenant, "program-core", is_active=False)
    expect_problem(long.get("/api/v1/cases"), 401)


def test_a_cookie_beside_a_key_counts_for_nothing(api: ApiWorld) -> None:
    """Otherwise a page of another site could send a made-up key, be spared the check of its origin, and act by the browser's cookie."""
    client = api.client()
    ok(client.post("/api/v1/sign-in", json={"name": "lin", "password": "correct horse battery"}))
    for claimed in ("jlk_", "jlk_made-up", "jlk_" + "A" * 43, "jlk_" + "x" * 5_000):
        expect_problem(client.post("/api/v1/cases", json=sale_body(), headers={"Authorization": f"Bearer {claimed}"}), 401)
    expect_problem(client.post("/api/v1/cases", json=sale_body(), headers={"Authorization": "Bearer x", "X-Jianlu": ""}), 403)


def test_a_key_in_a_query_or_a_cookie_is_nobodys(api: ApiWorld) -> None:
    make_program(api)
    key = make_key(api)["key"]
    client = api.client()
    expect_problem(client.get(f"/api/v1/cases?access_token={key}"), 401)
    for name in ("__Host-jianlu", "jianlu", "Authorization"):
        client.cookies.set(name, key)
        expect_problem(client.get("/api/v1/cases"), 401)


def test_each_key_is_slowed_down_for_itself_and_told_what_is_left(api: ApiWorld) -> None:
    make_program(api)
    slow, other = (program(api, make_key(api, per_minute=5)["key"]) for _ in range(2))
    answers = [slow.get("/api/v1/cases") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers[:2]] == ['"key";r=4', '"key";r=3']
    assert answers[0].headers["ratelimit-policy"] == '"key";q=5;w=60'
    refused = expect_problem(answers[-1], 429)
    assert refused["type"] == "urn:jianlu:problem:too-many-requests" and int(answers[-1].headers["retry-after"]) == 12
    ok(other.get("/api/v1/cases"))
    api.world.clock.move(12_000)
    ok(slow.get("/api/v1/cases"))
    assert "ratelimit" not in api.client("lin").get("/api/v1/cases").headers


def test_keys_of_one_account_do_not_get_each_others_answers(api: ApiWorld) -> None:
    make_program(api)
    wide, narrow = (program(api, make_key(api, scopes=[scope])["key"]) for scope in ("*.*", "case.list"))
    headers = {"Idempotency-Key": "the-same-key-for-both"}
    ok(wide.post("/api/v1/cases", json=sale_body(), headers=headers))
    expect_problem(narrow.post("/api/v1/cases", json=sale_body(), headers=headers), 403)


def test_a_person_makes_no_key_in_another_persons_name(api: ApiWorld) -> None:
    body = {"name": "x", "account": "lin", "scopes": ["case.read"]}
    expect_problem(administrator(api).post("/api/v1/keys", json=body), 403)
    expect_problem(api.client("lin").post("/api/v1/keys", json={"name": "x", "scopes": ["case.read"]}), 403)
    expect_problem(api.client("lin").post("/api/v1/programs", json={"name": "program-x", "roles": ["agent"]}), 403)


@pytest.mark.parametrize("role", ["administrator", "security_administrator", "audit_administrator", "regulator"])
def test_a_program_is_never_an_administrator(api: ApiWorld, role: str) -> None:
    made = administrator(api, "security_administrator").post("/api/v1/programs", json={"name": "program-x", "roles": [role]})
    expect_problem(made, 422)


def test_an_account_has_a_bounded_number_of_keys(api: ApiWorld) -> None:
    make_program(api)
    made = [make_key(api) for _ in range(KEYS_MAX)]
    body = {"name": "one more", "account": "program-core", "scopes": ["case.read"]}
    expect_problem(administrator(api).post("/api/v1/keys", json=body), 409)
    ok(administrator(api).delete(f"/api/v1/keys/{made[0]['entry']['id']}"))
    make_key(api)


def test_when_a_key_was_used_last_is_listed(api: ApiWorld) -> None:
    make_program(api)
    made = make_key(api)
    assert made["entry"]["used_at"] == ""
    ok(program(api, made["key"]).get("/api/v1/cases"))
    assert ok(administrator(api).get("/api/v1/keys")).json()["keys"][0]["used_at"]


def test_every_operation_that_takes_a_key_is_one_of_the_description(api: ApiWorld) -> None:
    described = {each["operationId"]: each for item in api.app.openapi()["paths"].values() for each in item.values()}
    for name in set(ACTIONS) & set(described):
        assert {"api_key": []} in described[name]["security"] and described[name]["x-scope"] == ACTIONS[name]
    for name in ("api_keys", "make_key", "revoke_key", "make_program", "approve", "begin_totp", "sign_in"):
        assert {"api_key": []} not in described[name]["security"]


def test_the_scope_of_an_operation_is_what_it_asks_of_the_policies(api: ApiWorld) -> None:
    """A key that is given `case.play` may do what the policies call so, and nothing else by another name."""
    routes = {route.name: route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)}
    assert len(ACTIONS) > 50
    for name, action in ACTIONS.items():
        asked = {each.action for each in asks_of(routes[name])} or {ASKS_INSIDE.get(name, "")}
        assert asked == {action}, name
