"""The customer's own copy over HTTP: by their seat, or by a link that works once and with its code; each is a look on the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from jianlu.deliver.oversight._tables import oversight_schema
from jianlu.deliver.oversight.copy_links import TRIES_MAX, VALID_FOR
from tests.contract.api.test_case_file import places_of
from tests.fakes.api.world import ApiWorld, ok


def linked(api: ApiWorld, case: str) -> dict[str, Any]:
    made = ok(api.client("xu").post(f"/api/v1/cases/{case}/copies", json={})).json()
    return {"token": made["url"].partition("#")[2], "code": made["code"]}


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_customer_gets_their_own_copy_with_consents_retention_and_who_looked(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    api.do_step(case, "greeting", agent, customer)
    ok(agent.get(f"/api/v1/cases/{case}/file"))
    api.deps.access.log.flush()
    copy = ok(customer.get(f"/api/v1/cases/{case}/copy")).json()
    assert copy["consents"] and all(each["by"] == "customer" and each["text"] for each in copy["consents"])
    assert copy["recorded"]["tracks"] and copy["recorded"]["from_at"] and copy["recorded"]["to_at"] is None
    (told,) = copy["told"]
    assert told["says"][0]["zh"].startswith("您好，我是建安银行的理财经理") and len(told["says"]) == 1
    assert told["documents"][0]["title"]["en"] == "The agent's work permit or licence" and told["to_ms"] > told["from_ms"]
    assert {each["part"] for each in copy["retention"]} >= {"recording", "consent"}
    assert ("lin", "case.read") in {(look["who"], look["action"]) for look in copy["access"]}
    assert places_of("sale-1", copy) == [] and places_of("5555 0101", copy) == []
    api.deps.access.log.flush()
    looks = ok(api.client("xu").get(f"/api/v1/cases/{case}/file")).json()["access"]
    assert ("customer", "disclosure") in {(look["seat"], look["purpose"]) for look in looks}


def test_a_copy_is_for_the_customer_and_for_no_member_of_staff(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    _, _, stranger = api.live("other")
    for client in (agent, api.client("xu"), stranger):
        assert client.get(f"/api/v1/cases/{case}/copy").status_code in (403, 404)
    for client in (agent, api.client("he"), stranger):
        assert client.post(f"/api/v1/cases/{case}/copies", json={}).status_code in (403, 404)


def test_a_link_with_its_code_opens_the_copy_once(api: ApiWorld) -> None:
    case, _, _ = api.live()
    link, anybody = linked(api, case), api.client()
    assert anybody.post("/api/v1/copy", json={**link, "code": wrong(link["code"])}).status_code == 403
    copy = ok(anybody.post("/api/v1/copy", json=link)).json()
    assert copy["consents"] and copy["agent"] == "lin"
    assert anybody.post("/api/v1/copy", json=link).status_code == 403


def test_a_link_is_lost_after_a_few_wrong_codes_and_after_its_week(api: ApiWorld) -> None:
    case, _, _ = api.live()
    guessed, old, anybody = linked(api, case), linked(api, case), api.client()
    for _ in range(TRIES_MAX):
        assert anybody.post("/api/v1/copy", json={**guessed, "code": wrong(guessed["code"])}).status_code == 403
    assert anybody.post("/api/v1/copy", json=guessed).status_code == 403
    api.world.clock.move(int((VALID_FOR + timedelta(seconds=1)).total_seconds() * 1000))
    assert anybody.post("/api/v1/copy", json=old).status_code == 403


def test_a_made_up_link_says_no_more_than_a_used_one(api: ApiWorld) -> None:
    case, _, _ = api.live()
    link, anybody = linked(api, case), api.client()
    ok(anybody.post("/api/v1/copy", json=link))
    used = anybody.post("/api/v1/copy", json=link).json()["detail"]
    for token in ("", "x", "." * 50, link["token"][:-1] + "A", "0" * 24 + "." + link["token"].partition(".")[2]):
        assert anybody.post("/api/v1/copy", json={"token": token, "code": "123456"}).json()["detail"] == used


def test_only_who_decides_in_a_session_has_a_copy(api: ApiWorld) -> None:
    case, _, _ = api.live()
    assert api.client("xu").post(f"/api/v1/cases/{case}/copies", json={"seat": "interpreter"}).status_code == 422


def test_the_migrations_make_exactly_the_tables_of_oversight(api: ApiWorld) -> None:
    with api.deps.database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, oversight_schema)
    assert [change for change in found if change[0] not in ("remove_table", "remove_index")] == []
