"""Scripts: two people put a version in force, dates and conditions choose it, a session keeps the one it ran."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jianlu.capture.cases.scripts import (
    adopt_shipped_scripts,
    approve_script,
    find_scripts,
    propose_script,
    read_script,
    withdraw_script,
)
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.script import script_bytes
from jianlu.core.terms.digests import digest_of
from jianlu.vault.case_log import open_case_log
from tests.fakes.sessions.world import AGENT, COMPLIANCE, SALE_FACTS, SUPERVISOR, World
from tests.fakes.vault.home import TENANT


def next_version(world: World, version: str = "1.1.0", **fields: Any) -> dict[str, Any]:
    """The sale's script with another greeting."""
    document = json.loads(script_bytes(world.using.scenes["insurance-remote"].script))
    document["version"] = version
    document["steps"][0]["title"] = {"zh": "自我介绍", "en": "Introduction"}
    return {**document, "effective_from": "2026-11-01", **fields}


def put_in_force(world: World, content: dict[str, Any]) -> None:
    row = propose_script(content, using=world.using, by=SUPERVISOR)
    approve_script(row.script, row.version, using=world.using, by=COMPLIANCE)


def test_a_new_version_holds_once_a_second_person_approved_it(world: World) -> None:
    old = world.create("sale-old")
    row = propose_script(next_version(world), using=world.using, by=SUPERVISOR)
    assert (row.state, row.proposed_by) == ("proposed", "account-he")
    assert world.view(world.create("sale-still-old"))["script"]["version"] == "1.0.0"
    with pytest.raises(DeniedError, match="second person"):
        approve_script(row.script, row.version, using=world.using, by=SUPERVISOR)
    approved = approve_script(row.script, row.version, using=world.using, by=COMPLIANCE)
    assert (approved.state, approved.approved_by) == ("approved", "account-xu")
    new = world.view(world.create("sale-new"))
    assert (new["script"]["version"], new["steps"][0]["title"]["zh"]) == ("1.1.0", "自我介绍")
    assert world.view(old)["steps"][0]["title"]["zh"] == "表明身份"


def test_a_session_keeps_the_bytes_of_the_version_it_ran(world: World) -> None:
    case = world.create()
    put_in_force(world, next_version(world))
    withdraw_script("insurance-sale", "1.0.0", using=world.using, by=COMPLIANCE)
    again = world.restarted()
    view = again.view(case)
    sealed = open_case_log(world.vault, TENANT, case).open_object("script")
    assert view["script"]["digest"] == digest_of(sealed)
    assert view["script"]["version"] == "1.0.0"
    read = read_script("insurance-sale", "1.0.0", using=world.using, by=AGENT)
    assert (read["state"], read["digest"]) == ("withdrawn", view["script"]["digest"])


def test_dates_decide_which_version_holds(world: World) -> None:
    put_in_force(world, next_version(world, effective_from="2026-12-01"))
    assert world.view(world.create("before"))["script"]["version"] == "1.0.0"
    put_in_force(world, next_version(world, "1.0.9", effective_from="2026-11-01", effective_to="2026-11-20"))
    assert world.view(world.create("not-any-more"))["script"]["version"] == "1.0.0"
    put_in_force(world, next_version(world, "1.0.10", effective_from="2026-11-01", effective_to="2026-11-21"))
    assert world.view(world.create("today"))["script"]["version"] == "1.0.10"


def test_conditions_decide_for_whom_a_version_holds(world: World) -> None:
    elderly = {"all": [{"fact": "customer.age", "at_least": 60}, {"fact": "case.place", "starts_with": "CN-31"}]}
    put_in_force(world, next_version(world, conditions=elderly))
    assert world.view(world.create("elderly"))["script"]["version"] == "1.1.0"
    younger = world.create("younger", facts={**SALE_FACTS, "customer.age": 40})
    assert world.view(younger)["script"]["version"] == "1.0.0"


def test_a_version_never_changes(world: World) -> None:
    put_in_force(world, next_version(world))
    propose_script(next_version(world), using=world.using, by=COMPLIANCE)
    changed = next_version(world)
    changed["steps"][0]["min_read_ms"] = 1
    with pytest.raises(ConflictError, match="give yours a new version"):
        propose_script(changed, using=world.using, by=SUPERVISOR)


def test_a_withdrawn_version_is_not_approved_again(world: World) -> None:
    propose_script(next_version(world), using=world.using, by=SUPERVISOR)
    withdraw_script("insurance-sale", "1.1.0", using=world.using, by=SUPERVISOR)
    with pytest.raises(ConflictError, match="was withdrawn"):
        approve_script("insurance-sale", "1.1.0", using=world.using, by=COMPLIANCE)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"effective_from": "soon"}, "must be a date"),
        ({"effective_from": "2026-12-01", "effective_to": "2026-12-01"}, "must be before"),
        ({"conditions": {"fact": "customer.shoe_size", "at_least": 40}}, "not a known fact"),
        ({"version": "one"}, "version is malformed"),
        ({"steps": []}, "has steps"),
        ({"colour": "red"}, "missing or unknown fields"),
    ],
)
def test_a_proposal_that_is_wrong_is_refused(world: World, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidError, match=complaint):
        propose_script(next_version(world, **changes), using=world.using, by=SUPERVISOR)


def test_scripts_are_for_supervisors_and_compliance(world: World) -> None:
    with pytest.raises(DeniedError):
        propose_script(next_version(world), using=world.using, by=AGENT)
    with pytest.raises(DeniedError):
        approve_script("insurance-sale", "1.0.0", using=world.using, by=AGENT)
    with pytest.raises(NotFoundError):
        approve_script("insurance-sale", "9.9.9", using=world.using, by=COMPLIANCE)
    with pytest.raises(DeniedError, match="name two"):
        adopt_shipped_scripts(using=world.using, proposed_by="one", approved_by="one")
    rows = find_scripts(using=world.using, by=AGENT)
    assert {row.script for row in rows} == {scene.script.script for scene in world.using.scenes.values()}
    assert all(row.document["approved_by"] == "account-xu" for row in rows)


def test_a_script_may_be_proposed_in_the_short_form_of_its_file(world: World) -> None:
    steps = [{"id": "hello", "kind": "say", "title": {"zh": "问候", "en": "Hello"}, "say": [{"zh": "您好。", "en": "Hello."}]}]
    content = {"script": "hello", "version": "1.0.0", "title": {"zh": "问候", "en": "Hello"}, "documents": [], "steps": steps}
    row = propose_script({**content, "effective_from": "2026-11-01"}, using=world.using, by=SUPERVISOR)
    assert row.parsed.steps[0].speaker == "agent"
