"""Every route that there is, found in the application: what its answers tell a browser, and that no other site can have it called.

The pages of a home with something on them are judged by the same rules in `tests/e2e/console/test_every_page.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import MetaData, select

from jianlu.deliver.api.app import create_app
from jianlu.deliver.api.guard import TRY_PATHS
from tests.contract.api.test_routes import PUBLIC, Call, calls
from tests.fakes.api.hardened import BY_TOKEN, FORGED, OTHER_SITE, PROOF, SAFE, exposed, ways
from tests.fakes.api.world import PASSWORD, ApiWorld, api_world, ok
from tests.fakes.identity.device import Device

FORGERY, DEVICE = "urn:jianlu:problem:own-call-needed", "urn:jianlu:problem:device-proof-needed"
OWN_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    """What is judged here is the same over every database."""
    home: Path = tmp_path_factory.mktemp("hardened")
    with api_world(f"sqlite:///{home}/index.sqlite", home) as made:
        yield made


def browser_of(world: ApiWorld, name: str) -> TestClient:
    """The browser of somebody signed in, without the header that our pages add to their calls."""
    client = world.browser()
    ok(client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD}))
    del client.headers["X-Jianlu"]
    return client


def slowly(world: ApiWorld, path: str) -> None:
    """Who is slowed down is judged by nobody else."""
    world.world.clock.move(2_100 if path in TRY_PATHS else 25)


def kind(answer: Any) -> str:
    return str(answer.json().get("type", "")) if "json" in answer.headers.get("content-type", "") else ""


def test_every_answer_of_every_route_says_what_a_browser_may_do_with_it(world: ApiWorld) -> None:
    case, _, customer = world.live("hardened-headers")
    callers = {"nobody": world.browser(), "an agent": world.client("lin"), "a customer": customer}
    wrong, statuses = [], set()
    for who, client in callers.items():
        for way in ways(world.app, {"case": case}):
            if way.path.endswith(("/stream", "/end", "/leave", "/refuse", "/seat", "/abandon")) or "sign-out" in way.path:
                continue  # streams are endless, the others end what the next ones go on with; they answer in the tests below
            slowly(world, way.path)
            answer = client.request(way.method, way.path, headers=PROOF, follow_redirects=False)
            statuses.add(answer.status_code)
            wrong += [f"{who}: {way.name}: {answer.status_code}: {each}" for each in exposed(answer)]
    assert wrong == []
    assert statuses >= {200, 401, 403, 404, 422} and 429 not in statuses


def test_what_no_route_answers_is_told_the_same(world: ApiWorld) -> None:
    client = world.browser()
    asked = (
        ("GET", "/x"),
        ("GET", "/api/v1/nothing"),
        ("DELETE", "/api/v1/health"),
        ("OPTIONS", "/api/v1/cases"),
    )
    odd = (
        ("TRACE", "/api/v1/cases"),
        ("GET", "/static/../secrets"),
        ("GET", "//evil.example/"),
        ("GET", "/%00"),
        ("PUT", "/whip/x/y"),
    )
    for method, path in (*asked, *odd):
        answer = client.request(method, path, headers={"Origin": OTHER_SITE})
        assert answer.status_code in (404, 405) and [*exposed(answer)] == [], f"{method} {path}"
    flood = [client.get("/api/v1/health") for _ in range(320)][-1]
    world.world.clock.move(60_000)
    assert flood.status_code == 429 and [*exposed(flood)] == []


def test_under_a_real_name_every_answer_binds_browsers_to_tls_for_a_year(world: ApiWorld) -> None:
    for url, is_bound in (("https://record.bank.example", True), ("https://localhost:8443", False), ("https://192.0.2.7", False)):
        client = TestClient(create_app(replace(world.deps, public_url=url)), base_url=url)
        for path in ("/api/v1/health", "/x", "/api/v1/cases"):
            said = client.get(path).headers.get("strict-transport-security", "")
            assert said == ("max-age=31536000; includeSubDomains" if is_bound else ""), f"{url}{path}"


def test_every_change_is_refused_when_another_site_might_have_sent_it(world: ApiWorld) -> None:
    case, _, _ = world.live("hardened-forgery")
    client = browser_of(world, "lin")
    changes = [way for way in ways(world.app, {"case": case}) if way.method not in SAFE and not way.path.startswith(BY_TOKEN)]
    assert len(changes) > 100
    for way in changes:
        for how, headers in FORGED.items():
            slowly(world, way.path)
            answer = client.request(way.method, way.path, content=b"name=lin&amount=1", headers=dict(headers))
            assert (answer.status_code, kind(answer)) == (403, FORGERY), f"{way.name}: {how}: {answer.status_code} {answer.text}"
            assert "set-cookie" not in answer.headers
    assert client.get("/api/v1/me").json()["kind"] == "staff", "no forgery signed anybody out"
    assert client.get(f"/api/v1/cases/{case}/session").json()["state"] == "live", "and none ended the session"


def test_where_a_token_signs_in_a_cookie_counts_for_nothing(world: ApiWorld) -> None:
    client = browser_of(world, "lin")
    asked = [way for way in ways(world.app) if way.path.startswith(BY_TOKEN)]
    assert {way.path.split("/")[1] for way in asked} == {"whip", "whep", "scim"}
    for way in asked:
        slowly(world, way.path)
        answer = client.request(
            way.method, way.path, content=b"v=0", headers={"Sec-Fetch-Site": "cross-site", "Origin": OTHER_SITE}
        )
        assert answer.status_code in (401, 404) or (way.method, answer.status_code) == ("OPTIONS", 204), (
            f"{way.name}: {answer.text}"
        )


@pytest.mark.parametrize("own", [PROOF, OWN_SITE, {"Sec-Fetch-Site": "same-origin"}, {**PROOF, **OWN_SITE}], ids=str)
def test_our_own_pages_are_told_from_other_sites(world: ApiWorld, own: dict[str, str]) -> None:
    """Else the refusals above would say nothing."""
    client = browser_of(world, "lin")
    assert ok(client.post("/api/v1/me/here", headers=own)).status_code == 204


@pytest.mark.parametrize("way", ["/api/v1/sign-out", "/api/v1/me/sign-out-everywhere"])
def test_who_signs_out_leaves_no_page_to_go_back_to(world: ApiWorld, way: str) -> None:
    client = browser_of(world, "zhou")
    slowly(world, way)
    answer = ok(client.post(way, headers=PROOF))
    assert answer.headers["clear-site-data"] == '"cache"' and answer.headers["cache-control"] == "no-store"
    assert client.get("/api/v1/me").json()["kind"] == "nobody" and "__Host-jianlu" not in client.cookies


def test_a_body_is_read_as_json_only_when_it_says_so(world: ApiWorld) -> None:
    """A form can carry text that is JSON; another site can send it without asking first."""
    case, _, _ = world.live("hardened-forms")
    client = world.client("lin")
    asked = [call for call in calls(world) if call.media == "application/json"]
    assert len(asked) > 50
    for call in asked:
        for media in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
            slowly(world, call.path)
            mine = Call(call.method, call.template.replace("{case}", case), call.media)
            answer = mine.send(client, headers={"Content-Type": media})
            assert answer.status_code in (401, 403, 404, 415, 422), (
                f"{call.method} {call.template} as {media}: {answer.status_code}"
            )


def test_every_change_by_a_sign_in_that_has_a_device_needs_that_devices_proof_of_this_very_call(world: ApiWorld) -> None:
    device, other = Device(world.world.clock.now), Device(world.world.clock.now)
    client = world.browser()
    ok(client.post("/api/v1/sign-in", json={"name": "he", "password": PASSWORD}, auth=device))
    for call in calls(world):
        is_open = (call.method, call.template) in PUBLIC or call.template.startswith(("/api/v1/sign-in", "/whip/", "/whep/"))
        if call.method in SAFE or is_open:
            continue
        url = f"https://testserver{call.path}"
        for how, proof in {
            "no proof": {},
            "no proof at all": {"DPoP": "x"},
            "a proof of another device": {"DPoP": other.proof(call.method, url)},
            "a proof of another path": {"DPoP": device.proof(call.method, "https://testserver/api/v1/elsewhere")},
            "a proof of another method": {"DPoP": device.proof("GET", url)},
            "a proof for another host": {"DPoP": device.proof(call.method, f"https://evil.example{call.path}")},
        }.items():
            slowly(world, call.path)
            answer = call.send(client, headers=proof)
            assert answer.status_code == 401, f"{call.method} {call.path}: {how}: {answer.text}"
            assert how == "a proof of another device" or kind(answer) == DEVICE, (
                f"{call.method} {call.path}: {how}: {answer.text}"
            )
    assert ok(client.post("/api/v1/me/here", auth=device)).status_code == 204, "and the device itself is believed all along"


def test_a_look_changes_nothing_but_the_record_of_who_looked(world: ApiWorld) -> None:
    case, _, _ = world.seated("hardened-looks")
    client = browser_of(world, "lin")
    looks = [way for way in ways(world.app, {"case": case}) if way.method in ("GET", "HEAD") and not way.path.endswith("/stream")]
    before, answered = kept(world), 0
    for way in looks:
        slowly(world, way.path)
        answered += client.request(way.method, way.path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    after = kept(world)
    assert answered > 20
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"access_decisions", "events", "objects", "cases", "index_progress"}
    added = [row for row in after["events"] if row not in before["events"]]
    assert added and all("'access:decisions:recorded'" in row for row in added)


def kept(world: ApiWorld) -> dict[str, list[str]]:
    """Every row of every table."""
    tables = MetaData()
    with world.deps.database.connect() as connection:
        tables.reflect(connection)
        return {name: sorted(map(repr, connection.execute(select(table)))) for name, table in tables.tables.items()}
