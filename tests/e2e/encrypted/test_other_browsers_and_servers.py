"""An encrypted call elsewhere: a customer in Firefox under two recorders, each a member of its own, and a call that a real Janus forwards.

Nobody who forwards, and no second browser maker, may change what encryption promises: the same package, intact, with the same members.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from jianlu.core.formats.package import MEDIA
from jianlu.core.terms.events import EventType
from jianlu.verify.check import check_package
from tests.conftest import find_program
from tests.e2e.encrypted.conftest import DEAF
from tests.e2e.encrypted.test_encrypted_calls import (
    SEALED_MS,
    SEALED_SALE,
    admits,
    code_of,
    ended,
    events_of,
    frames_decoded,
    invited,
    joined,
    sees,
    states,
)
from tests.fakes.firefox import Firefox, running_firefox
from tests.fakes.live.stage import decoded as decoded_times
from tests.fakes.pages.calls import live, ready
from tests.fakes.pages.visitors import Console, become, closing_pages, shown
from tests.fakes.running_home import approve_scripts, running_home
from tests.fakes.serving.calls import TRANSFER
from tests.fakes.sfu.janus_process import janus_process

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

SEALED_TRANSFER: dict[str, Any] = {**TRANSFER, "language": "zh", "profile": "standard", "end_to_end": True}
PLAYS = """const video = document.querySelector(arguments[0]);
return video !== null && video.videoWidth > 0 && !video.paused && video.currentTime > 1"""


@pytest.mark.thorough
@pytest.mark.needs_program("firefox-esr")
def test_a_customer_with_firefox_is_read_by_both_recorders_and_by_nobody_who_forwards(console: Console, tmp_path: Path) -> None:
    case = console.new_case("sealed-firefox", SEALED_TRANSFER)
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)
    link = invited(agent)
    with running_firefox(tmp_path) as firefox:
        comes(firefox, link)
        for recorder in ("a", "b"):
            agent.click(f"[data-key=e2ee-recorder-{recorder}]")
            shown(agent, f"[data-member=recorder-{recorder}][data-state=admitted]")
        become(lambda: code_of(agent) == firefox.text(".e2ee-code") != "", "both pages show one code")
        become(lambda: agent.get_by_role("button", name="开始录制").is_enabled(), "the call may start")
        agent.get_by_role("button", name="开始录制").click()
        become(lambda: frames_decoded(agent, "jl-cockpit", "customer") > 10, "Chromium reads Firefox's picture")
        become(lambda: firefox.run(PLAYS, ".tile video"), "Firefox reads Chromium's picture")
        is_recorded(console, case)
        package = ended_whole(console, case, tmp_path)
    names = {name for name, _ in check_package(package).members}
    assert names == {"agent", "customer", "recorder-a", "recorder-b"}
    mirrored = [event for event in events_of(package) if event.type is EventType.SEGMENT_MIRRORED]
    assert len(mirrored) > 2, "the second recorder reads it as well"
    (counts,) = [event.body for event in events_of(package) if event.type is EventType.RECORDERS_RECONCILED]
    assert counts["compared"] > 1 and counts["filled"] == 0, counts
    assert console.complaints == []


@pytest.mark.thorough
@pytest.mark.needs_program("janus")
def test_janus_forwards_an_encrypted_call_that_it_cannot_read(chromium: Browser, tmp_path: Path) -> None:
    program = find_program("janus") or "janus"
    with janus_process(program, tmp_path / "janus", on_loopback=False) as url:
        through = {**DEAF, '\njanus = ""': f'\njanus = "{url}"'}
        with running_home(tmp_path / "home", replaced=through) as home:
            approve_scripts(home)
            with closing_pages(Console(home, chromium)) as console:
                case, agent, customer = called_sealed(console, "sealed-janus")
                admits(console, agent, customer, case)
                live(console, agent, customer, case)
                sees(agent, "jl-cockpit", "customer")
                sees(customer, "jl-room", "agent")
                is_recorded(console, case)
                package = ended_whole(console, case, tmp_path)
                assert console.complaints == []
    started = next(event.body for event in events_of(package) if event.type is EventType.BACKENDS_STARTED)
    assert "janus" in str(started), "it says who forwarded"
    assert {name for name, _ in check_package(package).members} == {"agent", "customer", "recorder-a"}


def comes(firefox: Firefox, link: str) -> None:
    """The customer, through the device test and the notices."""
    firefox.goto(link)
    firefox.click("button", "允许摄像头并检测设备")
    become(lambda: firefox.run(PLAYS, ".devicetest video"), "Firefox shows its own picture")
    firefox.click(".devicetest button.main")
    firefox.click(".consent .decide button", "同意")


def called_sealed(console: Console, number: str) -> tuple[str, Page, Page]:
    case = console.new_case(number, SEALED_SALE)
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)
    return case, agent, joined(console.page(is_phone=True), invited(agent))


def is_recorded(console: Console, case: str) -> None:
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] >= SEALED_MS, "three segments are sealed")
    spoken = ("agent", "agent-picture", "customer", "customer-picture")
    become(lambda: not states(console, case, spoken) & {"starting", "lost", "undecryptable"}, "all of them are recorded")


def ended_whole(console: Console, case: str, folder: Path) -> Path:
    """The package of a call that was ended: intact, and its media decode."""
    staff = console.home.as_staff("lin")
    staff.call("POST", f"/api/v1/cases/{case}/abandon", {"reason": "customer_left"})
    stage = become(lambda: ended(staff.call("GET", f"/api/v1/cases/{case}/progress")["jobs"]), "the package is made")
    assert stage == "done", console.home.log()[-4_000:]
    path = folder / "case.jlp"
    console.home.export("lin", case, path)
    result = check_package(path)
    assert result.is_intact, result.problems
    with zipfile.ZipFile(path) as archive:
        frames = {name: len(times) for name, times in decoded_times(archive.read(MEDIA)).items()}
    assert sum(count > 50 for name, count in frames.items() if name.startswith("audio")) == 2, frames
    assert sum(count > 10 for name, count in frames.items() if name.startswith("video")) == 2, frames
    return path
