"""What is masked for a role in one answer is masked for it in all: every route that answers with a number, and the name of a file.

The routes are those of the application: one that is added is asked here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.capture.cases.case_access import number_for
from jianlu.capture.cases.find_cases import row_of
from jianlu.capture.sessions.wall import wall
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.packages.write import package_path
from jianlu.govern.identity.accounts import list_accounts
from jianlu.govern.identity.model import Role, Staff
from tests.fakes.api.world import ApiWorld, api_world, ok
from tests.property.access.routes import all_routes, method_of

NUMBER, MASKED = "policy-2026-77", "************77"
WORDS = {"matter": "（2026）沪0101民初77号", "reason": "法院通知保全本次会话的录音录像"}

CLEAR_FOR = {Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE}
MASKED_FOR = {role.value.replace("_", "-"): [role.value] for role in Role if role not in CLEAR_FOR}
WITH_NUMBERS = {
    "/api/v1/cases",
    "/api/v1/cases/{case}",
    "/api/v1/cases/{case}/file",
    "/api/v1/cases/{case}/session",
    "/api/v1/holds",
    "/api/v1/supervision/wall",
}
"""Where a number is seen at least; which routes there are beside these is found."""


@pytest.fixture
def people(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    with api_world(database_url, tmp_path, also={"aud": ["auditor"]}) as api:
        yield api


def test_the_same_call_is_masked_or_in_the_clear_by_role(people: ApiWorld) -> None:
    case = people.make_case(NUMBER)
    ok(people.client("xu").post(f"/api/v1/cases/{case}/holds", json=WORDS))
    ok(people.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    ok(people.client("lin").post(f"/api/v1/cases/{case}/abandon"))
    months = [each["month"] for each in ok(people.client("xu").get("/api/v1/retention")).json()["months"]]
    paths = ["/api/v1/cases", "/api/v1/holds", *(f"/api/v1/retention?month={month}" for month in [*months, "open"])]
    seen = 0
    for path in paths:
        clear, masked = (ok(people.client(name).get(path)).text for name in ("xu", "aud"))
        assert NUMBER not in masked, path
        seen += NUMBER in clear
        if NUMBER in clear:
            assert MASKED in masked, path
    assert seen >= 2


def test_an_exported_file_is_named_as_the_number_is_shown(people: ApiWorld) -> None:
    case = people.make_case(NUMBER)
    path = package_path(people.deps.home, case_ref(case))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK package")

    def name_for(who: str) -> Any:
        people.approve_export(case, who)
        return ok(people.client(who).get(f"/api/v1/cases/{case}/package")).headers["content-disposition"]

    assert NUMBER in name_for("he")
    assert NUMBER not in name_for("aud") and "77.jlp" in name_for("aud")


def test_no_route_shows_anybody_a_number_that_the_lists_mask_for_their_role(tmp_path: Path) -> None:
    with api_world(f"sqlite:///{tmp_path}/index.sqlite", tmp_path, also=MASKED_FOR) as api:
        case, _, _ = api.live(NUMBER)
        ok(api.client("xu").post(f"/api/v1/cases/{case}/holds", json=WORDS))
        row, accounts = row_of(case, using=api.deps.sessions), list_accounts(api.deps.identity, api.deps.tenant)
        staff = [Staff(each, "x", by_totp=False) for each in accounts if each.name in {*MASKED_FOR, "he", "xu"}]
        shown = {who.account.name: number_for(api.deps.access, who, row) for who in staff}
        assert shown == {**dict.fromkeys(MASKED_FOR, MASKED), "he": NUMBER, "xu": NUMBER}
        seen: dict[str, set[str]] = {NUMBER: set(), MASKED: set()}
        for route in all_routes():
            if method_of(route) != "GET" or route.path.endswith("/stream"):
                continue
            path = re.sub(r"\{case\}", case, route.path)
            for name, number in shown.items():
                api.world.clock.move(1_000)
                answer = api.client(name).get(re.sub(r"\{\w+(:path)?\}", "agent", path))
                if number == MASKED:
                    assert NUMBER not in answer.text + str(answer.headers), f"{name} {route.path}"
                for each in seen:
                    if answer.status_code == 200 and each in answer.text:
                        seen[each].add(route.path)
        assert seen[NUMBER] >= WITH_NUMBERS and seen[MASKED] >= WITH_NUMBERS - {"/api/v1/supervision/wall"}


def test_the_wall_masks_numbers_for_whom_the_policies_do(people: ApiWorld) -> None:
    people.live(NUMBER)
    for name, number in (("he", NUMBER), ("aud", MASKED)):
        account = next(each for each in list_accounts(people.deps.identity, people.deps.tenant) if each.name == name)
        (tile,) = wall(using=people.deps.sessions, by=Staff(account, "x", by_totp=False))["tiles"]
        assert tile["number"] == number
