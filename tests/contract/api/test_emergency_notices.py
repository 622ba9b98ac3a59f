"""An emergency is told of to those whom it concerns until they take note, and to programs by webhook; and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from jianlu.core.terms.ids import TenantId
from jianlu.deliver.webhooks._tables import messages
from jianlu.deliver.webhooks.endpoints import begin_feed
from jianlu.deliver.webhooks.feeding import feed
from jianlu.deliver.webhooks.model import WebhookPorts
from jianlu.govern.access.model import Standing
from jianlu.govern.access.standings import change_standing
from jianlu.govern.identity.accounts import find_account
from jianlu.runtime.database import transaction
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, api_world, ok

AT = "/api/v1/access/notices"
REASON = "客户在电话中突发疾病，须立即核对其说明"


@pytest.fixture
def opened(database_url: str, tmp_path: Path) -> Iterator[tuple[ApiWorld, str, str]]:
    """A case of Lin's that Zhou was let into by Xu: application, case, request."""
    also = {"watch": ["audit_administrator"], "hu": ["supervisor"], "rev": ["reviewer"], "ye": ["compliance"]}
    with api_world(database_url, tmp_path, also=also) as api:
        account = find_account(api.deps.identity, api.deps.tenant, "hu").id
        elsewhere = Standing("xuhui", "CN-31", 4)
        change_standing(api.deps.database, api.deps.clock, api.deps.access.log, api.deps.tenant, account, elsewhere, by="x")
        case = api.make_case()
        asked = {"kind": "emergency", "case": case, "reason": REASON}
        request = ok(api.client("zhou").post("/api/v1/access/requests", json=asked)).json()["request"]
        assert ok(api.client("lin").get(AT)).json()["notices"] == [], "asked for is not opened"
        ok(api.client("xu").post(f"/api/v1/access/requests/{request}/approve"))
        yield api, case, request


def told(api: ApiWorld, name: str) -> list[str]:
    return [each["request"] for each in ok(api.client(name).get(AT)).json()["notices"]]


def test_those_whom_it_concerns_are_told_until_they_take_note(opened: tuple[ApiWorld, str, str]) -> None:
    api, case, request = opened
    (notice,) = ok(api.client("lin").get(AT)).json()["notices"]
    assert (notice["case"], notice["reason"], notice["asked_by_name"]) == (case, REASON, "zhou")
    for name in ("he", "watch", "ye"):
        assert told(api, name) == [request], name
    for name in ("zhou", "xu", "rev"):
        assert told(api, name) == [], "neither the two people themselves nor anybody else"
        expect_problem(api.client(name).post(f"{AT}/{request}/acknowledge"), 404)
    ok(api.client("he").post(f"{AT}/{request}/acknowledge"))
    assert told(api, "he") == [] and told(api, "lin") == [request], "each for themselves"
    expect_problem(api.client("he").post(f"{AT}/{request}/acknowledge"), 404)


def test_a_webhook_tells_of_it_once_and_says_neither_who_nor_why(opened: tuple[ApiWorld, str, str]) -> None:
    api, case, _ = opened
    using = WebhookPorts(api.deps.database, api.deps.clock, api.deps.identity.secrets, TenantId(api.deps.tenant))
    with transaction(using.database) as connection:
        begin_feed(connection, using)
    for _ in range(2):
        feed(using)
    with transaction(using.database, writes=False) as connection:
        found = connection.execute(select(messages.c.body).where(messages.c.topic == "access.emergency")).scalars().all()
    (body,) = [json.loads(each) for each in found]
    assert body["data"]["case"] == case and REASON not in found[0] and "zhou" not in found[0]
