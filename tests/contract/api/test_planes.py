"""Administration has a port of its own: at every other one it does not exist, for anybody, whatever a request says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from starlette.routing import Match

from jianlu.deliver.api.app import ROUTERS, create_app
from jianlu.deliver.api.planes import ADMINISTRATIVE, PAGES, Elsewhere, administrative_routes
from jianlu.deliver.api.rights import ASKS_INSIDE, asks_of
from tests.fakes.api.hardened import Way, ways
from tests.fakes.api.world import HERE, PASSWORD, PROGRAM, ApiWorld, api_world

APART, SHARED = 9443, 443
NOTHING = (404, "there is no such resource: check the path")
"""As for a path that no route has: nobody learns that there is something."""

FAMILIES = ("system.", "apikey.", "webhook.")
"""Actions that have no other use: a new one of these belongs to administration."""

PEOPLE = {"sun": ["administrator"], "gao": ["security_administrator"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    folder = tmp_path_factory.mktemp("planes")
    with api_world(f"sqlite:///{folder}/index.sqlite", folder, also=PEOPLE) as made, ExitStack() as stack:
        deps = replace(made.deps, administration_port=APART)
        yield ApiWorld(create_app(deps), deps, made.world, stack)


def at(world: ApiWorld, port: int, name: str = "") -> TestClient:
    client = TestClient(
        world.app,
        base_url=f"https://testserver:{port}",
        headers={"X-Jianlu": "1", "User-Agent": PROGRAM},
        client=(HERE, 50_000),
    )
    if name:
        answer = client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
    return client


def administration(world: ApiWorld) -> list[Way]:
    """Each method of each of its routes."""
    known = {(method, route.path) for route in administrative_routes(ROUTERS) for method in route.methods or ()}
    found = [way for way in ways(create_app(replace(world.deps, administration_port=0))) if (way.method, way.template) in known]
    assert len(found) == len(known) > 35
    return found


def asked(world: ApiWorld, client: TestClient, way: Way) -> tuple[int, str]:
    world.world.clock.move(1_000)
    answer = client.request(way.method, way.path)
    return answer.status_code, answer.json().get("detail", "") if answer.content else ""


def test_no_route_of_administration_exists_at_the_port_that_customers_and_agents_reach(world: ApiWorld) -> None:
    for name in ("sun", "gao", "xu", ""):
        client = at(world, SHARED, name)
        for way in administration(world):
            found = asked(world, client, way)
            assert found == NOTHING, f"{way.name} for {name}: {found}"


def test_at_its_own_port_each_answers_as_the_rights_decide(world: ApiWorld) -> None:
    for name in ("sun", "gao"):
        client = at(world, APART, name)
        for way in administration(world):
            assert asked(world, client, way) != NOTHING, way.name
    assert at(world, APART, "sun").get("/api/v1/administration").status_code == 200
    assert at(world, APART, "lin").get("/api/v1/administration").status_code == 403
    assert at(world, APART).get("/api/v1/administration").status_code == 401


@pytest.mark.parametrize(
    "claimed",
    [
        {"Host": f"testserver:{APART}"},
        {"X-Forwarded-Port": str(APART), "X-Forwarded-Host": f"testserver:{APART}"},
        {"Forwarded": f"host=testserver:{APART}"},
        {"Origin": f"https://testserver:{APART}"},
    ],
    ids=",".join,
)
def test_no_header_brings_a_request_to_the_other_side(world: ApiWorld, claimed: dict[str, str]) -> None:
    assert at(world, SHARED, "sun").get("/api/v1/administration", headers=claimed).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/v1/administration/", "/api/v1//administration", "/%61pi/v1/administration", "/scim/v2/Users"]
)
def test_no_spelling_of_the_path_does_either(world: ApiWorld, path: str) -> None:
    assert at(world, SHARED, "sun").get(path).status_code == 404


def test_what_everybody_does_is_done_at_both_ports(world: ApiWorld) -> None:
    for port in (APART, SHARED):
        client = at(world, port, "gao")
        for path in ("/api/v1/health", "/api/v1/me", "/api/v1/accounts", "/api/v1/access/policies/versions"):
            assert client.get(path).status_code == 200, path


def test_a_new_route_of_an_action_of_administration_is_hidden_by_itself() -> None:
    hidden = {route.path for route in administrative_routes(ROUTERS)}
    declared = {action for route in administrative_routes(ROUTERS) for action in _actions(route)}
    assert declared >= ADMINISTRATIVE, "an action that no route asks for protects nothing"
    every = [route for router in ROUTERS for route in router.routes]
    left = {route.path for route in every for action in _actions(route) if action.startswith(FAMILIES)} - hidden
    assert left == set()


@pytest.mark.parametrize("server", [None, ("testserver", None), ("/run/web.sock", None), ("testserver", SHARED)])
def test_a_request_whose_port_is_not_known_came_from_elsewhere(server: tuple[str, int | None] | None) -> None:
    elsewhere = Elsewhere(APART, administrative_routes(ROUTERS))
    for path in (*PAGES, "/api/v1/administration"):
        scope = {"type": "http", "method": "GET", "path": path.replace("{endpoint}", "w1"), "server": server}
        assert elsewhere.matches(scope)[0] is Match.FULL
        assert elsewhere.matches({**scope, "server": ("testserver", APART)})[0] is Match.NONE


def _actions(route: object) -> set[str]:
    asks = {each.action for each in asks_of(route)} if hasattr(route, "dependant") else set()  # type: ignore[arg-type]
    return (asks | {ASKS_INSIDE.get(getattr(route, "name", ""), "")}) - {""}
