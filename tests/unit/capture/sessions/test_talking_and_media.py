"""Messages and shares are part of the record; signalling stays within the session's rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jianlu.capture.sessions.conducting import abandon_session
from jianlu.capture.sessions.joining import take_seat
from jianlu.capture.sessions.media import close_connection, publish, renegotiate, subscribe, trickle
from jianlu.capture.sessions.talking import end_share, send_message, start_share
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, JianluError, NotFoundError
from jianlu.core.terms.events import EventType
from tests.fakes.sessions.world import AGENT, COMPLIANCE, OTHER_AGENT, SUPERVISOR, World, participant

OFFER = "v=0 offer"


def test_messages_are_sealed_and_survive_a_restart(world: World) -> None:
    case = world.live()
    send_message(case, "请看屏幕上的条款。", using=world.using, by=AGENT)
    send_message(case, "好的。", using=world.using, by=participant(case))
    again = world.restarted()
    assert [(each["by"], each["text"]) for each in again.view(case, participant(case))["messages"]] == [
        ("agent", "请看屏幕上的条款。"),
        ("customer", "好的。"),
    ]
    for event in world.events(case):
        assert "条款".encode() not in event.content
    for text in ("", " ", "长" * 2001):
        with pytest.raises(InvalidError):
            send_message(case, text, using=world.using, by=AGENT)
    with pytest.raises(DeniedError):
        send_message(case, "我旁听", using=world.using, by=COMPLIANCE)


def test_a_share_is_announced_and_ended_and_watched(world: World) -> None:
    case = world.live()
    track = start_share(case, "document", using=world.using, by=AGENT)
    assert start_share(case, "document", using=world.using, by=AGENT) == track == "agent-screen"
    publish(case, track, OFFER, using=world.using, by=AGENT)
    subscribe(case, track, OFFER, using=world.using, by=participant(case))
    assert world.view(case)["shares"] == [{"track": "agent-screen", "kind": "document", "by": "agent"}]
    start_share(case, "whiteboard", using=world.using, by=AGENT)
    end_share(case, track, using=world.using, by=AGENT)
    end_share(case, track, using=world.using, by=AGENT)
    kinds = world.kinds(case)
    assert (kinds.count(EventType.SHARE_STARTED), kinds.count(EventType.SHARE_ENDED)) == (2, 2)
    assert world.view(case)["shares"] == []


def test_a_share_is_for_seats_that_may_and_sessions_that_run(world: World) -> None:
    waiting, case = world.seated("waiting"), world.live()
    with pytest.raises(ConflictError):
        start_share(waiting, "screen", using=world.using, by=AGENT)
    with pytest.raises(DeniedError, match="lets other seats share"):
        start_share(case, "screen", using=world.using, by=participant(case))
    with pytest.raises(InvalidError):
        start_share(case, "hologram", using=world.using, by=AGENT)
    start_share(case, "screen", using=world.using, by=AGENT)
    with pytest.raises(DeniedError):
        end_share(case, "agent-screen", using=world.using, by=participant(case))
    with pytest.raises(NotFoundError):
        end_share(case, "king-screen", using=world.using, by=AGENT)


def test_a_seat_sends_its_own_feed_and_no_other(world: World) -> None:
    case = world.live()
    for feed, by in (("agent", participant(case)), ("customer", AGENT), ("agent-screen", AGENT)):
        with pytest.raises(DeniedError, match="its own feed"):
            publish(case, feed, OFFER, using=world.using, by=by)
    with pytest.raises(DeniedError, match="write to the agent"):
        publish(case, "supervisor", OFFER, using=world.using, by=SUPERVISOR)


def test_a_seat_watches_the_others(world: World) -> None:
    case = world.live()
    assert subscribe(case, "agent", OFFER, using=world.using, by=participant(case)).answer_sdp
    take_seat(case, "supervisor", using=world.using, by=SUPERVISOR)
    assert subscribe(case, "customer", OFFER, using=world.using, by=SUPERVISOR).answer_sdp
    for feed in ("customer", "king"):
        with pytest.raises(NotFoundError):
            subscribe(case, feed, OFFER, using=world.using, by=participant(case))
    with pytest.raises(DeniedError):
        subscribe(case, "agent", OFFER, using=world.using, by=COMPLIANCE)


def test_a_connection_is_touched_by_its_owner_alone(world: World) -> None:
    case = world.live()
    mine = subscribe(case, "customer", OFFER, using=world.using, by=AGENT)
    customer = participant(case)
    attempts: list[Callable[[], object]] = [
        lambda: renegotiate(case, mine.id, OFFER, using=world.using, by=customer),
        lambda: trickle(case, mine.id, "a=ice", mine.etag, using=world.using, by=customer),
        lambda: close_connection(case, mine.id, using=world.using, by=customer),
    ]
    for attempt in attempts:
        with pytest.raises(NotFoundError):
            attempt()
    assert renegotiate(case, mine.id, OFFER, using=world.using, by=AGENT).id == mine.id
    assert trickle(case, mine.id, "a=ice", mine.etag, using=world.using, by=AGENT) == ""
    close_connection(case, mine.id, using=world.using, by=AGENT)
    close_connection(case, mine.id, using=world.using, by=AGENT)


def test_another_cases_people_find_nothing(world: World) -> None:
    case, other = world.live(), world.seated("other")
    for by in (participant(other), OTHER_AGENT):
        for attempt in (publish, subscribe):
            with pytest.raises(JianluError):
                attempt(case, "agent", OFFER, using=world.using, by=by)
        with pytest.raises(NotFoundError):
            world.view(case, by)


def test_nothing_is_sent_or_said_once_it_is_over(world: World) -> None:
    case = world.live()
    abandon_session(case, using=world.using, by=AGENT)
    for attempt in (
        lambda: publish(case, "agent", OFFER, using=world.using, by=AGENT),
        lambda: subscribe(case, "customer", OFFER, using=world.using, by=AGENT),
        lambda: send_message(case, "再见", using=world.using, by=AGENT),
    ):
        with pytest.raises(ConflictError, match="over"):
            attempt()
    assert (world.view(case)["state"], world.view(case)["reason"]) == ("ended", "abandoned")
