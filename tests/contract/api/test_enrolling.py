"""Enrolment through the API: the owner takes the link, with a password or a passkey, and is signed in; nobody else can."""

from __future__ import annotations

from fastapi.testclient import TestClient

from jianlu.govern.identity.accounts import make_account
from jianlu.govern.identity.notes import Act
from tests.fakes.api.world import ApiWorld, ok
from tests.fakes.identity.authenticator import Authenticator
from tests.fakes.identity.worlds import released_link

FRESH = "an altogether new password"
OWNER = {"name": "mei", "display": "王梅", "is_released": True}


def link_for(api: ApiWorld, name: str = "mei") -> dict[str, str]:
    """What the owner of a link that was released sends: its token and its code."""
    make_account(api.deps.identity, api.deps.tenant, name, roles=["agent"], display="王梅")
    token, code = released_link(api.deps.identity, api.deps.tenant, name)
    return {"token": token, "code": code}


def test_the_owner_of_a_link_sees_whose_it_is_sets_a_password_and_is_in(api: ApiWorld) -> None:
    client, link = api.browser(), link_for(api)
    assert ok(client.post("/api/v1/enrol/look", json={"token": link["token"]})).json() == OWNER
    assert client.post("/api/v1/enrol", json={**link, "password": "short"}).status_code == 422
    assert ok(client.post("/api/v1/enrol", json={**link, "password": FRESH})).json()["name"] == "mei"
    assert client.get("/api/v1/cases").status_code == 200
    ok(api.browser().post("/api/v1/sign-in", json={"name": "mei", "password": FRESH}))
    for at, body in (("look", {}), ("options", {}), ("", {"password": FRESH})):
        path = f"/api/v1/enrol/{at}".rstrip("/")
        assert api.browser().post(path, json={**(link if at != "look" else {"token": link["token"]}), **body}).status_code == 404


def test_the_owner_of_a_link_makes_a_passkey_and_is_in(api: ApiWorld) -> None:
    client, link, phone = api.browser(), link_for(api), Authenticator()
    options = ok(client.post("/api/v1/enrol/options", json=link)).json()
    body = {**link, "credential": phone.create(options), "name": "phone"}
    assert ok(client.post("/api/v1/enrol", json=body)).json()["proved_by"] == "passkey"
    assert [each["name"] for each in client.get("/api/v1/me/passkeys").json()["passkeys"]] == ["phone"]
    assert client.post("/api/v1/enrol", json=body).status_code == 404


def test_a_link_is_taken_by_exactly_one_way(api: ApiWorld) -> None:
    link = link_for(api)
    assert api.browser().post("/api/v1/enrol", json=link).status_code == 422
    assert api.browser().post("/api/v1/enrol/look", json={"token": "x" * 43}).status_code == 404


def test_there_is_no_call_that_sets_somebody_elses_way_in(api: ApiWorld) -> None:
    """Of every route that touches a password, code or passkey: none names an account."""
    touching = [path for path in api.app.openapi()["paths"] if any(word in path for word in ("password", "passkey", "totp"))]
    assert touching and [path for path in touching if not path.startswith(("/api/v1/me/", "/api/v1/sign-in/passkey"))] == []


def test_a_new_password_of_ones_own_ends_the_other_sign_ins(api: ApiWorld) -> None:
    here, there = api.client("lin"), api.browser()
    ok(there.post("/api/v1/sign-in", json={"name": "lin", "password": "correct horse battery"}))
    ok(here.post("/api/v1/me/password", json={"password": FRESH}))
    assert [client.get("/api/v1/cases").status_code for client in (here, there)] == [200, 401]


def test_one_reads_what_happened_to_ones_own_ways_in(api: ApiWorld) -> None:
    stranger: TestClient = api.browser("10.0.0.9")
    assert stranger.post("/api/v1/sign-in", json={"name": "lin", "password": "a guess of somebody"}).status_code == 401
    newest = ok(api.client("lin").get("/api/v1/me/history")).json()["history"]
    assert {(Act.SIGNED_IN.value, "lin"), (Act.SIGN_IN_REFUSED.value, "somebody")} <= {
        (each["act"], each["by"]) for each in newest
    }
    assert "lin" not in {each["by"] for each in ok(api.client("he").get("/api/v1/me/history")).json()["history"]}
