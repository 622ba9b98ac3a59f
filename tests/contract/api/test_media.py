"""Signalling: WHIP and WHEP of browsers and of outside software as RFC 9725 has them, and TURN credentials."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from pathlib import Path

from fastapi.testclient import TestClient

from jianlu.deliver.api.app import create_app
from jianlu.runtime.settings import TurnSettings
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import HERE, PROGRAM, ApiWorld, ok

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
TRICKLED = "a=ice-ufrag:abcd\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"


def test_a_browser_sends_and_watches(api: ApiWorld) -> None:
    case, agent, customer = api.seated()
    at = f"/api/v1/cases/{case}"
    answer = agent.post(f"{at}/viewers/customer", content="v=0", headers=SDP)
    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("application/sdp") and answer.text.startswith("v=0")
    assert answer.headers["location"].startswith(f"{at}/connections/")
    assert answer.headers["etag"].strip('"') and answer.headers["accept-patch"] == FRAGMENT["Content-Type"]
    assert customer.post(f"{at}/viewers/agent", content="v=0", headers=SDP).status_code == 201
    expect_problem(customer.post(f"{at}/feeds/agent", content="v=0", headers=SDP), 403)
    expect_problem(agent.post(f"{at}/feeds/agent", content="v=0", headers=SDP), 409)
    expect_problem(agent.post(f"{at}/viewers/nobody", content="v=0", headers=SDP), 404)


def test_trickle_needs_the_right_etag(api: ApiWorld) -> None:
    case, agent, customer = api.seated()
    made = agent.post(f"/api/v1/cases/{case}/viewers/customer", content="v=0", headers=SDP)
    location = made.headers["location"]
    expect_problem(agent.patch(location, content=TRICKLED, headers=FRAGMENT), 428)
    assert agent.patch(location, content=TRICKLED, headers=FRAGMENT | {"If-Match": made.headers["etag"]}).status_code == 204
    expect_problem(customer.patch(location, content=TRICKLED, headers=FRAGMENT | {"If-Match": "*"}), 404)


def test_a_connection_is_renegotiated_and_ended(api: ApiWorld) -> None:
    case, agent, customer = api.seated()
    location = agent.post(f"/api/v1/cases/{case}/viewers/customer", content="v=0", headers=SDP).headers["location"]
    answer = agent.put(location, content="v=0", headers=SDP)
    assert answer.status_code == 200 and answer.text.startswith("v=0") and answer.headers["etag"]
    expect_problem(customer.delete(location), 404)
    ok(agent.delete(location))
    expect_problem(agent.put(location, content="v=0", headers=SDP), 404)


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def test_outside_software_sends_and_watches_with_its_token(api: ApiWorld) -> None:
    case, agent, _ = api.seated()
    software = api.client()
    software.headers.pop("X-Jianlu")
    made = ok(agent.post(f"/api/v1/cases/{case}/endpoints", json={"kind": "whep", "feed": "customer"})).json()
    path = made["url"].removeprefix("https://testserver")
    assert software.options(path).headers["accept-post"] == "application/sdp"
    answer = software.post(path, content="v=0", headers=bearer(made["bearer"], **SDP))
    assert answer.status_code == 201, answer.text
    location = answer.headers["location"]
    assert location.startswith(path)
    headers = bearer(made["bearer"], **FRAGMENT, **{"If-Match": answer.headers["etag"]})
    assert software.patch(location, content=TRICKLED, headers=headers).status_code == 204
    assert software.delete(location, headers=bearer(made["bearer"])).status_code == 200


def test_a_token_is_good_for_its_own_address_and_kind_alone(api: ApiWorld) -> None:
    case, agent, customer = api.seated()
    made = ok(agent.post(f"/api/v1/cases/{case}/endpoints", json={"kind": "whep", "feed": "customer"})).json()
    path = made["url"].removeprefix("https://testserver")
    software = api.client()
    expect_problem(software.post(path, content="v=0", headers=SDP), 401)
    expect_problem(software.post(path, content="v=0", headers=bearer("x" * 43, **SDP)), 401)
    expect_problem(software.post("/whep/other", content="v=0", headers=bearer(made["bearer"], **SDP)), 401)
    expect_problem(software.post(path.replace("whep", "whip"), content="v=0", headers=bearer(made["bearer"], **SDP)), 401)
    software.cookies.set(f"__Host-jianlu-seat.{case}.customer", made["bearer"])
    expect_problem(software.get(f"/api/v1/cases/{case}/session"), 401)
    newer = ok(agent.post(f"/api/v1/cases/{case}/endpoints", json={"kind": "whep", "feed": "customer"})).json()
    expect_problem(software.post(path, content="v=0", headers=bearer(made["bearer"], **SDP)), 401)
    assert newer["url"] != made["url"]
    expect_problem(customer.post(f"/api/v1/cases/{case}/endpoints", json={"kind": "whip", "feed": "customer"}), 403)
    expect_problem(agent.post(f"/api/v1/cases/{case}/endpoints", json={"kind": "whip", "feed": "customer"}), 403)


def test_turn_credentials_expire_and_are_those_that_coturn_checks(api: ApiWorld, tmp_path: Path) -> None:
    assert api.client("lin").get("/api/v1/ice").json() == {"iceServers": []}
    (tmp_path / "turn").write_text("shared secret\n")
    settings = api.deps.settings.model_copy(
        update={"turn": TurnSettings(urls=("turns:turn.example:5349",), secret="turn", credentials_s=600)}
    )
    app = create_app(replace(api.deps, settings=settings))
    headers = {"X-Jianlu": "1", "User-Agent": PROGRAM}  # a sign-in holds where it was made
    with TestClient(app, base_url="https://testserver", headers=headers, client=(HERE, 50_000)) as client:
        client.cookies.set("__Host-jianlu", api.client("lin").cookies["__Host-jianlu"])
        answer = client.get("/api/v1/ice")
        (server,) = ok(answer).json()["iceServers"]
    until = int(server["username"].partition(":")[0])
    assert until - api.world.clock.moment.timestamp() == 600
    expected = hmac.digest(b"shared secret", server["username"].encode(), "sha1")
    assert base64.b64decode(server["credential"]) == expected
