"""A recorded talk between two pages through a service, for the benchmarks that measure one: signalling by the API, no page of ours.

Each page has `service_call(method, path, content)` and sends and watches by functions that the benchmark gives it.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from jianlu.entry.live_demo import SALE
from tests.fakes.eventually import eventually
from tests.fakes.running_home import PASSWORD, RunningHome, approve_scripts

SEATS = ("agent", "customer")
CALLS = """
window.service_call = async (method, path, content) => {
  const headers = {'content-type': 'application/json', 'X-Jianlu': '1'};
  const answer = await fetch(path, {method, headers, body: content === null ? undefined : JSON.stringify(content)});
  if (!answer.ok) throw new Error(method + ' ' + path + ': ' + await answer.text());
  return answer.status === 204 ? null : await answer.json();
};
window.service_offer = async (path, sdp) => {
  const headers = {'content-type': 'application/sdp', 'X-Jianlu': '1'};
  const answer = await fetch(path, {method: 'POST', headers, body: sdp});
  if (!answer.ok) throw new Error(await answer.text());
  return await answer.text();
};
"""


def call(page: Page, method: str, path: str, content: Any = None) -> Any:
    """One call of the API by a page; an error of the page when it is refused."""
    return page.evaluate("([method, path, content]) => service_call(method, path, content)", [method, path, content])


def start_talk(home: RunningHome, agent: Page, customer: Page, *, publish: str, watch: str) -> str:
    """The case of a session that is live; `publish` and `watch` are the pages' functions of the path to post an offer to."""
    approve_scripts(home)
    staff = home.as_staff("lin")
    case = str(staff.call("POST", "/api/v1/cases", SALE)["case"])
    api = f"/api/v1/cases/{case}"
    token = staff.call("POST", f"{api}/invitations", {"seat": "customer"})["token"]
    call(agent, "POST", "/api/v1/sign-in", {"name": "lin", "password": PASSWORD})
    call(customer, "POST", "/api/v1/join", {"token": token})
    call(agent, "POST", f"{api}/seat", {"seat": "agent"})
    checks = {"checks": dict.fromkeys(("camera", "microphone", "speaker", "bandwidth"), "ok")}
    for page, seat in zip((agent, customer), SEATS, strict=True):
        page.evaluate(publish, f"{api}/feeds/{seat}")
        call(page, "POST", f"{api}/preflight", checks)
    for purpose in ("recording", "face"):
        call(customer, "POST", f"{api}/consents", {"purpose": purpose, "decision": "given"})
    eventually(lambda: _is_started(agent, api), "the recording starts")
    eventually(lambda: call(agent, "GET", f"{api}/session")["state"] == "live", "the session is live")
    agent.evaluate(watch, f"{api}/viewers/customer")
    customer.evaluate(watch, f"{api}/viewers/agent")
    return case


def _is_started(agent: Page, api: str) -> bool:
    try:
        call(agent, "POST", f"{api}/start", {})
    except PlaywrightError as error:
        if "cannot start" not in str(error):
            raise
        return False
    return True
