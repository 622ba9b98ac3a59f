"""A package goes nowhere without saying where; what a clause of the plan, a policy or a consent forbids is refused by its name, each time.

Faults survived: a destination left out or malformed, a consent that is taken back between approval and download, an approval from before
destinations were asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from jianlu.capture.cases.scenes import load_scene, scenes_directory
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.packages.write import package_path
from jianlu.govern.access._tables import requests
from jianlu.runtime.database import transaction
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, api_world, ok

REASON = "客户来电要求核对当时的说明"
ONSHORE = "cn-health-data-levels:CN-HL-onshore"


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[tuple[ApiWorld, str]]:
    """A consultation, whose plan keeps it in the country, in a store in Beijing."""
    shipped = load_scene(scenes_directory() / "remote-consultation")
    scene = replace(shipped, facts={**shipped.facts, "case.institution_kind": "hospital"})
    with api_world(f"sqlite:///{tmp_path}/index.sqlite", tmp_path, scene=scene, place="CN-11") as api:
        facts = {"case.place": "CN-11", "case.institution": "建安医院", "customer.age": 45, "session.biometrics": []}
        body = {"template": scene.id, "number": "visit-1", "title": "复诊", "facts": facts}
        people = {"agent": {"name": "林医生"}, "customer": {"name": "王小明", "phone": ""}}
        yield api, str(ok(api.client("lin").post("/api/v1/cases", json={**body, "people": people})).json()["case"])


def ask(api: ApiWorld, case: str, **to: str) -> Any:
    asked = {"kind": "approval", "action": "package.export", "case": case, "reason": REASON}
    return api.client("lin").post("/api/v1/access/requests", json=asked | to)


def changes(api: ApiWorld) -> list[dict[str, Any]]:
    return [dict(each) for kind in ("request", "approval", "export") for each in api.deps.access.log.recent(kind)]


def test_a_clause_of_the_plan_keeps_a_package_within_its_places(hospital: tuple[ApiWorld, str]) -> None:
    api, case = hospital
    for place, recipient in (("SG", "subject"), ("CN-HK", "own"), ("US", "authority")):
        problem = expect_problem(ask(api, case, place=place, recipient=recipient), 403)
        assert problem["denial"]["rules"] == ["confined-by-its-plan"] and problem["denial"]["clauses"] == [ONSHORE]
        assert place in problem["denial"]["next_step"]["zh"] and ONSHORE in problem["detail"]
    lines = ok(api.client("xu").get("/api/v1/access/log", params={"which": "denied"})).json()["lines"]
    assert {("package.export", ("confined-by-its-plan",))} == {(each["action"], tuple(each["policies"])) for each in lines}
    made = ok(ask(api, case, place="CN-31", recipient="subject")).json()
    assert (made["place"], made["recipient"]) == ("CN-31", "subject")
    with transaction(api.deps.database) as connection:
        connection.execute(update(requests).values(place="SG"))
    problem = expect_problem(api.client("xu").post(f"/api/v1/access/requests/{made['request']}/approve"), 403)
    assert problem["denial"]["clauses"] == [ONSHORE], "nor is it approved, whatever a table says"


def test_the_case_file_says_class_level_and_place_with_the_clause_behind_each(hospital: tuple[ApiWorld, str]) -> None:
    api, case = hospital
    handled = {each["object"]: each for each in ok(api.client("xu").get(f"/api/v1/cases/{case}/file")).json()["handling"]}
    who = handled["identity"]
    assert (who["category"], who["level"], who["place"], who["objects"]) == ("medical", 4, "CN-11", 1)
    assert who["clause"]["key"] == "cn-health-data-levels:CN-HL-4" and who["confined_by"]["key"] == ONSHORE
    assert "4级" in who["says"]["zh"] and "CN-11" in who["kept"]["en"] and "王小明" not in str(handled)
    rules = handled[""]
    assert (rules["category"], rules["level"], rules["clause"], rules["confined_by"]) == ("unclassified", 5, None, None)


def test_an_export_that_does_not_say_where_it_goes_is_not_asked_for(api: ApiWorld) -> None:
    case = api.make_case()
    for to in (
        {},
        {"place": "CN"},
        {"recipient": "own"},
        {"place": "china", "recipient": "own"},
        {"place": "CN", "recipient": "friend"},
    ):
        assert "state" in expect_problem(ask(api, case, **to), 422)["detail"]
    emergency = {"kind": "emergency", "case": case, "reason": REASON, "place": "CN", "recipient": "own"}
    expect_problem(api.client("he").post("/api/v1/access/requests", json=emergency), 422)
    assert changes(api) == []


def test_a_consent_taken_back_after_the_approval_keeps_the_package_here(api: ApiWorld) -> None:
    case = api.make_case()
    assert expect_problem(ask(api, case, place="CN", recipient="institution"), 403)["denial"]["rules"] == [
        "shared-by-consent-alone"
    ]
    assert expect_problem(ask(api, case, place="SG", recipient="own"), 403)["denial"]["rules"] == ["sent-across-the-border"]
    log = api.deps.sessions.desk.log(api.deps.tenant, case_ref(case))
    said = {"purpose": "sharing", "by": "customer", "how": "click", "notice": "n", "version": "1.0.0", "lang": "zh", "at_ms": 0}
    log.append(EventType.CONSENT_GIVEN, said, commits={"commit": "0" * 64})
    made = ok(ask(api, case, place="CN", recipient="institution")).json()
    ok(api.client("xu").post(f"/api/v1/access/requests/{made['request']}/approve"))
    path = package_path(api.deps.home, case_ref(case))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"package")
    log.append(EventType.CONSENT_WITHDRAWN, said, commits={"commit": "0" * 64})
    lin = api.client("lin")
    assert expect_problem(lin.get(f"/api/v1/cases/{case}/package"), 403)["denial"]["rules"] == ["shared-by-consent-alone"]
    log.append(EventType.CONSENT_GIVEN, said, commits={"commit": "0" * 64})
    assert ok(lin.get(f"/api/v1/cases/{case}/package")).content == b"package", "the approval was not used up by the refusal"
    asked, approved, taken = changes(api)
    assert {(each["place"], each["recipient"]) for each in (asked, approved, taken)} == {("CN", "institution")}
    assert (taken["case"], taken["request"]) == (case, made["request"]) and len(taken["package"]) == 64


def test_an_approval_from_before_destinations_takes_nothing_away(api: ApiWorld) -> None:
    case = api.make_case()
    api.approve_export(case)
    with transaction(api.deps.database) as connection:
        connection.execute(update(requests).values(place="", recipient=""))
    path = package_path(api.deps.home, case_ref(case))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"package")
    expect_problem(api.client("lin").get(f"/api/v1/cases/{case}/package"), 403, 409)
