"""A package is taken away in a browser: asked for with a reason, approved by a second person, fetched under the number of the case.

Refused on the way: a reason too short to say anything, one's own approval, and the file before anybody has approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from jianlu.core.errors import InvalidError
from jianlu.verify.check import check_package
from tests.e2e.encrypted.conftest import DEAF
from tests.fakes.pages.calls import called, live
from tests.fakes.pages.visitors import TWICE, Console, become, shown
from tests.fakes.running_home import RunningHome, approve_scripts, running_home

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(Path(tmp_path_factory.mktemp("exporting")) / "home", replaced=DEAF) as home:
        approve_scripts(home)
        yield home


def test_a_package_is_fetched_once_a_second_person_has_approved(console: Console, tmp_path: Path) -> None:
    agent, customer, case = called(console, "export-1")
    live(console, agent, customer, case)
    console.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/abandon", {"reason": "customer_left"})
    shown(agent, "jl-outcome [data-key=export]")
    assert agent.get_by_role("link", name="下载证据包").count() == 0
    with pytest.raises(InvalidError, match="403"):
        console.home.as_staff("lin").download(f"/api/v1/cases/{case}/package", tmp_path / "early.jlp")
    asks(agent, "太短")
    assert agent.locator("dialog").count() == 1, "a reason that says nothing is not sent"
    agent.locator("dialog [name=reason]").fill("客户要求取走本次会话的证据包")
    agent.locator("dialog button.main").click()
    assert agent.locator("dialog").count() == 1, "nor one that does not say where it goes"
    agent.locator("dialog [name=place]").fill("CN")
    agent.locator("dialog [name=recipient]").select_option("subject")
    agent.locator("dialog button.main").click()
    become(lambda: "等待主管或合规人员" in agent.inner_text("jl-outcome"), "the page says that it waits")
    agent.goto(f"{console.home.url}/requests")
    assert agent.get_by_role("button", name="批准").count() == 0, "nobody approves their own"
    assert "送往 CN，接收方：本案当事人" in agent.inner_text("main")
    approves(console)
    agent.goto(f"{console.home.url}/cases/{case}")
    shown(agent, "jl-outcome a[download]")
    with agent.expect_download() as download:
        agent.get_by_role("link", name="下载证据包").evaluate(TWICE)  # the approval is for one: a second press must not take it
    assert download.value.suggested_filename == "export-1.jlp"
    assert check_package(Path(download.value.path())).is_intact
    assert console.complaints == []


def asks(agent: Page, reason: str) -> None:
    agent.click("[data-key=export]")
    agent.locator("dialog [name=reason]").fill(reason)
    agent.locator("dialog button.main").click()


def approves(console: Console) -> None:
    """The supervisor, on the page of requests."""
    supervisor = console.signed_in(console.page(), "he")
    supervisor.goto(f"{console.home.url}/requests")
    supervisor.get_by_role("button", name="批准").click()
    confirm = supervisor.locator("dialog button.main")
    if confirm.count():
        confirm.click()
    become(lambda: supervisor.get_by_role("button", name="批准").count() == 0, "it is approved")
