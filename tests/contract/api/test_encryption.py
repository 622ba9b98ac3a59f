"""Keys of encrypted sessions over HTTP: public keys and wrapped secrets pass, a start without the recorder is 409 and says why."""

from __future__ import annotations

from typing import Any

from jianlu.capture.recording.live.room_key import MemberKey, secret_id, wrap_secret
from jianlu.capture.sessions.encryption import written
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import DEVICES, OFFER, ApiWorld, ok, sale_body

SECRET = bytes(range(32))
KEYS = {seat: MemberKey(seat.encode().ljust(32, b"-"), seat) for seat in ("agent", "customer")}


def test_an_encrypted_session_starts_once_recorder_and_pages_have_the_key(api: ApiWorld) -> None:
    agent = api.client("lin")
    case = str(ok(agent.post("/api/v1/cases", json={**sale_body(), "end_to_end": True})).json()["case"])
    at = f"/api/v1/cases/{case}"
    ok(agent.post(f"{at}/seat", json={"seat": "agent"}))
    customer = api.guest(api.invite(case))
    for client, seat in ((agent, "agent"), (customer, "customer")):
        ok(client.post(f"{at}/preflight", json=DEVICES))
        ok(client.post(f"{at}/feeds/{seat}", content=OFFER, headers={"Content-Type": "application/sdp"}))
    for asked in customer.get(f"{at}/session").json()["consents"]:
        if asked["moment"] == "door":
            ok(customer.post(f"{at}/consents", json={"purpose": asked["purpose"], "decision": "given"}))
    ok(agent.post(f"{at}/encryption/key", json=announced("agent", case)))
    waiting = ok(customer.post(f"{at}/encryption/key", json={**announced("customer", case), "secret": "", "proof": ""})).json()
    assert {row["member"]: row["state"] for row in waiting["encryption"]["members"]} == {
        "agent": "admitted",
        "customer": "asking",
    }
    expect_problem(agent.post(f"{at}/start"), 409)
    handed = {"wrapped": written(wrap_secret(SECRET, KEYS["customer"].public_key, case, "customer"))}
    ok(agent.post(f"{at}/encryption/handovers/customer", json=handed))
    assert customer.get(f"{at}/session").json()["encryption"]["handover"] == handed["wrapped"]
    assert agent.get(f"{at}/session").json()["encryption"]["handover"] == ""
    ok(customer.post(f"{at}/encryption/key", json=announced("customer", case)))
    refused = agent.post(f"{at}/start")
    expect_problem(refused, 409)
    assert "recorder_not_admitted a" in refused.json()["detail"]
    wrapped = {"wrapped": written(wrap_secret(SECRET, api.world.recorder.member(case).public_key, case, "a"))}
    expect_problem(customer.post(f"{at}/encryption/recorders/a", json=wrapped), 403)
    expect_problem(agent.post(f"{at}/encryption/recorders/b", json=wrapped), 404)
    expect_problem(agent.post(f"{at}/encryption/recorders/a", json={"wrapped": "A" * 107}), 403)
    expect_problem(agent.post(f"{at}/encryption/recorders/a", json={"wrapped": "A" * 20}), 422)
    ok(agent.post(f"{at}/encryption/recorders/a", json=wrapped))
    ok(agent.post(f"{at}/start"))


def test_software_outside_the_browser_gets_no_address_in_an_encrypted_session(api: ApiWorld) -> None:
    agent = api.client("lin")
    case = str(ok(agent.post("/api/v1/cases", json={**sale_body(), "end_to_end": True})).json()["case"])
    ok(agent.post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    refused = agent.post(f"/api/v1/cases/{case}/endpoints", json={"kind": "whip", "feed": "agent"})
    expect_problem(refused, 409)
    assert "encrypt" in refused.json()["detail"]


def announced(seat: str, case: str) -> dict[str, Any]:
    return {"public_key": written(KEYS[seat].public_key), "secret": secret_id(SECRET, case), "proof": "proof"}
