"""OWASP API Security Top 10 (2023), one test a risk: what an attacker tries, and that it comes to nothing.

Where a risk has a suite of its own, the test here is the shortest attack of it, and says where the rest is.
"""

from __future__ import annotations

import json
import re

import pytest
from fastapi.routing import APIRoute

from jianlu.deliver.api.app import ROUTERS, description_text
from jianlu.deliver.api.bearer import ACTIONS
from jianlu.deliver.api.bodies import BODY_BYTES_MAX
from jianlu.deliver.api.guard import TRIES_BURST
from jianlu.deliver.api.rights import ASKS_INSIDE, FOR_ANYBODY, asks_of
from jianlu.deliver.webhooks.model import ANSWER_BYTES_MAX, ATTEMPT_S, RETRY_AFTER_S_MAX
from jianlu.deliver.webhooks.post import retry_after_s
from jianlu.govern.apikeys.model import covers
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.programs import administrator, make_key, make_program, program
from tests.fakes.api.world import NOBODYS_CASE, ApiWorld, ok, sale_body


def test_api1_a_case_of_somebody_else_is_closed_whatever_is_guessed(api: ApiWorld) -> None:
    """Broken object level authorization; every route and role: `tests/property/access`."""
    case = api.make_case(name="lin")
    ok(api.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    make_program(api)
    stranger = program(api, make_key(api)["key"])
    for path in ("", "/session", "/progress", "/playback", "/package", "/file"):
        answers = [stranger.get(f"/api/v1/cases/{each}{path}") for each in (case, NOBODYS_CASE)]
        assert {answer.status_code for answer in answers} <= {403, 404}, path


def test_api2_a_guesser_is_slowed_down_and_a_forged_token_is_nobody(api: ApiWorld) -> None:
    """Broken authentication; `tests/unit/identity`, `test_keys.py`."""
    client = api.client()
    tries = [client.post("/api/v1/sign-in", json={"name": "lin", "password": f"guess {n}"}) for n in range(int(TRIES_BURST) + 2)]
    assert {answer.status_code for answer in tries} == {401, 429}
    for token in ("jlk_" + "A" * 43, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJsaW4ifQ.", "null", "undefined"):
        api.world.clock.move(60_000)
        expect_problem(client.get("/api/v1/cases", headers={"Authorization": f"Bearer {token}"}), 401)


def test_api3_no_field_is_set_that_is_not_offered_and_none_is_shown_that_is_not_described(api: ApiWorld) -> None:
    """Broken object property level authorization: bodies are closed, answers are held to their models in every test of this suite."""
    for extra in ({"agent": "he"}, {"state": "sealed"}, {"tenant": "other"}, {"created_by": "x"}, {"level": 1}):
        expect_problem(api.client("lin").post("/api/v1/cases", json={**sale_body(), **extra}), 422)
    make_program(api)
    body = {"name": "x", "account": "program-core", "scopes": ["case.read"], "key": "jlk_mine", "created_by": "lin"}
    expect_problem(administrator(api).post("/api/v1/keys", json=body), 422)
    document = json.loads(description_text())
    bodies = {
        reference.rpartition("/")[2]
        for item in document["paths"].values()
        for operation in item.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if (reference := content.get("schema", {}).get("$ref", ""))
    }
    assert len(bodies) > 20
    assert all(document["components"]["schemas"][name].get("additionalProperties") is False for name in bodies)


def test_api4_nobody_makes_the_server_work_without_bound(api: ApiWorld) -> None:
    """Unrestricted resource consumption: bodies, texts, lists and rates are bounded; `test_guard.py`, `test_keys.py`."""
    expect_problem(api.client("lin").post("/api/v1/cases", content=b"x" * (BODY_BYTES_MAX + 1)), 413)
    document = json.loads(description_text())
    for path, item in document["paths"].items():
        for operation in item.values():
            for each in operation.get("parameters", ()):
                schema = each["schema"]
                if each["in"] == "query" and schema.get("type") == "string" and "enum" not in schema:
                    assert {"maxLength", "pattern"} & set(schema), f"{path}: {each['name']} has no bound"
                if each["in"] == "query" and schema.get("type") == "integer":
                    assert "maximum" in schema, f"{path}: {each['name']} has no bound"


def test_api5_what_is_for_administrators_is_for_nobody_else(api: ApiWorld) -> None:
    """Broken function level authorization."""
    make_program(api, roles=["agent", "supervisor", "compliance", "reviewer", "auditor"])
    everybody = [api.client("lin"), api.client("he"), api.client("xu"), program(api, make_key(api)["key"])]
    for client in everybody:
        for method, path, body in (
            ("POST", "/api/v1/keys", {"name": "x", "scopes": ["case.read"]}),
            ("POST", "/api/v1/programs", {"name": "program-y", "roles": ["agent"]}),
            ("POST", "/api/v1/webhooks", {"url": "https://bank.example/", "name": "x"}),
            ("GET", "/api/v1/webhooks", None),
        ):
            expect_problem(client.request(method, path, json=body), 403)


def test_api6_a_program_that_does_one_thing_very_often_is_slowed_down(api: ApiWorld) -> None:
    """Unrestricted access to sensitive business flows: making cases, taking from the queue."""
    make_program(api)
    client = program(api, make_key(api, per_minute=3)["key"])
    statuses = [client.post("/api/v1/queue/take").status_code for _ in range(5)]
    assert statuses[3:] == [429, 429]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://10.0.0.8/",
        "http://bank.example/",
        "file:///etc/passwd",
    ],
)
def test_api7_no_webhook_leads_inside(api: ApiWorld, url: str) -> None:
    """Server side request forgery; names, rebinding and other spellings: `tests/unit/webhooks/test_addresses.py`."""
    expect_problem(administrator(api).post("/api/v1/webhooks", json={"url": url, "name": "x"}), 403, 422)


def test_api8_answers_say_how_they_may_be_used_and_errors_say_nothing_of_the_inside(api: ApiWorld) -> None:
    """Security misconfiguration; headers: `test_routes.py`, `test_guard.py`."""
    answer = api.client("lin").get("/api/v1/cases", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in api.client().options("/api/v1/cases", headers=preflight).headers
    assert answer.headers["cache-control"] == "no-store" and "server" not in answer.headers
    for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs", "/.env", "/debug", "/metrics"):
        assert api.client().get(path).status_code == 404
    for text in (api.client("lin").get("/api/v1/cases?page=x").text, api.client("lin").post("/api/v1/cases", content=b"{").text):
        assert not re.search(r"Traceback|File \"|sqlalchemy|pydantic|SELECT ", text)


def test_api9_every_route_is_described_and_asks_the_policies(api: ApiWorld) -> None:
    """Improper inventory management: there is one version, nothing is served beside its description, nothing asks nobody."""
    described = {(method.upper(), path) for path, item in json.loads(description_text())["paths"].items() for method in item}
    open_to_anybody, undeclared = set(FOR_ANYBODY), set[str]()
    for router in ROUTERS:
        for route in router.routes:
            methods: set[str] = getattr(route, "methods", set())
            path = getattr(route, "path", "")
            for method in methods - {"HEAD", "OPTIONS"}:
                shown = re.sub(r":path}", "}", path)
                assert (method, shown) in described or not getattr(route, "include_in_schema", True), f"{method} {path}"
            name = getattr(route, "name", "")
            asks = list(asks_of(route)) if isinstance(route, APIRoute) else []
            asks_inside = name in ASKS_INSIDE
            if not asks and not asks_inside and name not in open_to_anybody:
                undeclared.add(path)
    assert {path for path in undeclared if not path.startswith(("/api/v1/me", "/api/v1/sign-in", "/api/v1/enrol"))} <= {
        "/api/v1/search"
    }
    assert all(path.startswith(("/api/v1/", "/whip/", "/whep/", "/ledger/")) for _, path in described)


def test_api10_what_a_receiver_answers_is_not_believed() -> None:
    """Unsafe consumption of APIs: of a receiver's answer the status counts, and a bounded wait; `tests/unit/webhooks`."""
    assert ANSWER_BYTES_MAX <= 65_536 and ATTEMPT_S <= 15
    assert [retry_after_s(said) for said in ("", "x", "-1", "1e9", "١٢", "99999999", "120")] == [
        0,
        0,
        0,
        0,
        0,
        RETRY_AFTER_S_MAX,
        120,
    ]


def test_no_scope_of_any_operation_is_for_people_alone() -> None:
    assert all(covers(("*.*",), action) for action in ACTIONS.values())
