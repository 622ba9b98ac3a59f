"""Changing the policies takes two people: proposed with its effect, approved by another, in force from the next request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError
from jianlu.core.terms.ids import TenantId
from jianlu.deliver.console.mount import mount_console
from jianlu.deliver.console.policies import policy_routes
from jianlu.deliver.console.ports import ConsoleSettings
from jianlu.entry.serve.pages import Pages
from jianlu.entry.serve.rights_pages import RightsPages
from jianlu.govern.access._tables import policy_versions
from jianlu.govern.access.in_force import bring_in_force
from jianlu.govern.access.versions import WAITS_FOR
from jianlu.runtime.database import transaction
from jianlu.vault.access_log import AccessLog
from tests.contract.api.test_routes import expect_problem
from tests.fakes.access.worlds import shipped_policies
from tests.fakes.api.world import PASSWORD, ApiWorld, api_world, ok

PEOPLE = {"sun": ["security_administrator"], "shen": ["security_administrator"], "audit": ["audit_administrator"]}
AT = "/api/v1/access/policies/versions"
WHY = "稽核需要看到业务编号才能对账"
OWN = """
@id("number-for-auditors")
@clause("cn-pipl:54")
@next_step_zh("业务编号对您脱敏显示")
@next_step_en("the business number is masked for your role")
permit(principal is Staff, action == Action::"case.see_number", resource is Case) when { principal.roles.contains("reviewer") };
"""
FILE = {"50-own.cedar": OWN}


@pytest.fixture
def rights(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    with api_world(database_url, tmp_path, also={**PEOPLE, "rev": ["reviewer"]}) as world:
        yield world


def propose(world: ApiWorld, files: dict[str, str] | None = None, name: str = "sun", **more: Any) -> dict[str, Any]:
    prove(world, name)
    body = {"files": FILE if files is None else files, "reason": WHY, **more}
    made: dict[str, Any] = ok(world.client(name).post(AT, json=body)).json()
    return made


def prove(world: ApiWorld, name: str) -> None:
    ok(world.client(name).post("/api/v1/me/step-up", json={"password": PASSWORD}))


def approve(world: ApiWorld, made: dict[str, Any], name: str = "shen") -> Any:
    version = made["version"]
    return world.client(name).post(f"{AT}/{version['version']}/approve", json={"digest": version["digest"]})


def log_of(world: ApiWorld) -> AccessLog:
    log = world.deps.access.log
    assert isinstance(log, AccessLog)
    return log


def test_a_version_shows_difference_and_effect_and_holds_from_the_next_request_once_a_second_person_approved(
    rights: ApiWorld,
) -> None:
    made = propose(rights)
    (change,) = made["effect"]["changes"]
    assert (change["who"], change["action"], change["opens"]) == ("reviewer", "case.see_number", True)
    assert made["effect"]["is_whole"] and made["effect"]["statements"] == ["number-for-auditors"]
    (difference,) = made["differences"]
    assert difference["file"] == "50-own.cedar" and any(line.startswith("+permit") for line in difference["lines"])
    assert rights.deps.access.version == 0, "proposed is not in force"
    before = rights.deps.access.policies.digest
    decided = ok(approve(rights, made)).json()
    assert decided["state"] == "in_force" and not decided["widens_proposer"]
    rules = ok(rights.client("lin").get("/api/v1/access/policies")).json()
    assert rules["digest"] == made["version"]["digest"] != before
    assert "number-for-auditors" in {each["id"] for each in rules["rules"]}
    sealed = log_of(rights).policy_in_force()
    assert sealed is not None and sealed["files"] == FILE
    assert (sealed["before_digest"], sealed["digest"]) == (before, rules["digest"])
    assert sealed["proposed_by"] != sealed["decided_by"]
    back = propose(rights, {}, again=0)
    assert not back["effect"]["changes"][0]["opens"]
    ok(approve(rights, back, "audit"))
    assert rights.deps.access.policies.digest == before
    listed = ok(rights.client("sun").get(AT)).json()
    assert [each["state"] for each in listed["versions"]] == ["in_force", "replaced"] and listed["in_force"] == 2
    old = ok(rights.client("audit").get(f"{AT}/1")).json()
    assert old["files"]["50-own.cedar"] == OWN, "what was replaced is kept"


def test_nobody_alone_and_nobody_else_changes_policies(rights: ApiWorld) -> None:
    made = propose(rights)
    assert expect_problem(approve(rights, made, "sun"), 403)["denial"]["rules"] == ["policies-by-a-second-person"]
    for name in ("lin", "he"):
        expect_problem(approve(rights, made, name), 403)
        expect_problem(rights.client(name).post(AT, json={"files": FILE, "reason": WHY}), 403)
    expect_problem(rights.client("audit").post(AT, json={"files": FILE, "reason": WHY}), 403)
    expect_problem(rights.client("shen").post(f"{AT}/1/withdraw"), 403)
    other = {"version": {**made["version"], "digest": "0" * 64}}
    expect_problem(approve(rights, other), 409)
    assert rights.deps.access.version == 0
    ok(rights.client("xu").post(f"{AT}/1/refuse"))
    expect_problem(approve(rights, made), 409)
    expect_problem(approve(rights, {"version": {"version": 9, "digest": "0" * 64}}), 404)


def test_a_proposal_that_is_old_or_was_overtaken_is_not_approved(rights: ApiWorld) -> None:
    late = propose(rights)
    overtaken = propose(rights, {"51-other.cedar": OWN.replace("number-for-auditors", "another")})
    ok(approve(rights, late))
    expect_problem(approve(rights, overtaken), 409)
    expired = propose(
        rights, {"52-third.cedar": OWN.replace("number-for-auditors", "third").replace("reviewer", PEOPLE["sun"][0])}
    )
    assert expired["version"]["widens_proposer"], "what widens the role of whoever proposes it is said"
    rights.world.clock.move(int(WAITS_FOR.total_seconds() * 1000))
    rights.clients.clear()
    expect_problem(approve(rights, expired), 409)
    assert rights.deps.access.version == 1


def test_changing_policies_asks_for_a_proof_of_the_person_that_is_recent(rights: ApiWorld) -> None:
    made = propose(rights)
    rights.client("shen")
    rights.world.clock.move(5 * 60 * 1000 + 1_000)
    for answer in (approve(rights, made), rights.client("sun").post(AT, json={"files": {}, "reason": WHY})):
        assert expect_problem(answer, 401)["type"].endswith(":step-up-needed")
    prove(rights, "shen")
    ok(approve(rights, made))


WRONG = (
    ({"50-own.cedar": OWN.replace("see_number", "see_nmber")}, "50-own.cedar, line 2"),
    ({"50-own.cedar": OWN.replace('@clause("cn-pipl:54")\n', "")}, "@clause"),
    ({"50-own.cedar": OWN.replace("principal.roles", "principal.rank")}, "rank"),
    ({"50-own.cedar": OWN.replace("number-for-auditors", "other-tenant")}, "already"),
    ({"00-default.cedar": "// nothing"}, "deny-by-default"),
    ({"30-administration.cedar": "// nothing"}, "no-self-grant"),
    ({"../../etc.cedar": OWN}, "files"),
    (
        {
            "50-own.cedar": OWN.replace("see_number", "read").replace(
                'principal.roles.contains("reviewer")', 'resource has given && resource.given.contains("audit")'
            )
        },
        "lists",
    ),
    (
        {
            "50-own.cedar": OWN.replace("permit", "forbid")
            .replace("case.see_number", "policy.propose")
            .replace(" is Case", "")
            .replace('principal.roles.contains("reviewer")', "true")
        },
        "propose",
    ),
)


def test_a_version_that_is_wrong_or_takes_the_floor_away_is_refused_and_says_where(rights: ApiWorld) -> None:
    for files, says in WRONG:
        problem = expect_problem(rights.client("sun").post(AT, json={"files": files, "reason": WHY}), 422)
        assert says in problem["detail"], (says, problem["detail"])
    assert ok(rights.client("sun").get(AT)).json()["versions"] == []


def test_an_older_database_does_not_bring_older_policies_back(rights: ApiWorld) -> None:
    made = propose(rights)
    ok(approve(rights, made))
    access, database, tenant = rights.deps.access, rights.deps.database, TenantId(rights.deps.tenant)
    shipped = shipped_policies()

    def start() -> str:
        access.put_in_force(shipped, 0)
        return bring_in_force(access, log_of(rights).policy_in_force(), shipped, database=database, tenant=tenant)

    assert start() == "" and access.version == 1
    with transaction(database) as connection:
        connection.execute(policy_versions.delete())
    assert start() == "restored" and access.policies.digest == made["version"]["digest"]
    assert start() == "", "what was amiss is repaired"
    with transaction(database) as connection:
        connection.execute(policy_versions.update().values(files='{"50-own.cedar": "permit(principal, action, resource);"}'))
    assert start() == "edited" and access.policies.digest == made["version"]["digest"], "what a row says decides nothing"
    with transaction(database) as connection:
        connection.execute(policy_versions.update().values(version=7))
    with pytest.raises(IntegrityError, match="rolled back"):
        start()


def test_the_pages_show_what_changes_and_offer_to_each_what_is_theirs(rights: ApiWorld) -> None:
    pages = Pages(rights.deps, ConsoleSettings("x", "0.1.0"))
    mount_console(rights.app, pages, policy_routes(pages, RightsPages(rights.deps)))

    def look(name: str, path: str) -> str:
        return str(ok(rights.client(name).get(path, headers={"accept": "text/html"})).text)

    assert "/policies/edit?file=50-own.cedar" in look("sun", "/policies")
    assert 'name="files/10-cases.cedar"' in look("sun", "/policies/edit?file=10-cases.cedar")
    assert "case-of-its-agent" in look("sun", "/policies/edit?file=10-cases.cedar")
    widening = propose(rights, {"50-own.cedar": OWN.replace("reviewer", PEOPLE["sun"][0])})
    own, other = look("sun", "/policies/1"), look("shen", "/policies/1?lang=en")
    assert "withdraw" in own and "/approve" not in own and "/approve" in other and "/withdraw" not in other
    assert "扩大提出人" in own and "widens what the proposer" in other and "case.see_number" in other
    assert "denied before, allowed now" in other and widening["version"]["digest"] in other
    assert "/approve" not in look("lin", "/policies/1") and "/policies/edit" not in look("lin", "/policies")
    assert rights.client("sun").get("/policies/99", headers={"accept": "text/html"}).status_code == 404
    assert rights.client().get("/policies", headers={"accept": "text/html"}, follow_redirects=False).status_code == 303


def test_the_version_in_force_is_named_again_each_day(rights: ApiWorld) -> None:
    ok(approve(rights, propose(rights)))
    for _ in range(3):
        rights.world.clock.move(24 * 3600 * 1000)
        log_of(rights).change("retry", {"job": "x"})
    fresh = AccessLog(
        rights.world.vault, rights.deps.sessions.desk, TenantId(rights.deps.tenant), rights.deps.sessions.tenant_secret
    )
    sealed = fresh.policy_in_force()
    assert sealed is not None and sealed["version"] == 1 and sealed["files"] == FILE
