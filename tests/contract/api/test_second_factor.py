"""Where everybody needs a second factor: a password alone, stolen or not, opens one's own account and nothing else of anybody's.

Faults: a stolen password tries every route, sets up a way in of its own beside a passkey, or has the last second factor taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.mount import mount_console
from jianlu.deliver.console.ports import ConsoleSettings
from jianlu.entry.serve.pages import Pages
from tests.fakes.api.world import NOBODYS_CASE, PASSWORD, ApiWorld, api_world, ok
from tests.fakes.identity.authenticator import Authenticator

NEEDED = (401, "urn:jianlu:problem:second-factor-needed")
HTML = {"accept": "text/html"}
OWN = re.compile(r"/api/v1/(me(/|$)|sign-|enrol|join|leave$)|/account$")
COMES_IN = {"name": "lin", "password": PASSWORD}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[ApiWorld]:
    """The application of a house that needs a second factor of everybody, with its pages."""
    with api_world(f"sqlite:///{tmp_path}/index.sqlite", tmp_path / "home", needs_second_factor=True) as world:
        mount_console(world.app, Pages(world.deps, ConsoleSettings("演示银行", "0.1.0")))
        yield world


def refusal(client: TestClient, path: str = "/api/v1/cases") -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, answer.json().get("type", "") if answer.status_code != 200 else ""


def page(client: TestClient, path: str) -> tuple[int, str]:
    answer = client.get(path, headers=HTML, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def with_passkey(client: TestClient) -> Authenticator:
    phone = Authenticator()
    options = ok(client.post("/api/v1/me/passkeys/options")).json()
    ok(client.post("/api/v1/me/passkeys", json={"credential": phone.create(options), "name": "phone"}))
    return phone


def with_code(client: TestClient, strict: ApiWorld) -> pyotp.TOTP:
    totp = pyotp.TOTP(ok(client.post("/api/v1/me/totp")).json()["secret"])
    ok(client.post("/api/v1/me/totp/confirm", json={"code": totp.at(strict.world.clock.now())}))
    return totp


def test_on_every_other_route_a_password_alone_is_worth_what_nobody_is(strict: ApiWorld) -> None:
    alone, nobody, differing, asked = strict.client("lin"), strict.browser(), [], 0
    for template, methods in strict.app.openapi()["paths"].items():
        path = template.replace("{case}", NOBODYS_CASE)
        path = re.sub(r"\{\w+\}", "0", path)
        for method in methods if not OWN.match(path) else ():
            asked += 1
            strict.world.clock.move(100)
            answers = [client.request(method, path).status_code for client in (alone, nobody)]
            if answers[0] != answers[1]:
                differing.append((method, template, answers))
    assert asked > 150
    assert differing == []
    assert refusal(alone) == NEEDED


def test_pages_send_a_password_alone_to_ones_own_account_which_says_why(strict: ApiWorld) -> None:
    alone = strict.client("lin")
    for path in ("/", "/cases", "/sign-in", "/cases/new", "/search-nothing", f"/cases/{NOBODYS_CASE}"):
        assert page(alone, path) in ((303, "/account"), (404, "")), path
    assert page(alone, "/cases") == (303, "/account")
    shown = alone.get("/account", headers=HTML)
    assert shown.status_code == 200
    assert 'id="second-factor"' in shown.text
    assert 'href="/cases"' not in shown.text, "what does not open is not offered"
    assert page(strict.browser(), "/cases")[1].startswith("/sign-in")


def test_a_code_that_was_set_up_opens_everything_at_once_and_is_asked_from_then_on(strict: ApiWorld) -> None:
    lin = strict.client("lin")
    assert refusal(lin) == NEEDED
    totp = with_code(lin, strict)
    assert refusal(lin) == (200, "")
    assert 'id="second-factor"' not in lin.get("/account", headers=HTML).text
    again = strict.browser()
    assert again.post("/api/v1/sign-in", json=COMES_IN).json()["type"].endswith("code-needed")
    strict.world.clock.move(60_000)
    ok(again.post("/api/v1/sign-in", json=COMES_IN | {"code": totp.at(strict.world.clock.now())}))
    assert refusal(again) == (200, "")


def test_a_passkey_that_was_made_opens_everything_and_the_password_is_good_for_nothing_any_more(strict: ApiWorld) -> None:
    lin = strict.client("lin")
    phone = with_passkey(lin)
    assert refusal(lin) == (200, "")
    thief = strict.browser()
    refused = thief.post("/api/v1/sign-in", json=COMES_IN)
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_needed")
    assert thief.post("/api/v1/me/totp").status_code == 401
    refused = lin.post("/api/v1/me/step-up", json={"password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_needed")
    assert refusal(lin) == (200, "")
    answer = phone.get(ok(thief.post("/api/v1/sign-in/passkey/options")).json())
    ok(thief.post("/api/v1/sign-in/passkey", json={"credential": answer}))
    assert refusal(thief) == (200, "")


def test_the_cookie_of_before_is_nobodys_once_a_second_factor_is_there(strict: ApiWorld) -> None:
    lin, thief = strict.client("lin"), strict.browser()
    thief.cookies.update(lin.cookies)
    assert refusal(thief) == NEEDED
    with_code(lin, strict)
    assert refusal(lin) == (200, "")
    assert refusal(thief, "/api/v1/me/sign-ins") == (401, "urn:jianlu:problem:sign-in-needed")


def test_the_last_second_factor_is_not_taken_away(strict: ApiWorld) -> None:
    lin = strict.client("lin")
    with_passkey(lin)
    (only,) = lin.get("/api/v1/me/passkeys").json()["passkeys"]
    refused = lin.delete(f"/api/v1/me/passkeys/{only['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_second_factor")
    with_code(lin, strict)
    ok(lin.delete(f"/api/v1/me/passkeys/{only['id']}"))


def test_where_it_is_only_offered_a_password_alone_works_as_before(api: ApiWorld) -> None:
    lin = api.client("lin")
    assert refusal(lin) == (200, "")
    with_passkey(lin)
    ok(api.browser().post("/api/v1/sign-in", json=COMES_IN))
