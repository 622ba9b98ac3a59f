"""The queue: who may serve takes who has waited longest, nobody is taken twice, a ticket becomes a seat."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection
from sqlalchemy.event import listen, remove

from jianlu.capture.cases.create_case import create_case
from jianlu.capture.sessions.joining import accept, take_seat
from jianlu.capture.sessions.queueing import (
    QueueRequest,
    enter_queue,
    find_queue,
    leave_queue,
    serve_ticket,
    take_next,
    ticket_status,
)
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.govern.identity.model import Role
from tests.fakes.sessions.world import COMPLIANCE, SUPERVISOR, World, sale_request, staff

LIFE = staff("lin", Role.AGENT, languages=("zh",), licences=("insurance",), skills=("life",))
OTHER_LIFE = staff("zhou", Role.AGENT, languages=("zh", "en"), licences=("insurance",), skills=("life",))
TELLER = staff("wu", Role.AGENT, languages=("zh",), licences=("banking",), skills=("accounts",))


def waiting(scene: str = "insurance-remote", language: str = "zh", profile: str = "standard") -> QueueRequest:
    return QueueRequest(scene, language, "王小明", profile)


def test_a_walk_in_customer_ends_up_in_a_case(world: World) -> None:
    ticket = enter_queue(waiting(), using=world.using)
    assert ticket_status(ticket.token, using=world.using) == {"state": "waiting", "ahead": 0, "case": "", "invitation": None}
    taken = take_next(using=world.using, by=LIFE)
    assert taken is not None and (taken.ticket, taken.display) == (ticket.ticket, "王**")
    assert ticket_status(ticket.token, using=world.using)["state"] == "taken"
    case = create_case(sale_request(), using=world.using, by=LIFE)
    take_seat(case, using=world.using, by=LIFE)
    serve_ticket(ticket.ticket, case, using=world.using, by=LIFE)
    serve_ticket(ticket.ticket, case, using=world.using, by=LIFE)
    status = ticket_status(ticket.token, using=world.using)
    assert (status["state"], status["case"]) == ("served", case)
    assert accept(status["invitation"], using=world.using).seat == "customer"
    assert ticket_status(ticket.token, using=world.using)["invitation"] is None
    assert take_next(using=world.using, by=LIFE) is None


def test_agents_take_whom_they_may_serve(world: World) -> None:
    english = enter_queue(waiting(language="en"), using=world.using)
    world.clock.move(1000)
    account = enter_queue(waiting("account-opening"), using=world.using)
    world.clock.move(1000)
    chinese = enter_queue(waiting(), using=world.using)
    took = {}
    for agent in (TELLER, LIFE, OTHER_LIFE):
        row = take_next(using=world.using, by=agent)
        took[agent.account.name] = row.ticket if row else None
    assert took == {"wu": account.ticket, "lin": chinese.ticket, "zhou": english.ticket}


def test_who_took_a_ticket_finds_it_again(world: World) -> None:
    ticket = enter_queue(waiting(), using=world.using)
    world.clock.move(1000)
    enter_queue(waiting(), using=world.using)
    rows = [take_next(using=world.using, by=LIFE) for _ in range(3)]
    assert [row.ticket if row else "" for row in rows] == [ticket.ticket] * 3


def test_the_elderly_go_first_among_those_who_came_about_then(world: World) -> None:
    first = enter_queue(waiting(), using=world.using)
    world.clock.move(60_000)
    elderly = enter_queue(waiting(profile="elderly"), using=world.using)
    world.clock.move(360_000)
    late = enter_queue(waiting(profile="elderly"), using=world.using)
    assert [row.ticket for row in find_queue(using=world.using, by=LIFE)] == [elderly.ticket, first.ticket, late.ticket]
    assert ticket_status(late.token, using=world.using)["ahead"] == 2


@contextmanager
def before_taking(world: World, act: Callable[[], None]) -> Iterator[None]:
    """`act` is done once, when this thread has chosen a ticket and is about to take it."""
    mine, left = threading.current_thread(), [act]

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        if (
            threading.current_thread() is mine
            and statement.startswith("UPDATE queue_tickets")
            and "taken_by" in statement
            and left
        ):
            left.pop()()

    listen(world.using.database, "before_cursor_execute", note)
    try:
        yield
    finally:
        remove(world.using.database, "before_cursor_execute", note)
    assert not left, "nobody was about to take a ticket"


@contextmanager
def heard_begin(world: World, thread: threading.Thread) -> Iterator[threading.Event]:
    """Set once `thread` is about to do something in the database: to begin a transaction, which may have to wait."""
    began = threading.Event()

    def note(*_: object) -> None:
        if threading.current_thread() is thread:
            began.set()

    listen(world.using.database, "before_cursor_execute", note)
    try:
        yield began
    finally:
        remove(world.using.database, "before_cursor_execute", note)


def test_of_two_agents_who_choose_one_ticket_one_has_it_and_the_other_is_told(world: World) -> None:
    """PostgreSQL lets the second one overtake: the first, who has chosen, is slower. SQLite makes the second one wait for the first."""
    ticket = enter_queue(waiting(), using=world.using).ticket
    is_overtaking = world.using.database.dialect.name == "postgresql"
    other: list[str | None] = []

    def take() -> None:
        found = take_next(using=world.using, by=OTHER_LIFE)
        other.append(found.ticket if found is not None else None)

    second = threading.Thread(target=take)
    with heard_begin(world, second) as began:

        def meanwhile() -> None:
            second.start()
            if is_overtaking:
                second.join(60)
            assert began.wait(60)

        with before_taking(world, meanwhile):
            if is_overtaking:
                with pytest.raises(ConflictError, match="another agent was faster"):
                    take_next(using=world.using, by=LIFE)
            else:
                found = take_next(using=world.using, by=LIFE)
                assert found is not None and found.ticket == ticket
        second.join(60)
    assert other == ([ticket] if is_overtaking else [None])
    holders = {who.account.id: take_next(using=world.using, by=who) for who in (LIFE, OTHER_LIFE)}
    mine = OTHER_LIFE if is_overtaking else LIFE
    assert [who for who, row in holders.items() if row is not None] == [mine.account.id], "the ticket is one agent's"


def test_who_leaves_is_not_called_any_more(world: World) -> None:
    ticket = enter_queue(waiting(), using=world.using)
    leave_queue(ticket.token, using=world.using)
    assert take_next(using=world.using, by=LIFE) is None
    assert ticket_status(ticket.token, using=world.using)["state"] == "left"


def test_a_ticket_is_served_by_who_took_it(world: World) -> None:
    ticket = enter_queue(waiting(), using=world.using)
    take_next(using=world.using, by=LIFE)
    case = create_case(sale_request(), using=world.using, by=OTHER_LIFE)
    with pytest.raises(DeniedError, match="another agent's"):
        serve_ticket(ticket.ticket, case, using=world.using, by=OTHER_LIFE)
    leave_queue(ticket.token, using=world.using)
    mine = create_case(sale_request("sale-2"), using=world.using, by=LIFE)
    with pytest.raises(ConflictError, match="holder left"):
        serve_ticket(ticket.ticket, mine, using=world.using, by=LIFE)


def test_what_makes_no_sense_is_refused(world: World) -> None:
    for request in (
        QueueRequest("none", "zh", "王"),
        QueueRequest("account-opening", "fr", "王"),
        QueueRequest("account-opening", "zh", ""),
    ):
        with pytest.raises(InvalidError):
            enter_queue(request, using=world.using)
    with pytest.raises(NotFoundError):
        ticket_status("guess", using=world.using)
    with pytest.raises(DeniedError):
        find_queue(using=world.using, by=COMPLIANCE)
    assert find_queue(using=world.using, by=SUPERVISOR) == []
