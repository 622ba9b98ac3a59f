"""Media connections end with the sign-in that they rest on, and with no other."""

from __future__ import annotations

from functools import partial

from jianlu.capture.sessions.present import is_in_call
from tests.fakes.api.world import ApiWorld, ok


def beat(api: ApiWorld) -> int:
    """What the watch does each second."""
    sessions = api.deps.sessions
    return api.deps.open_media.cut(api.deps.identity, sessions.rooms, partial(is_in_call, sessions.switchboard))


def feeds(api: ApiWorld, case: str) -> set[str]:
    return {feed.feed for feed in api.deps.sessions.rooms.status(case).feeds if feed.state == "connected"}


def test_a_revoked_sign_in_takes_its_picture_with_it_and_leaves_the_customers(api: ApiWorld) -> None:
    case, agent, customer = api.seated()
    assert beat(api) == 0 and feeds(api, case) == {"agent", "customer"}
    ok(agent.post("/api/v1/me/sign-out-everywhere"))
    assert beat(api) == 1 and beat(api) == 0
    assert feeds(api, case) == {"customer"}
    assert customer.get(f"/api/v1/cases/{case}/session").status_code == 200


def test_a_connection_that_was_closed_by_its_owner_is_not_closed_again(api: ApiWorld) -> None:
    case, agent, _ = api.seated()
    made = agent.post(f"/api/v1/cases/{case}/viewers/customer", content="v=0 offer", headers={"Content-Type": "application/sdp"})
    ok(agent.delete(made.headers["location"]))
    ok(agent.post("/api/v1/me/sign-out-everywhere"))
    assert beat(api) == 1
