"""A consent is taken back after the talk: by the person themself or by whoever writes it down, at once, and it holds for every use.

Faults survived: a second click, a withdrawal of somebody else's consent, of one that was never given, or in the middle of the talk, and an
approval from before it.
"""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api.custody import custody_of
from jianlu.deliver.packages.write import package_path
from tests.contract.api.test_destinations import ask
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, ok

LETTER = {"way": "letter", "reason": "来函 2026-118，当日收到"}
Talked = tuple[str, TestClient, TestClient]


def given(api: ApiWorld, case: str, purpose: str, seat: str = "customer", kind: EventType = EventType.CONSENT_GIVEN) -> None:
    log = api.deps.sessions.desk.log(api.deps.tenant, case_ref(case))
    said = {"purpose": purpose, "by": seat, "how": "click", "notice": "n", "version": "1.0.0", "lang": "zh", "at_ms": 0}
    log.append(kind, said, commits={"commit": "0" * 64})


@pytest.fixture
def talked(api: ApiWorld) -> Talked:
    """A talk that is over, whose customer agreed to sharing and training: the case, its agent and its customer."""
    case, agent, customer = api.live()
    given(api, case, "sharing")
    given(api, case, "training")
    early = expect_problem(agent.post(f"/api/v1/cases/{case}/withdrawals", json={"purpose": "training", **LETTER}), 409)
    assert early["code"] == "withdraw_in_talk"
    ok(agent.post(f"/api/v1/cases/{case}/abandon", json={"reason": "customer_left"}))
    return case, agent, customer


def back(client: TestClient, case: str, **body: Any) -> Any:
    return client.post(f"/api/v1/cases/{case}/withdrawals", json=body)


def training(client: TestClient, case: str) -> int:
    return client.get(f"/api/v1/cases/{case}/playback", headers={"X-Jianlu-Purpose": "training"}).status_code


def test_the_person_takes_a_consent_back_and_the_use_ends_with_the_next_call(api: ApiWorld, talked: Talked) -> None:
    case, agent, customer = talked
    assert training(api.client("he"), case) != 403
    made = ok(back(customer, case, purpose="training")).json()
    assert (made["seat"], made["way"]) == ("customer", "page")
    assert training(api.client("he"), case) == 403
    assert ok(back(customer, case, purpose="training")).json() == made, "the same again adds nothing"
    chain = [event.type for event in custody_of(api.deps, case).events]
    assert chain == [EventType.CONSENT_TAKEN_BACK]
    rows = ok(customer.get(f"/api/v1/cases/{case}/copy")).json()["consents"]
    assert [(row["decision"], row["how"], row["may_be_withdrawn"]) for row in rows if row["purpose"] == "training"] == [
        ("given", "click", False),
        ("withdrawn", "page", False),
    ]
    assert [row["may_be_withdrawn"] for row in rows if row["purpose"] == "sharing"] == [True]
    assert not any(row["may_be_withdrawn"] for row in rows if row["purpose"] == "recording"), "no consent keeps a recording"
    assert ok(agent.get(f"/api/v1/cases/{case}/file")).json()["consents"] == rows


def test_a_package_that_was_approved_before_is_not_given_to_others_afterwards(api: ApiWorld, talked: Talked) -> None:
    case, agent, _ = talked
    made = ok(ask(api, case, place="CN", recipient="institution")).json()
    ok(api.client("xu").post(f"/api/v1/access/requests/{made['request']}/approve"))
    path = package_path(api.deps.home, case_ref(case))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"package")
    ok(back(agent, case, purpose="sharing", **LETTER))
    refused = expect_problem(agent.get(f"/api/v1/cases/{case}/package"), 403)
    assert refused["denial"]["rules"] == ["shared-by-consent-alone"]


def test_only_who_leads_the_case_or_watches_over_it_writes_it_down_and_says_how(api: ApiWorld, talked: Talked) -> None:
    case, agent, customer = talked
    _, _, stranger = api.live("other")
    expect_problem(back(stranger, case, purpose="sharing"), 404)
    expect_problem(back(api.client("zhou"), case, purpose="sharing", **LETTER), 403)
    expect_problem(back(api.browser(), case, purpose="sharing", **LETTER), 401)
    expect_problem(back(agent, case, purpose="sharing"), 422)
    expect_problem(back(agent, case, purpose="sharing", way="letter", reason="short"), 422)
    expect_problem(back(agent, case, purpose="recording", **LETTER), 422)
    expect_problem(back(agent, case, purpose="sharing", way="page", reason="as if they had"), 422)
    for nothing in ({"purpose": "research"}, {"purpose": "sharing", "seat": "guardian"}):
        assert expect_problem(back(agent, case, **nothing, **LETTER), 409)["code"] == "withdraw_nothing"
    assert list(custody_of(api.deps, case).events) == []
    made = ok(back(customer, case, purpose="sharing", seat="guardian", **LETTER)).json()
    assert (made["seat"], made["way"]) == ("customer", "page"), "whoever sits there speaks for themself alone"


def test_what_was_refused_in_the_talk_is_not_taken_back_after_it(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    given(api, case, "marketing")
    given(api, case, "marketing", kind=EventType.CONSENT_WITHDRAWN)
    given(api, case, "export", kind=EventType.CONSENT_REFUSED)
    ok(agent.post(f"/api/v1/cases/{case}/abandon", json={"reason": "customer_left"}))
    for purpose in ("marketing", "export"):
        assert expect_problem(back(agent, case, purpose=purpose, **LETTER), 409)["code"] == "withdraw_nothing"
