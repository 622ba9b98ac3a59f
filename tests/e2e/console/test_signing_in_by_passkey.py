"""Signing in in a real browser with its own authenticator: enrolling, passkeys, step-up, a stolen cookie, signing out everywhere."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import CDPSession, Page, Route

from jianlu.core.terms.ids import tenant_id
from jianlu.govern.identity.accounts import make_account
from jianlu.wiring import open_identity
from tests.fakes.identity.worlds import released_link
from tests.fakes.pages.accessible import defects
from tests.fakes.pages.visitors import Console, become, shown
from tests.fakes.running_home import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

VIRTUAL = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_authenticator(page: Page) -> tuple[CDPSession, str]:
    """The browser's virtual authenticator (CDP, WebAuthn), as a phone's fingerprint sensor would be."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})
    return session, str(made["authenticatorId"])


def link_for(console: Console, name: str) -> tuple[str, str]:
    """A link that somebody has released: its address and its code."""
    with open_identity(console.home.home) as (settings, identity):
        tenant = tenant_id(settings.tenant.id)
        make_account(identity, tenant, name, roles=["agent"], display="王梅", languages=["zh"])
        token, code = released_link(identity, tenant, name)
    return f"{console.home.url}/enrol#{token}", code


def test_the_owner_of_a_link_makes_a_passkey_and_signs_in_with_it_alone(console: Console) -> None:
    page = console.page()
    with_authenticator(page)
    link, code = link_for(console, "mei")
    page.goto(link)
    shown(page, "jl-enrol [data-way=passkey]")
    assert "#" not in page.url and defects(page, "enrol") == []
    page.fill("#enrol-code", code)
    page.click("jl-enrol [data-way=passkey]")
    page.wait_for_url("**/account")
    shown(page, "jl-passkeys [data-passkey]")
    shown(page, "jl-sign-ins li")
    assert "本设备" in page.inner_text("jl-sign-ins") and "已绑定设备" in page.inner_text("jl-sign-ins")
    become(lambda: "添加通行密钥" in page.inner_text("jl-history"), "the history comes by a call of its own")
    assert defects(page, "account") == []
    page.click(".reading [data-action=sign-out]")
    page.wait_for_url("**/sign-in")
    page.click("[data-way=passkey]")
    page.wait_for_url("**/cases")
    assert console.complaints == []


def test_a_password_is_set_by_the_owner_alone_and_a_used_link_says_so(console: Console) -> None:
    page, (link, code) = console.page(lang="en"), link_for(console, "an")
    page.goto(link)
    shown(page, "#enrol-password")
    page.fill("#enrol-password", PASSWORD)
    page.fill("#enrol-again", "something else entirely")
    page.click("jl-enrol form button")
    shown(page, "jl-enrol form .wrong:not([hidden])")
    page.fill("#enrol-again", PASSWORD)
    page.fill("#enrol-code", "00000000" if code != "00000000" else "11111111")
    page.click("jl-enrol form button")
    shown(page, "jl-enrol form .wrong:not([hidden])")
    page.fill("#enrol-code", code)
    page.click("jl-enrol form button")
    page.wait_for_url("**/account")
    other = console.page(lang="en")
    other.goto(link)
    shown(other, "jl-enrol [data-state=gone]")
    assert "over" in other.inner_text("jl-enrol h2")


def test_a_stolen_cookie_shows_nothing_in_another_browser(console: Console) -> None:
    owner, thief = console.signed_in(console.page()), console.page()
    thief.context.add_cookies(owner.context.cookies())  # type: ignore[arg-type]
    answer = thief.context.request.post(f"{console.home.url}/api/v1/me/sign-out-everywhere", headers={"X-Jianlu": "1"})
    assert answer.status == 401 and "device-proof-needed" in answer.text()
    elsewhere = console.browser.new_context(ignore_https_errors=True, user_agent="another browser")
    elsewhere.add_cookies(owner.context.cookies())  # type: ignore[arg-type]
    page = elsewhere.new_page()
    page.goto(f"{console.home.url}/cases")
    assert urlsplit(page.url).path == "/sign-in"
    owner.goto(f"{console.home.url}/queue")
    assert urlsplit(owner.url).path == "/queue", "the owner goes on"


def test_a_page_asks_for_a_fresh_proof_and_then_does_what_was_asked(console: Console) -> None:
    page = console.signed_in(console.page(), "zhou")
    with_authenticator(page)
    page.goto(f"{console.home.url}/account")
    page.route("**/api/v1/me/passkeys/options", _refuse_once())
    page.get_by_role("button", name="添加通行密钥").click()
    page.click("dialog button[value=go]")
    shown(page, "dialog #step-up")
    page.fill("#step-up", PASSWORD)
    page.click("dialog button[value=go]")
    shown(page, "jl-passkeys [data-passkey]")
    assert page.locator("dialog").count() == 0


def _refuse_once() -> Callable[[Route], None]:
    """The first call is answered as it would be after five minutes; waiting for them is the unit tests' clock's."""
    refused: list[bool] = []

    def answer(route: Route) -> None:
        if refused:
            route.continue_()
            return
        refused.append(True)
        body = '{"type": "urn:jianlu:problem:step-up-needed", "title": "", "status": 401, "detail": "", "instance": ""}'
        route.fulfill(status=401, content_type="application/problem+json", body=body)

    return answer


def test_signing_out_everywhere_ends_open_pages_within_seconds(console: Console) -> None:
    here, there = console.signed_in(console.page(), "he"), console.signed_in(console.page(), "he")
    here.goto(f"{console.home.url}/account")
    here.get_by_role("button", name="全部退出").click()
    here.click("dialog button[value=go]")
    here.wait_for_url("**/sign-in")
    there.goto(f"{console.home.url}/cases")
    assert urlsplit(there.url).path == "/sign-in", "the other page is out on its next request"
