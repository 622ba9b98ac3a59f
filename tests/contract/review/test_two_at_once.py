"""Two people at one task at the same instant, in two processes that share nothing but the database: one gets it, whatever the order.

The first is held with its lock taken, just before it writes; the second is let run until it asks for the same rows. On PostgreSQL it then
waits in the database, on SQLite at the beginning of its transaction; neither may go on from what it read before the first was done.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from jianlu.capture.sessions.switchboard import Switchboard
from jianlu.core.errors import ConflictError, DeniedError, JianluError
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Staff
from jianlu.judge.review.ports import ReviewPorts
from jianlu.judge.review.taking import find_tasks, take_task
from jianlu.runtime.database import open_database
from jianlu.vault.desk import CaseDesk
from tests.fakes.review.worlds import REVIEWER, SECOND_REVIEWER, ReviewWorld, review_world

PATIENCE_S = 30


def other_process(using: ReviewPorts, database_url: str) -> ReviewPorts:
    """The same house from another process: its own connections, locks and desk."""
    sessions = replace(
        using.sessions, database=open_database(database_url), switchboard=Switchboard(), desk=CaseDesk(using.vault)
    )
    return replace(using, sessions=sessions)


@contextmanager
def held_before_its_write(using: ReviewPorts) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Holds the next writer of tasks at the claim: `is_there` is set when it is held, set `may_go` to let it go on."""
    is_there, may_go = threading.Event(), threading.Event()

    def hold(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE review_tasks") and not is_there.is_set():
            is_there.set()
            assert may_go.wait(PATIENCE_S)

    event.listen(using.sessions.database, "before_cursor_execute", hold)
    try:
        yield is_there, may_go
    finally:
        may_go.set()
        event.remove(using.sessions.database, "before_cursor_execute", hold)


@contextmanager
def told_when_it_asks(using: ReviewPorts) -> Iterator[threading.Event]:
    """Set when the process is about to lock the rows: the statement after it waits for the other one."""
    asks = threading.Event()

    def seen(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement == "BEGIN IMMEDIATE" or "FOR UPDATE" in statement:
            asks.set()

    event.listen(using.sessions.database, "before_cursor_execute", seen)
    try:
        yield asks
    finally:
        event.remove(using.sessions.database, "before_cursor_execute", seen)


def outcome_of(work: Future[Any]) -> str:
    """ "taken", or the name of the error."""
    error = work.exception(PATIENCE_S)
    assert error is None or isinstance(error, JianluError)
    return "taken" if error is None else type(error).__name__


def race(
    reviews: ReviewWorld, database_url: str, case: str, first: tuple[str, Staff], second: tuple[str, Staff]
) -> tuple[str, str]:
    """What becomes of two that take at once: `first` holds its lock while `second` asks."""
    other = other_process(reviews.using, database_url)
    with (
        ThreadPoolExecutor(2) as threads,
        held_before_its_write(reviews.using) as (is_there, may_go),
        told_when_it_asks(other) as asks,
    ):
        one = threads.submit(take_task, case, first[0], using=reviews.using, by=first[1])
        assert is_there.wait(PATIENCE_S)
        two = threads.submit(take_task, case, second[0], using=other, by=second[1])
        assert asks.wait(PATIENCE_S)
        may_go.set()
        found = outcome_of(one), outcome_of(two)
    other.sessions.database.dispose()
    return found


def test_of_two_reviewers_one_gets_the_task(database_url: str) -> None:
    with review_world(database_url) as reviews:
        (case,) = reviews.drawn("sale-1")
        assert race(reviews, database_url, case, ("first", REVIEWER), ("first", SECOND_REVIEWER)) == (
            "taken",
            ConflictError.__name__,
        )
        (task,) = find_tasks(case, using=reviews.using)
        assert (task.state, task.reviewer) == ("taken", REVIEWER.account.id)
        assert [each.type for each in reviews.chain(case).events] == [EventType.REVIEW_TASK_TAKEN]


def test_one_person_never_gets_both_looks_by_being_quick(database_url: str) -> None:
    with review_world(database_url, second_permille=1000) as reviews:
        (case,) = reviews.drawn("sale-1")
        assert race(reviews, database_url, case, ("first", REVIEWER), ("second", REVIEWER)) == ("taken", DeniedError.__name__)
        assert [task.reviewer for task in find_tasks(case, using=reviews.using)] == [REVIEWER.account.id, ""]


@pytest.mark.parametrize("at_once", [2, 6])
def test_of_many_threads_of_one_process_one_gets_the_task(database_url: str, at_once: int) -> None:
    with review_world(database_url) as reviews, ThreadPoolExecutor(at_once) as threads:
        (case,) = reviews.drawn("sale-1")
        who = [REVIEWER, SECOND_REVIEWER] * (at_once // 2)
        works = [threads.submit(take_task, case, "first", using=reviews.using, by=each) for each in who]
        found = [outcome_of(work) for work in works]
        holder = find_tasks(case, using=reviews.using)[0].reviewer
        assert [outcome for each, outcome in zip(who, found, strict=True) if each.account.id == holder] == ["taken"] * (
            at_once // 2
        )
        assert {outcome for each, outcome in zip(who, found, strict=True) if each.account.id != holder} == {
            ConflictError.__name__
        }
