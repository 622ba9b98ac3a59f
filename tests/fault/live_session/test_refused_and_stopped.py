"""People turned away, starts refused, and a call stopped because the key keeper is gone: nothing is killed here.

Each refusal is answered with its reason, shown, and on the record of the case with its second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.entry.http_caller import HttpCaller
from jianlu.entry.live_demo import SALE
from tests.fakes.pages.calls import ready
from tests.fakes.pages.visitors import Console, become, shown
from tests.fault.live_session.talk import Talk, alarms_of, started, talk

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

GRACE_MS = 20_000
"""What the shipped templates allow: red for longer ends the talk."""


def test_who_may_not_join_and_what_may_not_start_is_refused_shown_and_recorded(console: Console, tmp_path: Path) -> None:
    case = console.new_case("refused", SALE)
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)
    lin, at = console.home.as_staff("lin"), f"/api/v1/cases/{case}"

    start_refused(lin, case, "seat_empty customer")
    silent = console.home.stranger()
    first = console.invitation(case).partition("#")[2]
    silent.call("POST", "/api/v1/join", {"token": token_in(first)})
    silent.call("POST", f"{at}/preflight", {"checks": {"camera": "ok", "microphone": "failed"}})
    start_refused(lin, case, "device_failed customer")
    become(lambda: "设备检测未通过" in agent.inner_text("jl-cockpit"), "the agent reads why it cannot start")
    silent.call("POST", f"{at}/preflight", {"checks": {"camera": "ok", "microphone": "ok"}})
    agree(silent, case)
    start_refused(lin, case, "no_media customer")
    assert console.view(case)["state"] == "ready"

    customer = console.page(is_phone=True)
    customer.goto(console.invitation(case))
    customer.wait_for_url("**/room/**")
    customer.get_by_role("button", name="允许摄像头并检测设备").click()
    ready(customer, sample=True)
    held = started(console, agent, customer, case)
    second_agent_refused(held)
    reused_invitation_refused(held, first)
    package = held.package(tmp_path)

    turned_away = [(body["seat"], body["how"], body["reason"]) for body in package.bodies("session:seat:refused")]
    assert turned_away == [("agent", "account", "occupied"), ("customer", "invitation", "used")]
    assert all(0 < body["at_ms"] <= package.said["duration_ms"] for body in package.bodies("session:seat:refused"))
    checks = [(body["seat"], dict(body["checks"])) for body in package.bodies("session:preflight:recorded")]
    assert ("customer", {"camera": "ok", "microphone": "failed"}) in checks
    media = [found["media"] for seat, found in checks if seat == "recorder"]
    assert media[0] == "failed" and media[-1] == "ok", "the refused start, and the one that was not"
    report = package.report()
    assert "邀请已用过" in report and "已由另一账号主持" in report


def start_refused(lin: HttpCaller, case: str, reason: str) -> None:
    with pytest.raises(InvalidError, match=f"409 .*{reason}"):
        lin.call("POST", f"/api/v1/cases/{case}/start")


def token_in(fragment: str) -> str:
    """The token of an invitation's link, without the secret of an encrypted room that may stand behind it."""
    return fragment.partition("~")[0]


def agree(person: HttpCaller, case: str) -> None:
    """Every consent that is asked at the door."""
    session: dict[str, Any] = person.call("GET", f"/api/v1/cases/{case}/session")
    for consent in session["consents"]:
        if consent["moment"] == "door":
            decided = {"purpose": consent["purpose"], "decision": "given", "how": "click"}
            person.call("POST", f"/api/v1/cases/{case}/consents", decided)


def second_agent_refused(held: Talk) -> None:
    """Another agent who has the link: the page and the interface refuse, and the session keeps that they tried."""
    other = held.console.signed_in(held.console.page(), "zhou")
    answer = other.goto(f"{held.home.url}/cases/{held.case}")
    assert answer is not None and answer.status == 403
    with pytest.raises(InvalidError, match=r"409 .*another agent leads"):
        held.home.as_staff("zhou").call("POST", f"/api/v1/cases/{held.case}/seat", {"seat": "agent"})
    assert held.view()["you"]["seat"] == "agent", "whoever leads still does"
    other.context.close()


def reused_invitation_refused(held: Talk, fragment: str) -> None:
    """A link that was used before, opened by somebody who found it."""
    finder = held.console.page(is_phone=True)
    finder.goto(f"{held.home.url}/join#{fragment}")
    shown(finder, "jl-join [data-state=invalid]")
    with pytest.raises(InvalidError, match="403"):
        held.home.stranger().call("POST", "/api/v1/join", {"token": token_in(fragment)})
    assert held.customer.locator(".ownbar .badge.good").count() == 1, "whoever sits there keeps the seat"
    finder.context.close()


def test_a_key_keeper_that_is_gone_stops_the_call_by_the_rule(console: Console, tmp_path: Path) -> None:
    root_key = console.home.home / "secrets" / "root.key"
    elsewhere = root_key.with_suffix(".elsewhere")
    with talk(console, "keys-gone") as held:
        held.forgets_warnings()
        root_key.rename(elsewhere)
        at_ms = held.now_ms()
        try:
            held.warns(held.agent, "密钥服务没有响应")
            held.warns(held.customer, "录制出现问题")
            held.becomes("halted", "sealed")
            shown(held.customer, "jl-room[data-phase=over] h1")
            assert "中止" in held.customer.inner_text("jl-room h1")
            shown(held.agent, "jl-outcome")
        finally:
            elsewhere.rename(root_key)
        package = held.package(tmp_path)
    alarmed = alarms_of(package, "keys_away")
    ended = package.bodies("session:talk:ended")[0]
    print(f"gone at {at_ms}, alarmed at {alarmed}, ended {ended}, declared {package.gaps}")
    assert alarmed[0] >= at_ms - 1_000
    assert (ended["reason"], ended["by"]) == ("halted", "watchdog")
    assert ended["at_ms"] >= alarmed[0] + GRACE_MS - 1_000, "the rule's grace was kept"
    assert "密钥服务没有响应" in package.report()
