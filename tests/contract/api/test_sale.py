"""A whole sale through the API alone, as outside software would lead it: invitation, consent, every step, the end, and the way after it."""

from __future__ import annotations

import hashlib

import pytest

from jianlu.capture.sessions.signed_pdf import PDF_BYTES_MAX
from jianlu.core.terms.events import EventType
from jianlu.deliver.api.bodies import BODY_BYTES_MAX
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, ok, sale_body
from tests.fakes.capture.signed_pdf import signed_pdf


def test_a_sale_is_led_from_invitation_to_end(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    assert agent.get(f"{at}/session").json()["state"] == "live"
    api.do_all(case, agent, customer)
    view = ok(agent.post(f"{at}/end")).json()
    assert view["state"] == "ended" and not view["allowed"]
    assert customer.get(f"{at}/session").json()["state"] == "ended"
    assert api.world.handed_over == [case]
    kinds = api.world.kinds(case)
    assert kinds.count(EventType.STEP_COMPLETED) == len(view["steps"])
    assert kinds[-2:] == [EventType.SESSION_ENDED, EventType.RECORDING_ENDED]


def test_the_script_cannot_be_bypassed_and_trying_is_on_the_record(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    steps = [step["id"] for step in agent.get(f"{at}/session").json()["steps"]]
    for step in steps[1:]:
        for act in ("start", "complete"):
            answer = agent.post(f"{at}/steps/{step}/{act}")
            assert answer.status_code == 409, f"{step} {act}: {answer.text}"
            assert answer.headers["content-type"] == "application/problem+json"
    assert agent.post(f"{at}/steps/{steps[0]}/complete").status_code == 409, "not begun"
    ok(agent.post(f"{at}/steps/{steps[0]}/start"))
    assert agent.post(f"{at}/steps/{steps[0]}/complete").status_code == 409, "too early"
    assert customer.post(f"{at}/steps/{steps[0]}/complete").status_code == 403
    assert agent.post(f"{at}/end").status_code == 409
    refused = [event for event in api.world.events(case) if event.type is EventType.STEP_REFUSED]
    assert len(refused) >= 2 * (len(steps) - 1) + 3
    assert agent.get(f"{at}/session").json()["current_step"] == steps[0]


def test_a_step_is_done_again_alone(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    steps = [step["id"] for step in agent.get(f"{at}/session").json()["steps"]]
    api.do_step(case, steps[0], agent, customer)
    api.do_step(case, steps[1], agent, customer)
    view = ok(agent.post(f"{at}/steps/{steps[0]}/redo", json={"reason": "misunderstood"})).json()
    states = {step["id"]: step["state"] for step in view["steps"]}
    assert states[steps[0]] in ("reopened", "current") and states[steps[1]] == "done"
    api.do_step(case, steps[0], agent, customer)
    assert agent.get(f"{at}/session").json()["current_step"] == steps[2]


def test_an_invitation_works_once(api: ApiWorld) -> None:
    case = api.make_case()
    token = api.invite(case)
    api.guest(token)
    answer = api.client().post("/api/v1/join", json={"token": token})
    assert answer.status_code == 403
    newer = api.invite(case)
    older_then_newest = api.invite(case)
    assert api.client().post("/api/v1/join", json={"token": newer}).status_code == 403
    api.guest(older_then_newest)


def test_an_invitation_answers_again_to_the_same_key_after_its_answer_was_lost(api: ApiWorld) -> None:
    case = api.make_case()
    token, key = api.invite(case), {"Idempotency-Key": "0f3c2a4e-once"}
    first = ok(api.client().post("/api/v1/join", json={"token": token}, headers=key))
    again = api.client()
    replayed = ok(again.post("/api/v1/join", json={"token": token}, headers=key))
    assert replayed.json() == first.json() and replayed.headers["idempotency-replayed"] == "true"
    assert again.get("/api/v1/me").json()["seat"] == "customer"
    assert api.client().post("/api/v1/join", json={"token": token}, headers={"Idempotency-Key": "another-key"}).status_code == 403


def test_two_agents_do_not_sit_on_one_seat(api: ApiWorld) -> None:
    case = api.make_case()
    ok(api.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    answer = api.client("zhou").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"})
    expect_problem(answer, 409)


def test_consent_is_withdrawn_at_once_and_shown(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    given = [each["purpose"] for each in customer.get(f"{at}/session").json()["consents"] if each["state"] == "given"]
    assert given
    ok(customer.post(f"{at}/consents", json={"purpose": given[-1], "decision": "withdrawn"}))
    shown = {each["purpose"]: each["state"] for each in agent.get(f"{at}/session").json()["consents"]}
    assert shown[given[-1]] == "withdrawn"


def test_a_refusal_ends_the_channel(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    assert ok(customer.post(f"{at}/refuse")).json()["state"] == "refused"
    assert agent.post(f"{at}/messages", json={"text": "still there?"}).status_code == 409


def test_chat_and_shares_are_recorded(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    view = ok(customer.post(f"{at}/messages", json={"text": "我没听清"})).json()
    assert view["messages"][-1]["text"] == "我没听清"
    share = agent.post(f"{at}/shares", json={"kind": "screen"})
    assert share.status_code == 201
    track = share.json()["track"]
    sdp = {"Content-Type": "application/sdp"}
    assert agent.post(f"{at}/feeds/{track}", content="v=0 offer", headers=sdp).status_code == 201
    assert customer.post(f"{at}/feeds/{track}", content="v=0 offer", headers=sdp).status_code == 403
    ok(agent.delete(f"{at}/shares/{track}"))
    kinds = api.world.kinds(case)
    assert EventType.MESSAGE_RECORDED in kinds and EventType.SHARE_STARTED in kinds and EventType.SHARE_ENDED in kinds


def test_a_signed_contract_is_deposited_by_the_customer(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}/deposits/contract"
    pdf = {"Content-Type": "application/pdf"}
    large = signed_pdf("x" * (BODY_BYTES_MAX + 10))
    made = customer.post(at, content=large, headers=pdf)
    assert made.status_code == 201, made.text
    assert made.json() == {
        "deposit": "deposit-1",
        "document": "contract",
        "sha256": hashlib.sha256(large).hexdigest(),
        "at_ms": made.json()["at_ms"],
        "signature": "covers_file",
    }
    assert customer.post(at, content=large, headers=pdf).json() == made.json()
    assert customer.post(at, content=large).status_code == 422
    assert customer.post(at, content=b"%PDF-1.7 and no end", headers=pdf).status_code == 422
    assert customer.post(at, content=b"x" * (PDF_BYTES_MAX + 1), headers=pdf).status_code == 413
    assert agent.get(f"/api/v1/cases/{case}/session").json()["deposits"][0]["by"] == "customer"


def test_the_session_is_handed_over_to_a_supervisor(api: ApiWorld) -> None:
    case, _, _ = api.live()
    at = f"/api/v1/cases/{case}"
    answer = api.client("he").post(f"{at}/handover", json={"to": "he", "reason": "technical"})
    assert answer.status_code == 200, answer.text
    assert api.client("he").get(f"{at}/session").json()["you"]["seat"] == "agent"
    assert api.client("he").post(f"{at}/handover", json={"to": "nobody", "reason": "technical"}).status_code == 404


def test_the_same_case_asked_for_again_is_the_same_and_another_under_its_number_is_refused(api: ApiWorld) -> None:
    assert api.make_case() == api.make_case()
    other = sale_body() | {"title": "另一个"}
    assert api.client("lin").post("/api/v1/cases", json=other).status_code == 409


@pytest.mark.parametrize(
    ("change", "word"),
    [({"template": "nothing"}, "template"), ({"number": "two words"}, "number"), ({"facts": {}}, ""), ({"language": "fr"}, "")],
)
def test_a_case_that_cannot_be_is_refused_with_what_to_correct(api: ApiWorld, change: dict[str, object], word: str) -> None:
    answer = api.client("lin").post("/api/v1/cases", json=sale_body() | change)
    assert answer.status_code == 422 and word in answer.json()["detail"]
