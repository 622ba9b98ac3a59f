"""Lists by cursor: every row once, whatever is added meanwhile, and a cursor gives no right to anything."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, true

from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.model import Resource
from jianlu.judge.review._tables import REVIEW_TOTALS, review_tasks
from jianlu.runtime.cursors import cursor_of
from jianlu.runtime.database import transaction
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, ok
from tests.fakes.sessions.world import COMPLIANCE
from tests.unit.access.test_decide import case


def make_later(api: ApiWorld, number: str) -> str:
    """A case that is newer than those before."""
    api.world.clock.move(10)
    return api.make_case(number)


def test_every_case_comes_once_although_others_are_made_meanwhile(api: ApiWorld) -> None:
    made = [make_later(api, f"sale-{number}") for number in range(45)]
    client, cursor, seen = api.client("lin"), "first", list[str]()
    while cursor:
        page = ok(client.get("/api/v1/cases", params={"cursor": cursor})).json()
        seen += [each["case"] for each in page["cases"]]
        make_later(api, f"later-{len(seen)}")
        cursor = page["next"]
    assert seen == made[::-1]


def test_a_cursor_that_is_none_is_unprocessable(api: ApiWorld) -> None:
    of_words = cursor_of("2026-11-20", "not.numbers")
    for wrong in ("x", "????", "AAAA", "%00", "é", "Zmlyc3Q"):
        for name, path in (("lin", "cases"), ("xu", "reviews"), ("xu", "access/log")):
            expect_problem(api.client(name).get(f"/api/v1/{path}", params={"cursor": wrong}), 422)
    expect_problem(api.client("xu").get("/api/v1/access/log", params={"cursor": of_words}), 422)


def test_every_line_of_the_access_log_comes_once_although_more_are_written_meanwhile(api: ApiWorld) -> None:
    xu, access, tenant = api.client("xu"), api.deps.access, TenantId(api.deps.tenant)
    for number in range(250):
        on = Resource("case", f"c-{number}", tenant, {**case().attributes})
        access.require(COMPLIANCE, "case.read", on)
    access.require(COMPLIANCE, "case.read", Resource("case", "c-7", tenant, {**case().attributes}), purpose="audit")
    cursor, seen = "first", list[str]()
    while cursor:
        page = ok(xu.get("/api/v1/access/log", params={"cursor": cursor})).json()
        seen += [line["resource"] for line in page["lines"]]
        access.require(COMPLIANCE, "case.read", Resource("case", f"later-{len(seen)}", tenant, {**case().attributes}))
        cursor = page["next"]
    mine = [each for each in seen if each.startswith("c-")]
    assert sorted(mine) == sorted([*(f"c-{number}" for number in range(250)), "c-7"]) and mine[0] == "c-7"
    assert not any(each.startswith("later-") for each in seen)
    denied = ok(xu.get("/api/v1/access/log", params={"cursor": "first", "which": "denied"})).json()
    assert denied["lines"] == [] and denied["next"] == ""


def test_every_review_of_a_list_comes_once_the_most_urgent_first(api: ApiWorld) -> None:
    with transaction(api.deps.database) as connection:
        REVIEW_TOTALS.insert(connection, [task_row(api.deps.tenant, number) for number in range(53)])
    for which, state in (("open", "open"), ("done", "done")):
        with transaction(api.deps.database) as connection:
            REVIEW_TOTALS.update(connection, [true()], {"state": state})
        cursor, seen = "first", list[tuple[str, str]]()
        while cursor:
            page = ok(api.client("xu").get("/api/v1/reviews", params={"which": which, "cursor": cursor})).json()
            seen += [(each["due_on"], each["case"]) for each in page["reviews"]]
            cursor = page["next"]
        by_page = [
            (each["due_on"], each["case"])
            for page in (1, 2, 3)
            for each in ok(api.client("xu").get("/api/v1/reviews", params={"which": which, "page": page})).json()["reviews"]
        ]
        assert seen == by_page and len(set(seen)) == 53


def task_row(tenant: str, number: int) -> dict[str, Any]:
    """A review that is to be done, three of them on each day."""
    row: dict[str, Any] = {column.name: "" for column in review_tasks.columns if not column.nullable}
    row |= {column.name: 0 for column in review_tasks.columns if not column.nullable and isinstance(column.type, Integer)}
    case = "c" + "abcdefghijklmnopqrstuvwxyz"[number % 26] * 13 + "abcdefghijklmnopqrstuvwxyz"[number // 26] * 13
    return {
        **row,
        "tenant": tenant,
        "case_ref": case,
        "stage": "first",
        "asks_redo": False,
        "barred": "[]",
        "plan": "p",
        "cause": "drawn",
        "due_on": f"2026-12-{1 + number // 3:02d}",
    }


def test_a_cursor_of_somebody_else_shows_only_what_is_ones_own(api: ApiWorld) -> None:
    for number in range(25):
        made = api.make_case(f"sale-{number}")
        ok(api.client("lin").post(f"/api/v1/cases/{made}/seat", json={"seat": "agent"}))
    cursor = ok(api.client("lin").get("/api/v1/cases", params={"cursor": "first"})).json()["next"]
    assert cursor
    assert ok(api.client("zhou").get("/api/v1/cases", params={"cursor": cursor})).json()["cases"] == []
