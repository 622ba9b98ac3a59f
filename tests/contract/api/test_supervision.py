"""The wall of sessions that go on, and the whisper: who sees it, what is on it, and what everybody in the session is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from jianlu.capture.sessions.checking import report_look
from jianlu.capture.sessions.checks import CheckState, Found, Look
from tests.contract.api.test_oversight import changes
from tests.fakes.api.listening import Listening, cookie_header, listening
from tests.fakes.api.world import ApiWorld, ok

WALL = "/api/v1/supervision/wall"


@pytest.fixture
def served(api: ApiWorld) -> Iterator[Listening]:
    with listening(api) as running:
        yield running


def test_the_wall_shows_every_session_that_goes_on_with_the_health_of_its_tracks(api: ApiWorld) -> None:
    api.make_case("draft")
    waiting = api.make_case("waiting")
    api.invite(waiting)
    live, agent, customer = api.live("live")
    api.do_step(live, "greeting", agent, customer)
    tiles = ok(api.client("he").get(WALL)).json()["tiles"]
    assert [(tile["case"], tile["state"]) for tile in tiles] == [(live, "live"), (waiting, "waiting")]
    first, second = tiles
    assert first["tracks"] and first["recording"]["state"] == "recording" and first["elapsed_ms"] > 0
    assert first["step"]["no"] == 2 and first["customer"] == "王**" and "小明" not in str(tiles)
    assert second["tracks"] == {} and second["health"]["level"] == "none"


def test_the_wall_is_for_those_who_watch_over_talks(api: ApiWorld) -> None:
    case, _, customer = api.live()
    assert ok(api.client("xu").get(WALL)).json()["tiles"][0]["case"] == case
    for client in (api.client("lin"), customer):
        assert client.get(WALL).status_code == 403
        assert client.get("/api/v1/supervision/stream").status_code == 403


def test_a_session_that_calls_for_a_supervisor_comes_first(api: ApiWorld) -> None:
    using = api.world.using
    using.scenes["insurance-remote"] = replace(using.scenes["insurance-remote"], on_not_met="route")  # type: ignore[index]
    called, agent, customer = api.live("called")
    api.live("other")
    api.do_step(called, "greeting", agent, customer)
    steps = agent.get(f"/api/v1/cases/{called}/session").json()["steps"]
    points = next(step for step in steps if step["id"] == "greeting")["checks"]["points"]
    found = tuple(Found(point["id"], CheckState.NOT_MET, "missing_point") for point in points)
    report_look(called, Look("greeting", 1, 0, 5_000, True, found), using=using)
    tiles = ok(api.client("he").get(WALL)).json()["tiles"]
    assert [(tile["case"] == called, tile["calls_supervisor"]) for tile in tiles] == [(True, True), (False, False)]


def test_a_supervisor_takes_note_of_an_alert_on_the_record_and_what_comes_later_calls_again(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    at = f"/api/v1/supervision/cases/{case}/note"
    assert api.client("he").post(at).status_code == 409, "nothing is the matter"
    api.world.clock.move(60_000)
    (tile,) = ok(api.client("he").get(WALL)).json()["tiles"]
    assert tile["health"]["level"] != "green" and tile["noted"] is None
    before = changes(api)
    (noted,) = ok(api.client("he").post(at)).json()["tiles"]
    assert noted["noted"]["name"] and noted["health"] == tile["health"] and changes(api) == before + 1
    assert agent.post(at).status_code == 403 and api.client("xu").post(at).status_code == 403
    live = api.world.using.switchboard.sessions[0]
    live.vigil = replace(live.vigil, alarms={**live.vigil.alarms, ("track_lost", "customer"): 1})
    (again,) = ok(api.client("he").get(WALL)).json()["tiles"]
    assert again["noted"] is None


def test_a_session_that_is_over_leaves_the_wall(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    ok(agent.post(f"/api/v1/cases/{case}/abandon"))
    assert ok(api.client("he").get(WALL)).json() == {"tiles": [], "left_off": 0}


def test_the_wall_is_told_anew_when_something_changes_and_ends_with_the_sign_in(served: Listening) -> None:
    api = served.api
    case, agent, _ = api.live()
    supervisor = api.client("he")
    with served.get("/api/v1/supervision/stream", cookie_header(supervisor)) as stream:
        first = stream.next()
        assert first["event"] == "wall" and first["data"]["tiles"][0]["case"] == case
        ok(agent.post(f"/api/v1/cases/{case}/abandon"))
        assert stream.until("wall")["data"]["tiles"] == []
        ok(supervisor.post("/api/v1/sign-out"))
        assert stream.until("end")["data"] == {"reason": "signed_out"}


def test_a_supervisor_sits_down_and_whispers_and_everybody_is_told(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    at, supervisor = f"/api/v1/cases/{case}", api.client("he")
    assert supervisor.post(f"{at}/advice", json={"text": "请放慢"}).status_code == 403
    view = ok(supervisor.post(f"{at}/seat", json={"seat": "supervisor"})).json()
    assert view["supervisor"]["is_you"] and "advise" in view["allowed"]
    spoken = supervisor.post(f"{at}/feeds/supervisor", content="v=0 offer", headers={"Content-Type": "application/sdp"})
    assert (spoken.status_code, spoken.json()["code"]) == (403, "whisper_in_writing"), "no voice that is not recorded"
    ok(supervisor.post(f"{at}/advice", json={"text": "请放慢"}))
    assert agent.get(f"{at}/session").json()["messages"][-1]["text"] == "请放慢"
    seen = customer.get(f"{at}/session").json()
    assert seen["messages"][-1] | {"at_ms": 0} == {"by": "supervisor", "to": "agent", "text": "", "at_ms": 0}
    assert seen["supervisor"] == {"display": "he", "is_you": False}
    assert ok(supervisor.get(WALL)).json()["tiles"][0]["supervisor"] == "he"
    for client in (agent, customer):
        assert client.post(f"{at}/advice", json={"text": "x"}).status_code == 403
    ok(supervisor.delete(f"{at}/seat"))
    assert customer.get(f"{at}/session").json()["supervisor"] is None
