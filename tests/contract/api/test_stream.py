"""The stream of a session: a view at once and at every change, for as long as the sign-in lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api.stream import STREAMS_MAX
from jianlu.govern.identity.admissions import dismiss
from tests.fakes.api.listening import Listening, cookie_header, listening
from tests.fakes.api.world import ApiWorld, ok
from tests.fakes.serving.running import wait_for


@pytest.fixture
def served(api: ApiWorld) -> Iterator[Listening]:
    with listening(api) as running:
        yield running


def test_a_view_comes_at_once_and_at_every_change(served: Listening) -> None:
    api = served.api
    case, agent, customer = api.seated()
    with served.stream(case, cookie_header(agent)) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        first = stream.next()
        assert first["event"] == "view" and first["data"]["case"] == case and first["data"]["you"]["seat"] == "agent"
        ok(customer.post(f"/api/v1/cases/{case}/messages", json={"text": "你好"}))
        second = stream.until("view")
        assert second["data"]["messages"][-1]["text"] == "你好" and second["id"] != first["id"]


def test_a_refused_attempt_reaches_those_who_watch(served: Listening) -> None:
    api = served.api
    case, agent, _ = api.live()
    with served.stream(case, cookie_header(agent)) as stream:
        before = stream.next()
        steps = [step["id"] for step in before["data"]["steps"]]
        assert agent.post(f"/api/v1/cases/{case}/steps/{steps[-1]}/complete").status_code == 409
        after = stream.until("view")
        assert after["data"]["version"] > before["data"]["version"]


def test_a_page_that_comes_back_gets_nothing_twice(served: Listening) -> None:
    api = served.api
    case, agent, customer = api.seated()
    with served.stream(case, cookie_header(agent)) as stream:
        last = stream.next()["id"]
    with served.stream(case, cookie_header(agent), **{"Last-Event-ID": last}) as stream:
        ok(customer.post(f"/api/v1/cases/{case}/messages", json={"text": "again"}))
        assert stream.next()["data"]["messages"][-1]["text"] == "again"


def test_the_stream_ends_with_the_sign_in(served: Listening) -> None:
    api = served.api
    case, agent, customer = api.seated()
    agents, customers = cookie_header(agent), cookie_header(customer)
    with served.stream(case, agents) as one, served.stream(case, customers) as other:
        assert one.next()["event"] == other.next()["event"] == "view"
        ok(agent.post("/api/v1/sign-out"))
        assert one.until("end")["data"] == {"reason": "signed_out"}
        dismiss(api.deps.identity, api.deps.tenant, case_ref(case), "customer")
        assert other.until("end")["data"] == {"reason": "signed_out"}
        assert other.next()["event"] == "closed"
    with served.stream(case, agents) as refused:
        assert refused.response.status_code == 401


def test_the_customer_goes_on_with_another_phone_and_the_first_one_is_told(served: Listening) -> None:
    api = served.api
    case, agent, first = api.live()
    at = f"/api/v1/cases/{case}"
    with served.stream(case, cookie_header(first)) as stream:
        assert stream.next()["event"] == "view"
        second = api.guest(api.invite(case))
        assert stream.until("end")["data"] == {"reason": "replaced"}
    assert first.get(f"{at}/session").status_code == 401
    assert ok(second.get(f"{at}/session")).json()["you"]["seat"] == "customer"
    seat = next(each for each in agent.get(f"{at}/session").json()["seats"] if each["seat"] == "customer")
    assert seat["device"] is None, "the second phone is tested anew"
    told = [event.body for event in api.world.events(case) if event.type in (EventType.SEAT_TAKEN, EventType.SEAT_LEFT)]
    assert told[-2:] == [{"seat": "customer", "reason": "replaced"}, {"seat": "customer", "how": "invitation"}]
    sent = second.post(f"{at}/feeds/customer", content="v=0 offer", headers={"Content-Type": "application/sdp"})
    assert sent.status_code == 201, "the first phone's connection is closed and not in the way"


def test_the_stream_ends_when_the_process_drains(served: Listening) -> None:
    api = served.api
    case, agent, _ = api.seated()
    with served.stream(case, cookie_header(agent)) as stream:
        stream.next()
        api.deps.is_draining.set()
        assert stream.until("end")["data"] == {"reason": "restarting"}


def test_one_caller_does_not_open_streams_without_end(served: Listening) -> None:
    api = served.api
    case, agent, customer = api.seated()
    with ExitStack() as stack:
        opened = [stack.enter_context(served.stream(case, cookie_header(agent))) for _ in range(STREAMS_MAX)]
        assert {stream.next()["event"] for stream in opened} == {"view"}
        with served.stream(case, cookie_header(agent)) as refused:
            assert refused.response.status_code == 429
        with served.stream(case, cookie_header(customer)) as other:
            assert other.next()["event"] == "view"
    wait_for(lambda: sum(api.deps.streams.values()) == 0)


def test_streams_that_wait_for_a_session_hold_up_nobody_else(served: Listening) -> None:
    api = served.api
    case, agent, customer = api.seated()
    other = api.make_case("sale-2", name="zhou")
    (busy,) = [live for live in api.world.using.switchboard.sessions if live.row.case == case]
    with ExitStack() as stack:
        waiting = [stack.enter_context(served.stream(case, cookie_header(agent))) for _ in range(STREAMS_MAX - 1)]
        assert {stream.next()["event"] for stream in waiting} == {"view"}
        with busy.lock:
            api.deps.changes.notify(case)
            with served.stream(other, cookie_header(api.client("zhou"))) as free:
                assert free.next()["data"]["case"] == other
        ok(customer.post(f"/api/v1/cases/{case}/messages", json={"text": "on it goes"}))
        for stream in waiting:
            assert stream.until("view")["data"]["messages"][-1]["text"] == "on it goes"


def test_a_stream_says_trouble_and_goes_on_when_something_is_away(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    api = served.api
    case, agent, customer = api.seated()

    def away(*_: object, **__: object) -> dict[str, object]:
        raise UnavailableError("the database is away")

    with served.stream(case, cookie_header(agent)) as stream:
        stream.next()
        with monkeypatch.context() as patched:
            patched.setattr("jianlu.deliver.api.stream.view_session", away)
            assert stream.next() == {"event": "trouble", "data": {"detail": "the database is away"}}
        ok(customer.post(f"/api/v1/cases/{case}/messages", json={"text": "still here"}))
        assert stream.until("view")["data"]["messages"][-1]["text"] == "still here"
