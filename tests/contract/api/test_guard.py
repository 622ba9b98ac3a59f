"""Bounds on every request: size, rate, draining; and cookies that other sites and scripts cannot use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from jianlu.deliver.api.app import create_app
from jianlu.deliver.api.bodies import BODY_BYTES_MAX
from jianlu.deliver.api.cookies import SEATS_HELD_MAX
from jianlu.deliver.api.guard import BURST, TRIES_BURST
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import DEVICES, ApiWorld, ok


def test_a_body_that_is_too_long_is_refused_however_it_comes(api: ApiWorld) -> None:
    client = api.client("lin")
    expect_problem(client.post("/api/v1/cases", content=b"x" * (BODY_BYTES_MAX + 1)), 413)

    def chunks() -> Iterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 65_536 + 2):
            yield b"x" * 65_536

    for headers in ({}, {"Idempotency-Key": "0f3c2a4e-5d0b"}):
        expect_problem(client.post("/api/v1/cases", content=chunks(), headers=headers), 413)
    assert client.get("/api/v1/health").status_code == 200


def test_guessing_is_slowed_down_long_before_other_calls_are(api: ApiWorld) -> None:
    client = api.client()
    tries = [client.post("/api/v1/join", json={"token": f"guess-{n}"}) for n in range(int(TRIES_BURST) + 5)]
    statuses = [answer.status_code for answer in tries]
    assert statuses[0] == 403 and statuses[-1] == 429
    assert int(tries[-1].headers["retry-after"]) >= 1
    assert client.get("/api/v1/health").status_code == 200
    api.world.clock.move(10_000)
    assert client.post("/api/v1/join", json={"token": "guess"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/sign-in", {"name": "lin", "password": "guess"}),
        ("/api/v1/join", {"token": "guess"}),
        ("/api/v1/copy", {"token": "guess", "code": "1"}),
    ],
)
def test_the_processes_of_a_home_count_guesses_together_and_a_restart_forgives_none(
    api: ApiWorld, path: str, body: dict[str, str]
) -> None:
    processes = [TestClient(create_app(api.deps), base_url="https://testserver", headers={"X-Jianlu": "1"}) for _ in range(3)]
    statuses = [processes[number % 3].post(path, json=body).status_code for number in range(int(TRIES_BURST) + 3)]
    assert 429 not in statuses[: int(TRIES_BURST)] and statuses[int(TRIES_BURST) :] == [429] * 3
    again = TestClient(create_app(api.deps), base_url="https://testserver", headers={"X-Jianlu": "1"})
    assert again.post(path, json=body).status_code == 429


def test_a_method_that_no_route_takes_is_answered_with_those_that_are_taken(api: ApiWorld) -> None:
    client = api.client("lin")
    for own in ({"X-Jianlu": "1"}, {"X-Jianlu": "0"}):
        for method in ("TRACE", "PUT", "QUERY"):
            answer = client.request(method, "/api/v1/cases", headers=own)
            expect_problem(answer, 405)
            assert answer.headers["allow"] == "GET, POST"
        expect_problem(client.post("/api/v1/nothing", headers=own), 404 if own["X-Jianlu"] == "1" else 403)


@pytest.mark.parametrize("claimed", ["", "nobody", "staff ", "seat:", "seat:CUSTOMER", "seat:a;b", "staff,seat"])
def test_a_capacity_that_is_none_is_refused(api: ApiWorld, claimed: str) -> None:
    expect_problem(api.client("lin").get("/api/v1/me", headers={"X-Jianlu-As": claimed}), 422)


def test_a_flood_from_one_address_is_shed_and_ends_by_itself(api: ApiWorld) -> None:
    client = api.client()
    statuses = {client.get("/api/v1/me").status_code for _ in range(int(BURST) + 20)}
    assert statuses == {200, 429}
    api.world.clock.move(1_000)
    assert client.get("/api/v1/me").status_code == 200


def test_an_installation_that_drains_takes_nothing_new_but_lets_people_end(api: ApiWorld) -> None:
    client, case = api.client("lin"), api.make_case()
    api.deps.is_draining.set()
    assert client.get("/api/v1/health").status_code == 503
    answer = client.post("/api/v1/cases", json={})
    expect_problem(answer, 503)
    assert answer.headers["retry-after"]
    assert client.get(f"/api/v1/cases/{case}").status_code == 200
    assert client.post("/api/v1/sign-out").status_code == 204


def test_cookies_are_for_this_host_and_not_for_scripts(api: ApiWorld) -> None:
    client = api.client()
    signed_in = client.post("/api/v1/sign-in", json={"name": "lin", "password": "correct horse battery"})
    case = api.make_case()
    joined = api.client().post("/api/v1/join", json={"token": api.invite(case)})
    for answer, name in ((signed_in, "__Host-jianlu"), (joined, f"__Host-jianlu-seat.{case}.customer")):
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie


def test_a_browser_with_both_cookies_says_as_whom_it_calls(api: ApiWorld) -> None:
    case = api.make_case()
    browser = api.client()
    browser.post("/api/v1/sign-in", json={"name": "lin", "password": "correct horse battery"})
    browser.post("/api/v1/join", json={"token": api.invite(case)})
    kinds = {
        "": browser.get("/api/v1/me").json()["kind"],
        "staff": browser.get("/api/v1/me", headers={"X-Jianlu-As": "staff"}).json()["kind"],
        "seat": browser.get("/api/v1/me", headers={"X-Jianlu-As": "seat"}).json()["kind"],
        "query": browser.get("/api/v1/me?as=seat").json()["kind"],
    }
    assert kinds == {"": "staff", "staff": "staff", "seat": "participant", "query": "participant"}
    browser.post("/api/v1/sign-out")
    assert browser.get("/api/v1/me").json()["kind"] == "participant"


def test_two_tabs_of_one_browser_sit_on_two_seats(api: ApiWorld) -> None:
    case = api.make_case("sale-2", facts={"customer.age": 16}, people={"guardian": {"name": "王母"}})
    other = api.make_case()
    browser = api.client()
    for each, seat in ((case, "customer"), (case, "guardian"), (other, "customer")):
        ok(browser.post("/api/v1/join", json={"token": api.invite(each, seat)}))
    at = f"/api/v1/cases/{case}"
    for seat in ("customer", "guardian"):
        headers = {"X-Jianlu-As": f"seat:{seat}"}
        assert ok(browser.get(f"{at}/session", headers=headers)).json()["you"] == {"seat": seat, "is_staff": False}
        assert ok(browser.get(f"{at}/session?as=seat:{seat}")).json()["you"]["seat"] == seat
        ok(browser.post(f"{at}/preflight", json=DEVICES, headers=headers))
        assert browser.get("/api/v1/me", headers=headers).json()["seat"] == seat
    assert ok(browser.get(f"/api/v1/cases/{other}/session?as=seat")).json()["case"] == other, "the path says which case"
    expect_problem(browser.get(f"{at}/session", headers={"X-Jianlu-As": "seat:witness"}), 401)
    expect_problem(api.client().get(f"{at}/session", headers={"X-Jianlu-As": "seat:customer"}), 401)
    ok(browser.post("/api/v1/leave", headers={"X-Jianlu-As": "seat:guardian"}))
    expect_problem(browser.get(f"{at}/session", headers={"X-Jianlu-As": "seat:guardian"}), 401)
    assert ok(browser.get(f"{at}/session")).json()["you"]["seat"] == "customer"
    ok(browser.post("/api/v1/leave"))
    expect_problem(browser.get(f"{at}/session"), 401)


def test_a_browser_that_joined_many_sessions_lets_the_oldest_go(api: ApiWorld) -> None:
    browser, cases = api.client(), [api.make_case(f"sale-{number}") for number in range(SEATS_HELD_MAX + 2)]
    for case in cases:
        ok(browser.post("/api/v1/join", json={"token": api.invite(case)}))
    held = [name for name in browser.cookies if name.startswith("__Host-jianlu-seat.")]
    assert len(held) == SEATS_HELD_MAX
    assert ok(browser.get(f"/api/v1/cases/{cases[-1]}/session")).json()["case"] == cases[-1]


@pytest.mark.parametrize("key", ["short", "x" * 201, "with space", "zeichenäö12"])
def test_a_malformed_idempotency_key_is_refused(api: ApiWorld, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("utf-8")}
    expect_problem(api.client("lin").post("/api/v1/cases", json={}, headers=headers), 422)  # type: ignore[arg-type]


def behind(api: ApiWorld, *proxies: str) -> FastAPI:
    """The application with these networks trusted."""
    serve = api.deps.settings.serve.model_copy(update={"trusted_proxies": proxies})
    return create_app(replace(api.deps, settings=api.deps.settings.model_copy(update={"serve": serve})))


def tries_until_slowed(app: FastAPI, peer: str, forwarded: Callable[[int], str]) -> int:
    """How many tries to join come through before one is slowed down, of many."""
    client = TestClient(app, base_url="https://testserver", headers={"X-Jianlu": "1"}, client=(peer, 40_000))
    for number in range(int(TRIES_BURST) + 10):
        answer = client.post("/api/v1/join", json={"token": "guess"}, headers={"X-Forwarded-For": forwarded(number)})
        if answer.status_code == 429:
            return number
    return -1


def test_a_stranger_who_claims_other_addresses_is_slowed_down_all_the_same(api: ApiWorld) -> None:
    app = behind(api, "10.0.4.0/28")
    assert tries_until_slowed(app, "203.0.113.9", lambda number: f"198.51.100.{number}") == int(TRIES_BURST)
    assert tries_until_slowed(behind(api), "10.0.4.1", lambda number: f"198.51.100.{number}") == int(TRIES_BURST), (
        "nobody is trusted"
    )


def test_behind_a_trusted_proxy_callers_are_told_apart_and_their_own_claims_are_not_believed(api: ApiWorld) -> None:
    app = behind(api, "10.0.4.0/28", "10.0.8.7/32")
    assert tries_until_slowed(app, "10.0.4.1", lambda number: f"198.51.100.{number}") == -1, "forty callers, forty buckets"
    spoofed = tries_until_slowed(app, "10.0.4.2", lambda number: f"192.0.2.{number}, 203.0.113.9")
    assert spoofed == int(TRIES_BURST), "what stands before the proxy's own entry is the caller's claim"
    chained = tries_until_slowed(app, "10.0.4.3", lambda number: f"192.0.2.{number}, 203.0.113.10, 10.0.8.7")
    assert chained == int(TRIES_BURST)


@pytest.mark.parametrize(
    "query", ["state=sealed&state=draft", "state=sealed&q=x&state=sealed", "q=&q=", "state=sealed&%73tate=draft"]
)
def test_a_parameter_that_stands_twice_is_refused_whatever_it_says(api: ApiWorld, query: str) -> None:
    client = api.client("lin")
    expect_problem(client.get(f"/api/v1/cases?{query}"), 422)
    assert client.get("/api/v1/cases?state=sealed&q=").status_code == 200
