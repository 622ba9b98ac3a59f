"""Agent and customer in two tabs of one browser, as whoever tries the demo does: each tab keeps its own seat over reloads."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.fakes.pages.calls import ready
from tests.fakes.pages.visitors import Console, become, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

SEEN_BY_THE_PAGE = "() => document.querySelector('jl-cockpit, jl-room').session.view?.you"


def seat(page: Page) -> tuple[str, bool]:
    """Who the server told this tab that it is: the seat, and whether of the staff."""
    you = become(lambda: page.evaluate(SEEN_BY_THE_PAGE), "the page has the session")
    return str(you["seat"]), bool(you["is_staff"])


def is_connected(page: Page) -> bool:
    return page.locator(".ownbar .badge.good").count() == 1


def states(console: Console, case: str) -> dict[str, str]:
    return {str(each["seat"]): str(each["state"]) for each in console.view(case)["seats"]}


def test_two_tabs_of_one_browser_keep_their_own_seats_when_both_are_reloaded(console: Console) -> None:
    case = console.new_case("tabs-1")
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=False)
    customer = agent.context.new_page()
    customer.goto(console.invitation(case))
    customer.wait_for_url("**/room/**")
    customer.get_by_role("button", name="允许摄像头并检测设备").click()
    ready(customer, sample=False)
    become(lambda: states(console, case) == {"agent": "present", "customer": "present"}, "both are there")
    for _ in range(2):
        for page in (agent, customer):
            page.reload()
        for page in (customer, agent):
            shown(page, ".self")
        become(lambda: is_connected(agent) and is_connected(customer), "both reloaded tabs are connected again")
        assert seat(agent) == ("agent", True)
        assert seat(customer) == ("customer", False)
        become(lambda: states(console, case) == {"agent": "present", "customer": "present"}, "both are there again")
    assert agent.locator("jl-cockpit").count() == 1 and customer.locator("jl-room").count() == 1
    agent.bring_to_front()
    agent.click("[data-key=tab-chat]")
    agent.fill("[data-key=chat]", "听得到吗")
    agent.press("[data-key=chat]", "Enter")
    become(lambda: "听得到吗" in customer.inner_text("body"), "the customer reads what the agent wrote")
    assert console.view(case)["messages"] == [{"by": "agent", "to": "", "text": "听得到吗", "at_ms": 0}]


def test_a_customers_tab_never_acts_with_the_agents_rights(console: Console) -> None:
    case, other = console.new_case("tabs-2"), console.new_case("tabs-3")
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    shown(agent, ".gatelist")
    customer = agent.context.new_page()
    customer.goto(console.invitation(case))
    shown(customer, "jl-room h1")
    refused = customer.evaluate(
        """async ([own, other]) => Promise.all([`/api/v1/cases/${own}/invitations`, `/api/v1/cases/${other}/invitations`].map(
          (path) => fetch(path, {method: 'POST', body: '{"seat": "customer"}', headers: {'Content-Type': 'application/json',
            'X-Jianlu': '1', 'X-Jianlu-As': document.body.dataset.capacity}}).then((answer) => answer.status)))""",
        [case, other],
    )
    assert [status for status in refused if status < 400] == []
    agent.reload()
    shown(agent, ".gatelist")
    assert seat(agent)[1] is True
