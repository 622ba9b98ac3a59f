"""A customer whose browser is Firefox and cannot read H.264, in a house that allows VP8 alone: seen, heard, recorded, and sealed.

The agent's is Chromium. Nothing here is particular to a browser but how it is driven.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.firefox import Firefox, running_firefox
from tests.fakes.pages.calls import ready
from tests.fakes.pages.visitors import Console, become, seat_state, shown
from tests.fakes.running_home import RunningHome, approve_scripts, running_home

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium", "firefox-esr")]

PLAYS = """const video = document.querySelector(arguments[0]);
return video !== null && video.videoWidth > 0 && !video.paused && video.currentTime > 1"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    vp8 = {'video_codecs = ["h264", "vp8"]': 'video_codecs = ["vp8"]'}
    with running_home(Path(tmp_path_factory.mktemp("firefox")) / "home", replaced=vp8) as home:
        approve_scripts(home)
        yield home


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    with running_firefox(tmp_path) as started:
        yield started


@pytest.mark.thorough
def test_a_customer_with_firefox_is_recorded_like_anybody(console: Console, firefox: Firefox) -> None:
    case = console.new_case("firefox-1")
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)

    firefox.goto(console.invitation(case))
    firefox.click("button", "允许摄像头并检测设备")
    become(lambda: firefox.run(PLAYS, ".devicetest video"), "Firefox shows its own picture")
    firefox.click(".devicetest button.main")
    firefox.click(".consent .decide button", "同意")
    become(lambda: seat_state(console, case) == "present", "the customer is present")

    become(lambda: agent.get_by_role("button", name="开始录制").is_enabled(), "the call may start")
    agent.get_by_role("button", name="开始录制").click()
    shown(agent, ".tile.is-playing")
    become(lambda: firefox.run(PLAYS, ".tile video"), "Firefox plays the agent's picture")
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] > 8_000, "segments are sealed")
    tracks = console.view(case)["recording"]["tracks"]
    assert tracks["customer-picture"]["key_frames"] > 0 and tracks["customer"]["state"] == "ok", tracks

    firefox.click("details.rights summary")
    firefox.click("button", "我不愿继续办理")
    firefox.click("dialog button.main")
    become(lambda: firefox.text("jl-room h1") == "已按您的意愿终止", "the talk is over for the customer")
    become(lambda: console.view(case)["state"] in ("refused", "sealed"), "and for the server")
    manifest = console.home.as_staff("lin").call("GET", f"/api/v1/cases/{case}/playback")
    assert {"agent", "customer"} <= {each["role"] for each in manifest["roles"] if each["has_picture"]}
    assert all("vp8" in each["mime"] for each in manifest["roles"]), manifest["roles"]
    assert console.complaints == []
