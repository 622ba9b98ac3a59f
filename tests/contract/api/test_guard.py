"""Bounds on every request: size, rate, draining; and cookies that other sites and scripts cannot use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jianlu.deliver.api.guard import BODY_BYTES_MAX, BURST, TRIES_BURST
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld


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
    joined = api.client().post("/api/v1/join", json={"token": api.invite(api.make_case())})
    for answer, name in ((signed_in, "__Host-jianlu"), (joined, "__Host-jianlu-seat")):
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


@pytest.mark.parametrize("key", ["short", "x" * 201, "with space", "zeichenäö12"])
def test_a_malformed_idempotency_key_is_refused(api: ApiWorld, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("utf-8")}
    expect_problem(api.client("lin").post("/api/v1/cases", json={}, headers=headers), 422)  # type: ignore[arg-type]
