"""What keeps a sign-in from ending: people do, pages and streams do not, a recorded call does. And the token changes with each proof."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jianlu.capture.sessions.present import is_in_call
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity._tables import sign_ins
from jianlu.govern.identity.model import IDLE_MAX, OVERTIME_MAX
from jianlu.govern.identity.sign_ins import sweep_sign_ins
from tests.fakes.api.listening import cookie_header, listening
from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.device import Device

PART_MS = int(IDLE_MAX.total_seconds() * 1000 / 4)
AWAY = "urn:jianlu:problem:sign-in-needed"
PAGE = {"X-Jianlu-As": "staff"}
TOUCHED = {**PAGE, "X-Jianlu-Touched": "1"}

Call = Callable[[TestClient], Any]


def idle_with(api: ApiWorld, client: TestClient, call: Call, *, parts: int = 6) -> bool:
    """Whether the sign-in still holds after longer than a person may be idle, in which only `call` was made again and again."""
    for _ in range(parts):
        api.world.clock.move(PART_MS)
        call(client)
    return bool(client.get("/api/v1/cases", headers=PAGE).status_code == 200)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: client.get("/api/v1/cases", headers=PAGE), id="a list that a page asks for anew"),
        pytest.param(lambda client: client.get("/api/v1/cases", headers={**PAGE, "HX-Request": "true"}), id="a poll of htmx"),
        pytest.param(lambda client: client.get("/api/v1/cases"), id="a program that only looks"),
        pytest.param(lambda client: client.post("/api/v1/me/here", headers=PAGE), id="the word that a device is here"),
        pytest.param(lambda client: client.post("/api/v1/me/here"), id="the same word without a page"),
        pytest.param(lambda client: client.get("/api/v1/me", headers={"Sec-Fetch-Mode": "navigate"}), id="a page that reloads"),
    ],
)
def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(api: ApiWorld, call: Call) -> None:
    assert not idle_with(api, api.client("lin"), call)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: client.get("/api/v1/cases", headers=TOUCHED), id="a page that was touched"),
        pytest.param(lambda client: client.post("/api/v1/me/here", headers=TOUCHED), id="somebody who reads and scrolls"),
        pytest.param(lambda client: client.get("/api/v1/me", headers={"Sec-Fetch-User": "?1"}), id="a page that was gone to"),
        pytest.param(lambda client: client.post("/api/v1/scripts/shipped"), id="what a program changes"),
    ],
)
def test_what_a_person_does_keeps_them_signed_in(api: ApiWorld, call: Call) -> None:
    assert idle_with(api, api.client("xu"), call)


def test_whoever_talks_to_a_customer_stays_signed_in_for_an_hour_touching_nothing(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    at = f"/api/v1/cases/{case}/session"
    assert idle_with(api, agent, lambda client: client.get(at, headers=PAGE), parts=8)
    assert ok(agent.get(at)).json()["you"]["seat"] == "agent"


def test_a_supervisor_who_sat_down_stays_and_one_who_only_looks_does_not(api: ApiWorld) -> None:
    case, _, _ = api.live()
    at = f"/api/v1/cases/{case}"
    beside = api.client("he")
    ok(beside.post(f"{at}/seat", json={"seat": "supervisor"}))
    assert idle_with(api, beside, lambda client: client.get(f"{at}/session", headers=PAGE))
    ok(beside.request("DELETE", f"{at}/seat"))
    assert not idle_with(api, beside, lambda client: client.get(f"{at}/session", headers=PAGE))


def test_a_call_keeps_only_those_in_it_and_only_while_it_goes_on(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    at = f"/api/v1/cases/{case}/session"

    def both_look(client: TestClient) -> None:
        for each in (agent, client):
            each.get(at, headers=PAGE)

    assert not idle_with(api, api.client("xu"), both_look), "compliance is in no call"
    ok(agent.post(f"/api/v1/cases/{case}/abandon", json={"reason": "lost"}))
    assert not idle_with(api, agent, lambda client: client.get(at, headers=PAGE)), "the call is over"


def test_an_open_stream_of_a_call_keeps_its_agent_signed_in_and_a_new_token_does_not_end_it(api: ApiWorld) -> None:
    with listening(api) as served:
        case, agent, customer = api.live()
        at = f"/api/v1/cases/{case}"
        with served.stream(case, cookie_header(agent)) as stream:
            assert stream.next()["event"] == "view"
            before = cookie_header(agent)
            ok(agent.post("/api/v1/me/step-up", json={"password": PASSWORD}))
            assert cookie_header(agent) != before
            for _ in range(6):
                api.world.clock.move(PART_MS)
                ok(customer.post(f"{at}/messages", json={"text": "still there"}))
                assert stream.until("view")["data"]["you"]["seat"] == "agent"
            assert ok(agent.get("/api/v1/me")).json()["name"] == "lin"
        with served.stream(case, before) as refused:
            assert refused.response.status_code == 401, "nothing new is opened with the token of before"


def outlast(api: ApiWorld, case: str, agent: TestClient) -> None:
    """Let the agent talk until the sign-in of the morning is over."""
    with api.deps.database.begin() as connection:
        connection.execute(
            sign_ins.update().values(expires_at=instant_text(api.world.clock.now() + timedelta(milliseconds=PART_MS)))
        )
    for _ in range(2):
        api.world.clock.move(PART_MS)
        ok(agent.get(f"/api/v1/cases/{case}/session", headers=PAGE))


def cut(api: ApiWorld) -> int:
    """How many connections the next beat closes."""
    sessions = api.deps.sessions
    return api.deps.open_media.cut(api.deps.identity, sessions.rooms, partial(is_in_call, sessions.switchboard))


def test_a_recorded_call_that_outlasts_the_sign_in_keeps_its_seat_and_nothing_else(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    other, at = api.seated("other")[0], f"/api/v1/cases/{case}"
    outlast(api, case, agent)
    assert ok(agent.get(f"{at}/session", headers=PAGE)).json()["you"]["seat"] == "agent"
    key = {"Idempotency-Key": "0123456789abcdef"}
    ok(agent.post(f"{at}/messages", json={"text": "one moment"}, headers={**PAGE, **key}))
    for path in ("/api/v1/cases", at, f"{at}/file", f"{at}/playback", f"/api/v1/cases/{other}/session", "/api/v1/me/sign-ins"):
        assert agent.get(path, headers=PAGE).status_code == 401, path
    for path in (f"{at}/invitations", "/api/v1/cases", "/api/v1/me/step-up", "/api/v1/me/here"):
        assert agent.post(path, json={}, headers=PAGE).status_code == 401, path
    sweep_sign_ins(api.deps.identity)
    assert cut(api) == 1, "the picture in the other session, which nobody records, went with the sign-in"
    assert ok(agent.get(f"{at}/session", headers=PAGE)).json()["you"]["seat"] == "agent"
    ok(agent.post(f"{at}/abandon", json={"reason": "lost"}, headers=PAGE))
    assert agent.get(f"{at}/session", headers=PAGE).status_code == 401, "the call is over"


def test_a_revocation_cuts_a_call_that_outlasted_its_sign_in_at_once(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    outlast(api, case, agent)
    assert cut(api) == 0
    elsewhere = api.browser()
    ok(elsewhere.post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}))
    ok(agent.get(f"/api/v1/cases/{case}/session", headers=PAGE))
    ok(elsewhere.post("/api/v1/me/sign-out-everywhere"))
    assert agent.get(f"/api/v1/cases/{case}/session", headers=PAGE).status_code == 401
    assert cut(api) == 1


def test_no_call_outlasts_its_sign_in_by_more_than_the_longest_recording(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    outlast(api, case, agent)
    with api.deps.database.begin() as connection:
        ended = instant_text(api.world.clock.now() - OVERTIME_MAX)
        connection.execute(sign_ins.update().values(expires_at=ended))
    assert agent.get(f"/api/v1/cases/{case}/session", headers=PAGE).status_code == 401 and cut(api) == 1


def old(client: TestClient, api: ApiWorld, device: Device | None = None) -> TestClient:
    """Somebody in the same place with the cookie that the client has now, on a device or on none."""
    copy = api.browser()
    copy.cookies.update(client.cookies)
    if device is not None:
        copy.auth = device
    return copy


def test_a_step_up_changes_the_token_and_the_old_one_is_refused_at_once(api: ApiWorld) -> None:
    client, device = api.browser(), Device(api.world.clock.now)
    client.auth = device
    ok(client.post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}))
    before = old(client, api, device)
    assert before.get("/api/v1/cases").status_code == 200
    ok(client.post("/api/v1/me/step-up", json={"password": PASSWORD}))
    answer = before.get("/api/v1/cases")
    assert (answer.status_code, answer.json()["type"]) == (401, AWAY)
    assert ok(client.get("/api/v1/me")).json()["is_bound"], "the device is the same"
    stranger = old(client, api, Device(api.world.clock.now))
    assert stranger.post("/api/v1/me/here").status_code == 401


def test_a_refused_step_up_changes_nothing(api: ApiWorld) -> None:
    lin = api.client("lin")
    before = cookie_header(lin)
    assert lin.post("/api/v1/me/step-up", json={"password": "not the right one"}).status_code == 401
    assert cookie_header(lin) == before and lin.get("/api/v1/cases").status_code == 200


def test_signing_in_again_ends_the_sign_in_that_the_browser_had(api: ApiWorld) -> None:
    client = api.browser()
    ok(client.post("/api/v1/sign-in", json={"name": "lin", "password": PASSWORD}))
    planted = old(client, api)
    ok(client.post("/api/v1/sign-in", json={"name": "he", "password": PASSWORD}))
    assert planted.get("/api/v1/cases").status_code == 401
    assert ok(client.get("/api/v1/me")).json()["name"] == "he"
