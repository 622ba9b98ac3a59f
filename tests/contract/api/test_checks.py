"""A check that is not met, over HTTP: it holds the talk, a supervisor hears of it and lets it stand, nobody else does."""

from __future__ import annotations

from dataclasses import replace

from jianlu.capture.sessions.checking import report_look
from jianlu.capture.sessions.checks import CheckState, Found, Look
from tests.fakes.api.world import ApiWorld


def test_a_check_that_calls_for_a_supervisor_is_heard_and_waived_by_one(api: ApiWorld) -> None:
    using = api.world.using
    using.scenes["insurance-remote"] = replace(using.scenes["insurance-remote"], on_not_met="route")  # type: ignore[index]
    case, agent, customer = api.live()
    at = f"/api/v1/cases/{case}"
    api.do_step(case, "greeting", agent, customer)
    points = next(s for s in agent.get(f"{at}/session").json()["steps"] if s["id"] == "greeting")["checks"]["points"]
    found = tuple(Found(point["id"], CheckState.NOT_MET, "missing_point") for point in points)
    report_look(case, Look("greeting", 1, 0, 5_000, True, found), using=using)

    assert agent.post(f"{at}/steps/recording_consent/start").status_code == 409
    assert api.client("lin").get("/api/v1/supervision").status_code == 403
    supervisor = api.client("he")
    assert [(call["case"], call["step"]) for call in supervisor.get("/api/v1/supervision").json()["calls"]] == [
        (case, "greeting")
    ]

    for client in (agent, customer):
        assert client.post(f"{at}/steps/greeting/waive", json={"reason": "other"}).status_code == 403
    assert supervisor.post(f"{at}/steps/greeting/waive", json={"reason": "because"}).status_code == 422
    answer = supervisor.post(f"{at}/steps/greeting/waive", json={"reason": "heard_in_person"})
    assert answer.status_code == 200 and answer.json()["checks"]["held_by"] is None
    assert supervisor.get("/api/v1/supervision").json()["calls"] == []
    assert agent.post(f"{at}/steps/recording_consent/start").status_code == 200
