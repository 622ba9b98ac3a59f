"""Signing in over HTTP: with a passkey, bound to a device, proved anew for what is sensitive, ended everywhere at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jianlu.govern.identity.model import PRESENT_FOR, STEP_UP_MAX
from tests.fakes.api.world import HERE, PASSWORD, PROGRAM, ApiWorld, ok
from tests.fakes.identity.authenticator import Authenticator, b64
from tests.fakes.identity.device import Device

DEVICE_NEEDED = "urn:jianlu:problem:device-proof-needed"
STEP_UP_NEEDED = "urn:jianlu:problem:step-up-needed"
AWAY = "urn:jianlu:problem:sign-in-needed"


def enrolled(client: TestClient, name: str = "phone") -> Authenticator:
    phone = Authenticator()
    options = ok(client.post("/api/v1/me/passkeys/options")).json()
    ok(client.post("/api/v1/me/passkeys", json={"credential": phone.create(options), "name": name}))
    return phone


def kind(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "")


@pytest.fixture
def device(api: ApiWorld) -> Device:
    return Device(api.world.clock.now)


@pytest.fixture
def bound(api: ApiWorld, device: Device) -> TestClient:
    """Lin, signed in on a device."""
    client = api.browser()
    client.auth = device
    ok(client.post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}))
    return client


def test_a_passkey_is_enrolled_and_signs_in_through_the_api(api: ApiWorld) -> None:
    phone = enrolled(api.client("lin"))
    again = api.browser()
    answer = phone.get(ok(again.post("/api/v1/sign-in/passkey/options")).json())
    assert ok(again.post("/api/v1/sign-in/passkey", json={"credential": answer})).json()["proved_by"] == "passkey"
    assert again.get("/api/v1/me").json()["name"] == "lin"
    replayed = api.browser().post("/api/v1/sign-in/passkey", json={"credential": answer})
    assert kind(replayed) == (401, AWAY)


def test_the_list_of_passkeys_is_ones_own(api: ApiWorld) -> None:
    enrolled(api.client("lin"), "lin's phone")
    enrolled(api.client("he"), "he's phone")
    (mine,) = api.client("lin").get("/api/v1/me/passkeys").json()["passkeys"]
    (others,) = api.client("he").get("/api/v1/me/passkeys").json()["passkeys"]
    assert mine["name"] == "lin's phone"
    assert api.client("lin").delete(f"/api/v1/me/passkeys/{others['id']}").status_code == 404
    ok(api.client("lin").delete(f"/api/v1/me/passkeys/{mine['id']}"))
    assert api.client("lin").get("/api/v1/me/passkeys").json()["passkeys"] == []


def test_a_bound_sign_in_works_on_its_device_with_a_proof_for_each_call(bound: TestClient) -> None:
    assert bound.get("/api/v1/me").json()["is_bound"]
    ok(bound.post("/api/v1/me/here"))
    assert len(ok(bound.get("/api/v1/me/sign-ins")).json()["sign_ins"]) == 1


def thief(api: ApiWorld, victim: TestClient, address: str = HERE, program: str = PROGRAM) -> TestClient:
    """Somebody with the victim's cookies and nothing else."""
    client = api.browser(address, program)
    client.cookies.update(victim.cookies)
    return client


@pytest.mark.parametrize(("address", "program"), [("10.0.0.9", PROGRAM), (HERE, "another browser"), ("10.0.0.9", "another")])
def test_a_stolen_cookie_is_refused_from_another_device_at_once(
    api: ApiWorld, bound: TestClient, address: str, program: str
) -> None:
    other = thief(api, bound, address, program)
    for answer in (other.get("/api/v1/cases"), other.post("/api/v1/me/here"), other.get("/api/v1/me/sign-ins")):
        assert kind(answer) == (401, DEVICE_NEEDED)
    other.auth = Device(api.world.clock.now)
    for answer in (other.get("/api/v1/cases"), other.post("/api/v1/me/here")):
        assert kind(answer) == (401, AWAY)
    assert bound.get("/api/v1/cases").status_code == 200, "the owner is not put out by it"


def test_a_stolen_cookie_changes_nothing_even_from_behind_the_same_address(api: ApiWorld, bound: TestClient) -> None:
    assert kind(thief(api, bound).post("/api/v1/me/sign-out-everywhere")) == (401, DEVICE_NEEDED)
    api.world.clock.move(int(PRESENT_FOR.total_seconds() * 1000))
    assert kind(thief(api, bound).get("/api/v1/cases")) == (401, DEVICE_NEEDED)


def test_the_sign_in_of_a_program_is_refused_from_elsewhere(api: ApiWorld) -> None:
    lin = api.client("lin")
    assert not lin.get("/api/v1/me").json()["is_bound"]
    for other in (thief(api, lin, "10.0.0.9"), thief(api, lin, HERE, "another")):
        assert kind(other.get("/api/v1/cases")) == (401, AWAY)
    assert thief(api, lin).get("/api/v1/cases").status_code == 200


def test_a_device_that_moves_proves_itself_and_goes_on(api: ApiWorld, bound: TestClient, device: Device) -> None:
    moved = thief(api, bound, "10.0.0.9")
    moved.auth = device
    ok(moved.post("/api/v1/me/here"))
    moved.auth = None  # type: ignore[assignment]  # what a browser loads by itself
    assert moved.get("/api/v1/cases").status_code == 200


WRONG_PROOFS: list[dict[str, Any]] = [
    {"htm": "DELETE"},
    {"htu": "https://testserver/api/v1/cases"},
    {"htu": "https://evil.example/api/v1/me/here"},
    {"iat": 0},
    {"iat": "now"},
    {"jti": ""},
    {"jti": 7},
    {"header": {"typ": "JWT"}},
    {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": b64(bytes(32)), "y": b64(bytes(32))}}},
    {"header": {"jwk": {"kty": "oct", "k": "AA"}}},
]


@pytest.mark.parametrize("wrong", WRONG_PROOFS)
def test_a_proof_for_another_call_is_none(bound: TestClient, device: Device, wrong: dict[str, Any]) -> None:
    proof = device.proof("POST", "https://testserver/api/v1/me/here", **wrong)
    assert kind(bound.post("/api/v1/me/here", headers={"DPoP": proof})) == (401, DEVICE_NEEDED)


@pytest.mark.parametrize("proof", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "." * 1_999, "x" * 5_000, "W" * 1_900 + ".."])
def test_what_is_no_proof_is_refused(bound: TestClient, proof: str) -> None:
    assert kind(bound.post("/api/v1/me/here", headers={"DPoP": proof})) == (401, DEVICE_NEEDED)


def test_a_proof_is_good_once(bound: TestClient, device: Device) -> None:
    proof = device.proof("POST", "https://testserver/api/v1/me/here")
    ok(bound.post("/api/v1/me/here", headers={"DPoP": proof}))
    assert kind(bound.post("/api/v1/me/here", headers={"DPoP": proof})) == (401, DEVICE_NEEDED)


def test_what_is_sensitive_asks_for_a_fresh_proof_and_takes_password_or_passkey(api: ApiWorld) -> None:
    lin = api.client("lin")
    phone = enrolled(lin)
    for prove in ("password", "passkey"):
        api.world.clock.move(int((STEP_UP_MAX + timedelta(minutes=1)).total_seconds() * 1000))
        assert kind(lin.post("/api/v1/me/passkeys/options")) == (401, STEP_UP_NEEDED)
        body: dict[str, Any] = {"password": PASSWORD}
        if prove == "passkey":
            body = {"credential": phone.get(ok(lin.post("/api/v1/me/step-up/options")).json())}
        ok(lin.post("/api/v1/me/step-up", json=body))
        ok(lin.post("/api/v1/me/passkeys/options"))
        assert lin.get("/api/v1/me").json()["proved_by"] == prove


@pytest.mark.parametrize("body", [{}, {"code": "123456", "password": PASSWORD}])
def test_step_up_takes_exactly_one_proof(api: ApiWorld, body: dict[str, Any]) -> None:
    assert api.client("lin").post("/api/v1/me/step-up", json=body).status_code == 422


def test_guessing_at_the_step_up_locks_the_account_like_guessing_at_the_sign_in(api: ApiWorld) -> None:
    lin = api.client("lin")
    for _ in range(5):
        assert kind(lin.post("/api/v1/me/step-up", json={"password": "wrong wrong wrong"})) == (401, AWAY)
    assert lin.post("/api/v1/me/step-up", json={"password": PASSWORD}).status_code == 401
    assert api.browser().post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}).status_code == 401


def test_one_sees_where_one_is_signed_in_and_ends_it_there(api: ApiWorld) -> None:
    here = api.client("lin")
    there = api.browser("10.0.0.9", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36")
    ok(there.post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}))
    listed = here.get("/api/v1/me/sign-ins").json()["sign_ins"]
    (other,) = [each for each in listed if not each["is_this"]]
    assert other["device"] == "Chrome · Windows"
    assert api.client("he").delete(f"/api/v1/me/sign-ins/{other['name']}").status_code == 404
    ok(here.delete(f"/api/v1/me/sign-ins/{other['name']}"))
    assert there.get("/api/v1/cases").status_code == 401
    assert here.get("/api/v1/cases").status_code == 200


def test_signing_out_everywhere_ends_every_sign_in_on_the_next_request(api: ApiWorld) -> None:
    here, there = api.client("lin"), api.browser()
    ok(there.post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}))
    ok(there.post("/api/v1/me/sign-out-everywhere"))
    assert [client.get("/api/v1/cases").status_code for client in (here, there)] == [401, 401]
    assert api.client("he").get("/api/v1/cases").status_code == 200
