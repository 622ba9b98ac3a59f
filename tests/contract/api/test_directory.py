"""The organisation through the API: its sign-in by a real provider, its directory by SCIM, and what an administrator may do to accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from jianlu.core.terms.digests import digest_of
from jianlu.govern.identity.organisation import Organisation
from jianlu.govern.identity.provider import Provider, Registration
from jianlu.runtime.settings import OrganisationSettings
from tests.fakes.api.listening import cookie_header, listening
from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.provider import CLIENT, SECRET, LoopbackProvider, loopback_provider
from tests.fakes.identity.worlds import add_account, set_password

TOKEN = "the directory's token, which is long enough"
ROLES = {"agents": "agent", "leads": "supervisor"}
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEI: dict[str, Any] = {
    "userName": "mei",
    "externalId": "00u1mei",
    "displayName": "王梅",
    "active": True,
    "roles": [{"value": "agents"}],
}


@pytest.fixture
def directory(api: ApiWorld) -> TestClient:
    """The directory's client."""
    settings = api.deps.settings.model_copy(
        update={"organisation": OrganisationSettings(roles=tuple(f"{group}={role}" for group, role in ROLES.items()))}
    )
    api.app.state.deps = replace(api.deps, settings=settings, scim_token_digest=digest_of(TOKEN.encode()))
    client = api.browser()
    client.headers["Authorization"] = f"Bearer {TOKEN}"
    del client.headers["X-Jianlu"]
    return client


def signed_in(api: ApiWorld, name: str) -> TestClient:
    """The owner of a new account of the directory, by a link, since no provider runs here."""
    identity, tenant = api.deps.identity, api.deps.tenant
    set_password(identity, tenant, name, PASSWORD)
    client = api.browser()
    ok(client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD}))
    return client


def test_a_joiner_comes_a_mover_changes_and_a_leaver_is_out_on_the_next_request(api: ApiWorld, directory: TestClient) -> None:
    made = ok(directory.post("/scim/v2/Users", json=MEI)).json()
    assert made["roles"] == [{"value": "agent"}] and made["active"] and made["externalId"] == "00u1mei"
    at = f"/scim/v2/Users/{made['id']}"
    mei = signed_in(api, "mei")
    assert mei.get("/api/v1/cases").status_code == 200
    moved = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "roles", "value": [{"value": "leads"}]}]}
    assert ok(directory.patch(at, json=moved)).json()["roles"] == [{"value": "supervisor"}]
    assert mei.get("/api/v1/cases").status_code == 401
    ok(mei.post("/api/v1/sign-in", json={"name": "mei", "password": PASSWORD}))
    left = {"schemas": [PATCH], "Operations": [{"op": "Replace", "value": {"active": "False"}}]}
    assert not ok(directory.patch(at, json=left)).json()["active"]
    assert mei.get("/api/v1/cases").status_code == 401
    assert mei.post("/api/v1/sign-in", json={"name": "mei", "password": PASSWORD}).status_code == 401
    assert ok(directory.put(at, json=MEI)).json()["active"]
    assert directory.delete(at).status_code == 204 and directory.get(at).status_code == 404
    assert mei.post("/api/v1/sign-in", json={"name": "mei", "password": PASSWORD}).status_code == 401


def test_an_open_stream_of_a_leaver_ends(api: ApiWorld, directory: TestClient) -> None:
    made = ok(directory.post("/scim/v2/Users", json={**MEI, "roles": [{"value": "leads"}]})).json()
    case = api.make_case()
    mei = signed_in(api, "mei")
    with listening(api) as server, server.stream(case, cookie_header(mei)) as stream:
        assert stream.until("view")["event"] == "view"
        ok(
            directory.patch(
                f"/scim/v2/Users/{made['id']}",
                json={"schemas": [PATCH], "Operations": [{"op": "add", "path": "active", "value": False}]},
            )
        )
        assert "signed_out" in str(stream.until("end"))


def test_the_directory_finds_whom_it_handed_over_and_nobody_else(directory: TestClient) -> None:
    made = ok(directory.post("/scim/v2/Users", json=MEI)).json()
    for wanted in ('userName eq "mei"', 'externalId eq "00u1mei"', f'id eq "{made["id"]}"', ""):
        found = ok(directory.get("/scim/v2/Users", params={"filter": wanted} if wanted else {})).json()
        assert [each["id"] for each in found["Resources"]] == [made["id"]] and found["totalResults"] == 1
    assert ok(directory.get("/scim/v2/Users", params={"filter": 'userName eq "lin"'})).json()["totalResults"] == 0
    assert directory.get("/scim/v2/Users", params={"filter": "userName sw m"}).status_code == 422
    assert ok(directory.get("/scim/v2/ServiceProviderConfig")).json()["changePassword"] == {"supported": False}


def test_an_account_that_was_made_here_is_out_of_the_directorys_reach(api: ApiWorld, directory: TestClient) -> None:
    assert directory.post("/scim/v2/Users", json={**MEI, "userName": "lin"}).status_code == 409
    lin = api.client("lin").get("/api/v1/me").json()["account"]
    assert directory.delete(f"/scim/v2/Users/{lin}").status_code == 404
    assert api.client("lin").get("/api/v1/cases").status_code == 200


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_whoever_has_not_the_directorys_token_changes_nothing(api: ApiWorld, directory: TestClient, token: str) -> None:
    stranger = api.client("lin")
    assert stranger.post("/scim/v2/Users", json=MEI, headers={"Authorization": token}).status_code == 401
    assert ok(directory.get("/scim/v2/Users")).json()["totalResults"] == 0
    assert directory.get("/api/v1/cases").status_code == 401, "nor is that token good for anything else"


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{",
        "{}",
        '{"userName": 7}',
        '{"userName": "*"}',
        '{"userName": "an", "roles": [{"value": "nobody"}]}',
    ],
)
def test_what_is_no_user_with_a_role_of_ours_is_refused(directory: TestClient, body: str) -> None:
    answer = directory.post("/scim/v2/Users", content=body, headers={"Content-Type": "application/scim+json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "roles"}]},
        {"schemas": [PATCH], "Operations": [{"op": "add", "path": "password", "value": "an injected password"}]},
        {"schemas": [PATCH], "Operations": "all"},
        {"schemas": [PATCH], "Operations": ["all"]},
        {"schemas": 7, "Operations": []},
    ],
)
def test_a_patch_of_anything_else_is_refused_a_password_too(directory: TestClient, patch: dict[str, Any]) -> None:
    made = ok(directory.post("/scim/v2/Users", json=MEI)).json()
    assert directory.patch(f"/scim/v2/Users/{made['id']}", json=patch).status_code == 422


def patch_group(directory: TestClient, group: str, *operations: dict[str, Any]) -> Any:
    return directory.patch(f"/scim/v2/Groups/{group}", json={"schemas": [PATCH], "Operations": list(operations)})


def roles_of(directory: TestClient, user: str) -> tuple[list[str], bool]:
    found = ok(directory.get(f"/scim/v2/Users/{user}")).json()
    return [each["value"] for each in found["roles"]], found["active"]


def test_people_join_move_and_leave_by_the_groups_that_they_are_in(api: ApiWorld, directory: TestClient) -> None:
    """As directories do it: people first, without any role, then groups, then memberships, each by a message of its own."""
    mei = ok(directory.post("/scim/v2/Users", json={"userName": "mei", "externalId": "00u1mei", "active": True})).json()["id"]
    assert roles_of(directory, mei) == ([], False), "nobody works here without a role"
    agents, leads = (
        ok(directory.post("/scim/v2/Groups", json={"displayName": name, "members": []})).json()["id"]
        for name in ("agents", "leads")
    )
    member = {"op": "add", "path": "members", "value": [{"value": mei}]}
    ok(patch_group(directory, agents, member))
    assert roles_of(directory, mei) == (["agent"], True)
    client = signed_in(api, "mei")
    assert client.get("/api/v1/cases").status_code == 200
    ok(patch_group(directory, leads, member))
    assert client.get("/api/v1/cases").status_code == 401, "other roles: sign in anew"
    assert roles_of(directory, mei) == (["agent", "supervisor"], True)
    ok(patch_group(directory, agents, {"op": "remove", "path": f'members[value eq "{mei}"]'}))
    assert roles_of(directory, mei) == (["supervisor"], True)
    client = api.browser()
    ok(client.post("/api/v1/sign-in", json={"name": "mei", "password": PASSWORD}))
    ok(
        directory.patch(
            f"/scim/v2/Users/{mei}",
            json={"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"displayName": "王梅"}}]},
        )
    )
    assert roles_of(directory, mei) == (["supervisor"], True), "what says nothing of roles changes none"
    ok(patch_group(directory, leads, {"op": "Remove", "path": "members", "value": [{"value": mei}]}))
    assert roles_of(directory, mei)[1] is False and client.get("/api/v1/cases").status_code == 401


def test_a_group_that_goes_or_is_renamed_takes_its_role_with_it(directory: TestClient) -> None:
    mei = ok(directory.post("/scim/v2/Users", json={"userName": "mei"})).json()["id"]
    made = ok(directory.post("/scim/v2/Groups", json={"displayName": "agents", "members": [{"value": mei}]})).json()
    assert made["members"][0]["value"] == mei and roles_of(directory, mei) == (["agent"], True)
    assert directory.post("/scim/v2/Groups", json={"displayName": "agents"}).status_code == 409
    ok(patch_group(directory, made["id"], {"op": "replace", "value": {"displayName": "leads"}}))
    assert roles_of(directory, mei) == (["supervisor"], True)
    ok(patch_group(directory, made["id"], {"op": "replace", "path": "displayName", "value": "canteen"}))
    assert roles_of(directory, mei)[1] is False, "a group of no role gives none"
    ok(directory.put(f"/scim/v2/Groups/{made['id']}", json={"displayName": "agents", "members": [{"value": mei}]}))
    assert roles_of(directory, mei) == (["agent"], True)
    (found,) = ok(directory.get("/scim/v2/Groups", params={"filter": 'displayName eq "agents"'})).json()["Resources"]
    ok(directory.delete(f"/scim/v2/Groups/{found['id']}"))
    assert roles_of(directory, mei)[1] is False and directory.get(f"/scim/v2/Groups/{found['id']}").status_code == 404


def test_a_switched_off_person_stays_off_in_whatever_group(directory: TestClient) -> None:
    mei = ok(directory.post("/scim/v2/Users", json={"userName": "mei", "active": False})).json()["id"]
    group = ok(directory.post("/scim/v2/Groups", json={"displayName": "agents", "members": [{"value": mei}]})).json()["id"]
    assert roles_of(directory, mei)[1] is False
    active = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": True}]}
    assert ok(directory.patch(f"/scim/v2/Users/{mei}", json=active)).json()["active"]
    ok(directory.delete(f"/scim/v2/Users/{mei}"))
    assert ok(directory.get(f"/scim/v2/Groups/{group}")).json()["members"] == []


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": [{"value": "a" + "a" * 26}]},
        {"op": "add", "path": "members", "value": "everybody"},
        {"op": "add", "path": "members", "value": [{"display": "mei"}]},
        {"op": "replace", "path": "displayName", "value": ""},
        {"op": "replace", "path": "externalId", "value": "x"},
        {"op": "move", "path": "members", "value": []},
        {"op": "remove", "path": 'members[value eq "x" or value eq "y"]'},
        {"op": "remove"},
    ],
)
def test_a_change_of_a_group_that_is_none_changes_nothing(directory: TestClient, operation: dict[str, Any]) -> None:
    mei = ok(directory.post("/scim/v2/Users", json={"userName": "mei"})).json()["id"]
    group = ok(directory.post("/scim/v2/Groups", json={"displayName": "agents", "members": [{"value": mei}]})).json()["id"]
    before = {"op": "remove", "path": "members"}
    assert patch_group(directory, group, before, operation).status_code == 422
    assert roles_of(directory, mei) == (["agent"], True), "all of a message, or nothing"


def test_the_directory_puts_nobody_who_was_made_here_into_a_group(api: ApiWorld, directory: TestClient) -> None:
    lin = api.client("lin").get("/api/v1/me").json()["account"]
    answer = directory.post("/scim/v2/Groups", json={"displayName": "leads", "members": [{"value": lin}]})
    assert answer.status_code == 422 and ok(directory.get("/scim/v2/Groups")).json()["totalResults"] == 0
    assert api.client("lin").post("/scim/v2/Groups", json={"displayName": "x"}, headers={"Authorization": ""}).status_code == 401


def test_groups_make_nobody_two_of_the_three_administrators(api: ApiWorld, directory: TestClient) -> None:
    roles = ("operations=administrator", "security=security_administrator")
    settings = api.deps.settings.model_copy(update={"organisation": OrganisationSettings(roles=roles)})
    api.app.state.deps = replace(api.app.state.deps, settings=settings)
    mei = ok(directory.post("/scim/v2/Users", json={"userName": "mei"})).json()["id"]
    ok(directory.post("/scim/v2/Groups", json={"displayName": "operations", "members": [{"value": mei}]}))
    answer = directory.post("/scim/v2/Groups", json={"displayName": "security", "members": [{"value": mei}]})
    assert answer.status_code == 422 and roles_of(directory, mei) == (["administrator"], True)


def test_without_a_directory_there_is_none(api: ApiWorld) -> None:
    assert api.browser().get("/scim/v2/Users", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404
    assert api.browser().post("/api/v1/sign-in/organisation/begin").status_code == 404


@pytest.fixture(scope="module")
def loopback() -> Iterator[LoopbackProvider]:
    with loopback_provider() as made:
        yield made


def test_the_organisations_sign_in_works_in_the_browser_that_began_it_alone(api: ApiWorld, loopback: LoopbackProvider) -> None:
    api.world.clock.moment = datetime.now(UTC).replace(microsecond=0)
    loopback.present = {"sub": "00u7", "preferred_username": "an", "name": "安", "groups": ["agents"]}
    with httpx.Client(timeout=60) as http:
        provider = Provider(Registration(loopback.url, CLIENT, SECRET, loopback.back), http)
        api.app.state.deps = replace(api.deps, organisation=Organisation(provider, "groups", ROLES))
        browser, other = api.browser(), api.browser()
        address = ok(browser.post("/api/v1/sign-in/organisation/begin")).json()["address"]
        ok(other.post("/api/v1/sign-in/organisation/begin"))
        answer = loopback.sign_in(address)
        assert other.post("/api/v1/sign-in/organisation", json=answer).status_code == 401
        assert ok(browser.post("/api/v1/sign-in/organisation", json=answer)).json()["name"] == "an"
        assert browser.get("/api/v1/cases").status_code == 200
        assert browser.post("/api/v1/sign-in/organisation", json=answer).status_code == 401


@pytest.fixture
def officer(api: ApiWorld) -> TestClient:
    """A security administrator."""
    add_account(api.deps.identity, api.deps.tenant, "shen", PASSWORD, roles=["security_administrator"])
    return api.client("shen")


def test_a_security_administrator_makes_accounts_and_revokes_but_never_sets_a_way_in(api: ApiWorld, officer: TestClient) -> None:
    made = ok(officer.post("/api/v1/accounts", json={"name": "fang", "roles": ["agent"]})).json()
    link = made["link"].partition("#")[2]
    fang = api.browser()
    body = {"token": link, "password": "the owner's own password"}
    assert fang.post("/api/v1/enrol", json=body).json()["code"] == "enrolment_unreleased"
    released = ok(api.client("he").post("/api/v1/enrolments/fang/release")).json()
    ok(fang.post("/api/v1/enrol", json={**body, "code": released["code"]}))
    assert officer.post("/api/v1/accounts", json={"name": "yu", "roles": ["agent"], "password": PASSWORD}).status_code == 422
    ok(officer.post("/api/v1/accounts/fang/sign-out"))
    assert fang.get("/api/v1/cases").status_code == 401
    ok(fang.post("/api/v1/sign-in", json={"name": "fang", "password": "the owner's own password"}))
    ok(officer.post("/api/v1/accounts/fang/disable"))
    assert fang.get("/api/v1/cases").status_code == 401
    history = {each["act"] for each in ok(officer.get("/api/v1/accounts/fang/history")).json()["history"]}
    assert {"account.made", "enrolment.offered", "enrolment.taken", "sign-ins.revoked", "account.switched-off"} <= history


@pytest.mark.parametrize("who", ["lin", "he", "xu"])
def test_nobody_else_changes_accounts_and_nobody_their_own(api: ApiWorld, officer: TestClient, who: str) -> None:
    for act in ("link", "sign-out", "disable", "enable", "unlock"):
        assert api.client(who).post(f"/api/v1/accounts/zhou/{act}").status_code == 403
        assert officer.post(f"/api/v1/accounts/shen/{act}").status_code == 403
    assert api.client(who).post("/api/v1/accounts", json={"name": "fang", "roles": ["agent"]}).status_code == 403
