"""Idempotency keys: the first answer again, one at a time, never another request's, and nothing readable in the table."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from jianlu.deliver.api._tables import answered_calls
from jianlu.deliver.api.idempotency import KEPT_FOR, forget_interrupted, forget_old
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, ok, sale_body

KEY = {"Idempotency-Key": "2f1c9c3e-5d0b-4c53-9f3a-7d1f"}


def rows(api: ApiWorld) -> list[Any]:
    with api.deps.database.connect() as connection:
        return list(connection.execute(select(answered_calls)).mappings())


def test_a_call_sent_again_is_answered_again_and_carried_out_once(api: ApiWorld) -> None:
    client, case = api.client("lin"), api.make_case()
    first = ok(client.post(f"/api/v1/cases/{case}/invitations", json={"seat": "customer"}, headers=KEY))
    again = ok(client.post(f"/api/v1/cases/{case}/invitations", json={"seat": "customer"}, headers=KEY))
    assert again.json() == first.json() and again.status_code == 201
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    without = ok(client.post(f"/api/v1/cases/{case}/invitations", json={"seat": "customer"}))
    assert without.json()["token"] != first.json()["token"]


def test_the_same_key_with_another_request_is_unprocessable(api: ApiWorld) -> None:
    client = api.client("lin")
    ok(client.post("/api/v1/cases", json=sale_body("one"), headers=KEY))
    expect_problem(client.post("/api/v1/cases", json=sale_body("two"), headers=KEY), 422)
    expect_problem(client.post("/api/v1/queue/take", headers=KEY), 422)


def test_the_same_key_of_somebody_else_is_another_key(api: ApiWorld) -> None:
    first = ok(api.client("lin").post("/api/v1/cases", json=sale_body("one"), headers=KEY))
    second = ok(api.client("zhou").post("/api/v1/cases", json=sale_body("two"), headers=KEY))
    assert first.json() != second.json()


def test_refusals_are_answers_too(api: ApiWorld) -> None:
    client = api.client("lin")
    body = sale_body() | {"template": "nothing"}
    expect_problem(client.post("/api/v1/cases", json=body, headers=KEY), 422)
    replayed = client.post("/api/v1/cases", json=body, headers=KEY)
    expect_problem(replayed, 422)
    assert replayed.headers["idempotency-replayed"] == "true"


def test_a_failure_of_ours_may_be_tried_again_under_its_key(api: ApiWorld) -> None:
    case, agent, _ = api.seated()
    api.world.rooms.is_away = True
    at = f"/api/v1/cases/{case}/viewers/customer"
    sdp = {"Content-Type": "application/sdp", **KEY}
    expect_problem(agent.post(at, content="v=0", headers=sdp), 503)
    assert rows(api) == []
    api.world.rooms.is_away = False
    answer = agent.post(at, content="v=0", headers=sdp)
    assert answer.status_code == 201
    again = agent.post(at, content="v=0", headers=sdp)
    assert again.headers["location"] == answer.headers["location"] and again.headers["etag"] == answer.headers["etag"]


def test_of_calls_at_once_under_one_key_one_is_carried_out(api: ApiWorld) -> None:
    """Each invitation is another one: what was carried out twice has two tokens."""
    case, clients = api.make_case(), [api.client("lin") for _ in range(6)]
    answers: list[Any] = []
    together = threading.Barrier(len(clients))

    def send(client: TestClient) -> None:
        together.wait(60)
        answers.append(client.post(f"/api/v1/cases/{case}/invitations", json={"seat": "customer"}, headers=KEY))

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(clients) and {answer.status_code for answer in answers} <= {201, 409, 503}
    made = [answer.json()["token"] for answer in answers if answer.status_code == 201]
    assert made and len(set(made)) == 1
    assert ok(api.client().post("/api/v1/join", json={"token": made[0]})), "no later call has made it void"


def test_what_a_killed_process_had_begun_may_be_sent_again(api: ApiWorld) -> None:
    client = api.client("lin")
    ok(client.post("/api/v1/cases", json=sale_body(), headers=KEY))
    with api.deps.database.begin() as connection:
        connection.execute(text("UPDATE answered_calls SET status = NULL, answer = NULL"))
    expect_problem(client.post("/api/v1/cases", json=sale_body(), headers=KEY), 409)
    forget_interrupted(api.deps)
    assert client.post("/api/v1/cases", json=sale_body(), headers=KEY).status_code == 201


def test_keys_are_forgotten_after_a_day(api: ApiWorld) -> None:
    client = api.client("lin")
    ok(client.post("/api/v1/cases", json=sale_body("one"), headers=KEY))
    api.world.clock.move(int(KEPT_FOR.total_seconds() * 1000))
    forget_old(api.deps)
    assert rows(api) == []


def test_the_table_alone_tells_nobody_an_invitation(api: ApiWorld) -> None:
    client, case = api.client("lin"), api.make_case()
    made = ok(client.post(f"/api/v1/cases/{case}/invitations", json={"seat": "customer"}, headers=KEY)).json()
    (row,) = rows(api)
    kept = row["answer"] + str(dict(row)).encode()
    for secret in (made["token"], made["check_code"], "customer", case, KEY["Idempotency-Key"]):
        assert secret.encode() not in kept


def test_signing_in_is_never_answered_from_the_table(api: ApiWorld) -> None:
    client = api.client()
    credentials = {"name": "lin", "password": "correct horse battery"}
    first = ok(client.post("/api/v1/sign-in", json=credentials, headers=KEY))
    second = ok(client.post("/api/v1/sign-in", json=credentials, headers=KEY))
    assert first.headers["set-cookie"] != second.headers["set-cookie"] and rows(api) == []


@pytest.mark.parametrize("path", ["/api/v1/cases", "/api/v1/join"])
def test_a_key_without_a_body_is_answered_like_any_other_malformed_call(api: ApiWorld, path: str) -> None:
    expect_problem(api.client("lin").post(path, headers=KEY), 422)
