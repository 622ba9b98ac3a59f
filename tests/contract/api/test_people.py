"""Account acts through the API: who makes, releases and takes a link, who is told, who sees how somebody gets in, and nobody their own."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.device import Device
from tests.fakes.identity.worlds import add_account

ADMINISTRATORS = {
    "shen": "security_administrator",
    "sheng": "security_administrator",
    "sun": "administrator",
    "pan": "audit_administrator",
}
FRESH = "the owner's own password"


@pytest.fixture
def people(api: ApiWorld) -> ApiWorld:
    for name, role in ADMINISTRATORS.items():
        add_account(api.deps.identity, api.deps.tenant, name, PASSWORD, roles=[role])
    api.world.clock.move(1_000)
    return api


def link_of(people: ApiWorld, maker: str = "shen", name: str = "zhou") -> str:
    made = ok(people.client(maker).post(f"/api/v1/accounts/{name}/link")).json()
    return str(made["link"]).partition("#")[2]


def told(client: TestClient) -> list[tuple[str, str]]:
    """What is new to the caller, the newest first: what happened, and by whom."""
    return [(each["act"], each["by"]) for each in ok(client.get("/api/v1/me/notices")).json()["notices"] if each["is_new"]]


def test_an_administrator_who_made_a_link_gets_in_with_it_in_no_way(people: ApiWorld) -> None:
    token, thief = link_of(people), people.browser()
    for code in ("", "12345678"):
        answer = thief.post("/api/v1/enrol", json={"token": token, "code": code, "password": FRESH})
        assert (answer.status_code, answer.json()["code"]) == (403, "enrolment_unreleased")
    assert people.client("shen").post("/api/v1/enrolments/zhou/release").status_code == 403
    assert people.client("sheng").post("/api/v1/enrolments/zhou/release").status_code == 403, "another of the same kind"
    ok(people.browser().post("/api/v1/sign-in", json={"name": "zhou", "password": PASSWORD}))


@pytest.mark.parametrize("who", ["zhou", "lin", "xu", "pan"])
def test_nobody_but_supervisors_and_the_system_administrator_releases(people: ApiWorld, who: str) -> None:
    link_of(people)
    assert people.client(who).post("/api/v1/enrolments/zhou/release").status_code == 403


@pytest.mark.parametrize("who", ["he", "sun"])
def test_a_second_person_releases_and_the_owner_gets_in(people: ApiWorld, who: str) -> None:
    token = link_of(people)
    (waiting,) = ok(people.client(who).get("/api/v1/enrolments")).json()["enrolments"]
    assert waiting["name"] == "zhou" and waiting["made_by"] == "shen" and waiting["may_release"]
    assert not ok(people.client("shen").get("/api/v1/enrolments")).json()["enrolments"][0]["may_release"]
    code = ok(people.client(who).post("/api/v1/enrolments/zhou/release")).json()["code"]
    owner = people.browser()
    assert ok(owner.post("/api/v1/enrol", json={"token": token, "code": code, "password": FRESH})).json()["name"] == "zhou"
    assert people.client(who).post("/api/v1/enrolments/zhou/release").status_code == 404, "it is taken"


def test_two_accounts_on_one_device_are_one_person(people: ApiWorld) -> None:
    one = Device(people.world.clock.now)
    maker, second = people.browser(), people.browser()
    for client, name in ((maker, "shen"), (second, "he")):
        client.auth = one
        ok(client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD}))
    token = ok(maker.post("/api/v1/accounts/zhou/link")).json()["link"].partition("#")[2]
    answer = second.post("/api/v1/enrolments/zhou/release")
    assert (answer.status_code, answer.json()["code"]) == (403, "same_device")
    code = ok(people.client("sun").post("/api/v1/enrolments/zhou/release")).json()["code"]
    taken = maker.post("/api/v1/enrol", json={"token": token, "code": code, "password": FRESH})
    assert (taken.status_code, taken.json()["code"]) == (403, "same_device")


def test_the_owner_and_those_who_watch_are_told_and_the_owner_stops_it(people: ApiWorld) -> None:
    for name in ("zhou", "pan", "sheng"):
        ok(people.client(name).post("/api/v1/me/notices/read"))
    people.world.clock.move(1_000)
    token = link_of(people)
    ok(people.client("he").post("/api/v1/enrolments/zhou/release"))
    for name in ("zhou", "pan", "sheng"):
        assert sorted(told(people.client(name))) == [("enrolment.offered", "shen"), ("enrolment.released", "he")]
    assert told(people.client("lin")) == [], "it is nobody else's business"
    ok(people.client("zhou").delete("/api/v1/me/link"))
    assert people.browser().post("/api/v1/enrol/look", json={"token": token}).status_code == 404
    assert ("enrolment.withdrawn", "zhou") in told(people.client("pan"))
    ok(people.client("pan").post("/api/v1/me/notices/read"))
    assert told(people.client("pan")) == []


def test_security_sees_how_somebody_gets_in_and_no_secret_and_never_their_own(people: ApiWorld) -> None:
    for _ in range(5):
        people.browser().post("/api/v1/sign-in", json={"name": "zhou", "password": "a guess of somebody"})
    state = ok(people.client("shen").get("/api/v1/accounts/zhou")).json()
    assert state["has_password"] and state["locked_until"] and state["passkeys"] == [] and state["sign_ins"] == []
    assert "hash" not in str(state) and "account.locked" in {act for act, _ in told(people.client("pan"))}
    ok(people.client("shen").post("/api/v1/accounts/zhou/unlock"))
    assert ok(people.client("shen").get("/api/v1/accounts/zhou")).json()["locked_until"] == ""
    for who, name in (("shen", "shen"), ("sun", "zhou"), ("he", "zhou"), ("pan", "zhou"), ("zhou", "zhou")):
        assert people.client(who).get(f"/api/v1/accounts/{name}").status_code == 403


def test_nobody_gives_roles_to_themselves_nor_two_kinds_of_administration_to_one(people: ApiWorld) -> None:
    shen = people.client("shen")
    assert shen.put("/api/v1/accounts/shen/roles", json={"roles": ["supervisor"]}).status_code == 403
    both = {"roles": ["security_administrator", "administrator"]}
    assert shen.put("/api/v1/accounts/zhou/roles", json=both).status_code == 422
    assert people.client("sun").put("/api/v1/accounts/zhou/roles", json={"roles": ["supervisor"]}).status_code == 403
