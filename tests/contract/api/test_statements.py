"""Days stated after the call over HTTP: by two people, on a document, read from the ledger; and a certificate that recomputes them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, update

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.certificate import parse_certificate
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.oversight._tables import statement_sheets
from jianlu.runtime.database import transaction
from jianlu.vault._tables import settlements
from jianlu.vault.compare import compare_index
from jianlu.vault.keys import custody_chain
from jianlu.vault.reindex import reindex
from jianlu.verify.certificate import check_certificate
from tests.contract.api.test_destructions import (
    HOLD,
    approve,
    ask,
    closed,
    custody_kinds,
    live_on,
    people,
    run_job,
    start,
)
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, ok
from tests.fakes.vault.home import TENANT

__all__ = ["people"]
DIGEST, WHY = "5e" * 32, "客户解除合同，附解除通知书"


def open_case(api: ApiWorld, number: str = "sale-1") -> str:
    """A closed case whose contract has no known end; the purpose was served on a day that the case file had."""
    return closed(api, number, ends="")


def line(case: str, day: str, **other: str) -> dict[str, Any]:
    return {
        "case": case,
        "trigger": "contract_end",
        "day": day,
        "evidence": "解除通知书 2031-17",
        "evidence_digest": DIGEST,
        **other,
    }


def ask_for(api: ApiWorld, *lines: dict[str, Any], by: str = "xu") -> Any:
    return api.client(by).post("/api/v1/statements", json={"lines": lines, "reason": WHY})


def record(api: ApiWorld, sheet: str, *, by: str = "xu") -> Any:
    api.prove(by)
    return api.client(by).post(f"/api/v1/statements/{sheet}/record")


def stated(api: ApiWorld, *lines: dict[str, Any]) -> None:
    asked = ok(ask_for(api, *lines)).json()
    ok(approve(api, asked["request"]))
    ok(record(api, asked["sheet"]))


def due(api: ApiWorld) -> list[tuple[str, str]]:
    return [(each["case"], each["until"]) for each in ok(api.client("xu").get("/api/v1/destructions")).json()["due"]]


def test_a_day_of_one_case_is_a_sheet_of_one_line(people: ApiWorld) -> None:
    case = open_case(people)
    body = {**line(case, "2026-11-30"), "reason": WHY}
    live_on(people, "2027-06-01T00:00:00.000Z")
    asked = ok(people.client("xu").post(f"/api/v1/cases/{case}/statements", json={k: v for k, v in body.items() if k != "case"}))
    assert [each["case"] for each in asked.json()["lines"]] == [case]
    ok(approve(people, asked.json()["request"]))
    ok(record(people, asked.json()["sheet"]))
    assert terms(people, case)["until"] == "2036-11-30"


def terms(api: ApiWorld, case: str) -> Any:
    return ok(api.client("xu").get(f"/api/v1/cases/{case}/terms")).json()


def test_a_stated_day_ends_a_term_and_the_certificate_recomputes_it(people: ApiWorld) -> None:
    case = open_case(people)
    live_on(people, "2031-06-01T00:00:00.000Z")
    assert terms(people, case)["until"] == "open"
    asked = ok(ask_for(people, line(case, "2031-03-31"))).json()
    expect_problem(record(people, asked["sheet"]), 403)  # nobody approved it
    expect_problem(approve(people, asked["request"], by="xu"), 403)  # the same person does not
    ok(approve(people, asked["request"]))
    expect_problem(record(people, asked["sheet"], by="ye"), 403)
    assert terms(people, case)["until"] == "open"
    assert ok(record(people, asked["sheet"])).json()["outcomes"] == [
        {"case": case, "trigger": "contract_end", "why": "", "code": ""}
    ]
    found = terms(people, case)
    assert found["until"] == "2041-03-31" and [each["day"] for each in found["statements"]] == ["2031-03-31"]
    assert found["statements"][0]["by_name"] != found["statements"][0]["second_name"]
    shown = ok(people.client("xu").get(f"/api/v1/cases/{case}/file")).json()["retention"]
    assert max(each["until"] for each in shown) == "2041-03-31" and "open" not in {each["until"] for each in shown}
    assert "2031-03-31" in {term["stated"] for each in shown for term in each["terms"]}
    months = [each["month"] for each in ok(people.client("xu").get("/api/v1/retention")).json()["months"]]
    assert "2041-03" in months
    assert ok(people.client("song").get("/api/v1/statements")).json()["statements"][0]["state"] == "recorded"
    expect_problem(ask(people, case), 409)  # ten years are not over
    live_on(people, "2041-06-01T00:00:00.000Z")
    assert due(people) == [(case, "2041-03-31")]
    wanted = ok(ask(people, case)).json()
    ok(approve(people, wanted["request"]))
    ok(start(people, wanted["batch"]))
    run_job(people, case)
    content = ok(people.client("xu").get(f"/api/v1/cases/{case}/certificate")).content
    result = check_certificate(content)
    assert result.is_intact and result.until == "2041-03-31"
    assert [each["day"] for each in result.said["stated"]] == ["2031-03-31"]
    without_documents(content)


def without_documents(content: bytes) -> None:
    """A certificate that hides or forges what was sealed with a stated day does not hold."""
    stated_at = next(
        n for n, each in enumerate(json.loads(content)["custody_events"]) if "custody:trigger:stated" in each["entry"]
    )
    hidden = json.loads(content)
    hidden["documents"] = [each for each in hidden["documents"] if each["n"] != stated_at]
    assert [each.what for each in check_certificate(canonical_bytes(hidden)).problems] == ["commitment_does_not_open"]
    forged = json.loads(content)
    for each in forged["documents"]:
        if each["n"] == stated_at:
            each["content"] = each["content"].replace("2031-17", "2031-18")
    assert [each.what for each in check_certificate(canonical_bytes(forged)).problems] == ["commitment_does_not_open"]
    earlier = json.loads(content)
    entry = earlier["custody_events"][stated_at]
    entry["entry"] = entry["entry"].replace('"day":"2031-03-31"', '"day":"2011-03-31"')
    assert not check_certificate(canonical_bytes(earlier)).is_intact
    assert parse_certificate(content).documents


def test_what_cannot_be_stated_says_why_and_asks_nobody(people: ApiWorld) -> None:
    case = open_case(people)
    assert ask_for(people, line(people.make_case("still-open"), "2026-11-01")).json()["code"] == "statement_open"
    live_on(people, "2031-05-25T00:00:00.000Z")
    odd = {
        "statement_future": {"day": "2031-06-20"},
        "statement_before": {"day": "2026-10-01"},
        "statement_day": {"day": "2031-02-30"},
        "statement_trigger": {"trigger": "last_visit"},
    }
    for code, change in odd.items():
        answer = ask_for(people, {**line(case, "2031-03-31"), **change})
        assert answer.status_code == 409 and answer.json()["code"] == code, answer.text
    assert ask_for(people, {**line(case, "2031-03-31"), "trigger": "recording_time"}).json()["code"] == "statement_trigger"
    assert ok(people.client("xu").get("/api/v1/statements")).json()["statements"] == []


def test_who_may_not_state_is_denied_with_the_clause(people: ApiWorld) -> None:
    case = open_case(people)
    for name in ("lin", "he", "lu", "song"):
        expect_problem(ask_for(people, line(case, "2026-12-01"), by=name), 403)


def test_a_correction_only_lengthens(people: ApiWorld) -> None:
    case = open_case(people)
    live_on(people, "2031-06-01T00:00:00.000Z")
    stated(people, line(case, "2031-03-31"))
    for day in ("2031-03-31", "2030-12-31"):
        assert ask_for(people, line(case, day)).json()["code"] == "statement_earlier"
    stated(people, line(case, "2031-04-30", evidence="更正通知书"))
    found = terms(people, case)
    assert found["until"] == "2041-04-30" and [each["replaces"] for each in found["statements"]] == ["", "2031-03-31"]


def test_of_two_sheets_the_earlier_day_stays_out_when_the_later_came_first(people: ApiWorld) -> None:
    case = open_case(people)
    live_on(people, "2031-06-01T00:00:00.000Z")
    early = ok(ask_for(people, line(case, "2031-03-31"))).json()
    late = ok(ask_for(people, line(case, "2031-04-30"))).json()
    for each in (late, early):
        ok(approve(people, each["request"]))
    ok(record(people, late["sheet"]))
    assert record(people, early["sheet"]).json()["code"] == "statement_earlier"
    assert terms(people, case)["until"] == "2041-04-30"


def test_a_hold_stands_above_a_stated_day(people: ApiWorld) -> None:
    case = open_case(people)
    live_on(people, "2031-06-01T00:00:00.000Z")
    asked = ok(ask_for(people, line(case, "2031-03-31"))).json()
    ok(approve(people, asked["request"]))
    ok(people.client("xu").post(f"/api/v1/cases/{case}/holds", json=HOLD))
    ok(record(people, asked["sheet"]))
    live_on(people, "2042-01-01T00:00:00.000Z")
    expect_problem(ask(people, case), 409)
    assert custody_kinds(people, case)[-1] == (EventType.DESTRUCTION_REFUSED, "hold")


def test_a_sheet_states_many_cases_and_an_edited_row_is_another_sheet(people: ApiWorld) -> None:
    cases = [open_case(people, f"sale-{no}") for no in range(3)]
    live_on(people, "2031-06-01T00:00:00.000Z")
    asked = ok(ask_for(people, *(line(case, "2031-03-31") for case in cases))).json()
    ok(approve(people, asked["request"]))
    with transaction(people.deps.database) as connection:
        row = connection.exec_driver_sql("SELECT lines FROM statement_sheets").scalar_one()
        edited = update(statement_sheets).values(lines=row.replace("2031-03-31", "2027-03-31"))
        connection.execute(edited)
    assert record(people, asked["sheet"]).status_code == 500
    with transaction(people.deps.database) as connection:
        connection.execute(update(statement_sheets).values(lines=row))
    assert len(ok(record(people, asked["sheet"])).json()["outcomes"]) == 3
    assert {terms(people, case)["until"] for case in cases} == {"2041-03-31"}
    twice = ask_for(people, line(cases[0], "2031-04-30"), line(cases[0], "2031-05-01"))
    expect_problem(twice, 422)


def test_an_edited_index_changes_nothing_and_the_ledger_rebuilds_it(people: ApiWorld) -> None:
    case, other = open_case(people, "one"), open_case(people, "two")
    live_on(people, "2031-06-01T00:00:00.000Z")
    stated(people, line(case, "2031-03-31"))
    chain = custody_chain(people.deps.sessions.tenant_secret, case)
    with transaction(people.deps.database) as connection:
        connection.execute(update(settlements).values(until="2031-01-01", day="2021-01-01", case_ref=other))
    assert [each.table for each in compare_index(people.world.vault, tenant_id(TENANT), chain)] == ["settlements"]
    expect_problem(ask(people, other), 409)  # the list may say what it likes
    assert custody_kinds(people, other)[-1] == (EventType.DESTRUCTION_REFUSED, "retention")
    assert terms(people, case)["until"] == "2041-03-31" and terms(people, other)["until"] == "open"
    with transaction(people.deps.database) as connection:
        connection.execute(delete(settlements))
    reindex(people.world.vault)
    assert compare_index(people.world.vault, tenant_id(TENANT), chain) == []
    live_on(people, "2041-06-01T00:00:00.000Z")
    assert due(people) == [(case, "2041-03-31")]
