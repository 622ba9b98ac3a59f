"""Totals beside rows are what counting the rows says: after any sequence of changes, rolled back ones among them, and of many at once.

The faults: a change that breaks off half-way, two writers of the same totals in opposite order, a database from before there were totals.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, Table, insert, select

from jianlu.capture.cases._tables import CASE_TOTALS, live_case_totals, live_cases
from jianlu.capture.cases.case_rows import add_case, change_case, claim_agent
from jianlu.capture.cases.forgetting import forget_row
from jianlu.core.errors import JianluError
from jianlu.judge.review import _records as review_records
from jianlu.judge.review._counts import Asked, work_counts
from jianlu.judge.review._tables import REVIEW_TOTALS, review_tasks, review_totals
from jianlu.judge.review.model import TaskRow, TaskState
from jianlu.judge.review.work_list import _lists
from jianlu.runtime.database import _config, open_database, transaction
from jianlu.vault import _kept, _records
from jianlu.vault._tables import objects, retention_counts, retentions
from jianlu.vault.projection import SEALED, SHREDDED, ObjectRow, RetentionRow
from tests.fakes.schema import bring_schema
from tests.fakes.vault.home import TENANT
from tests.property.access.test_lists import ACCOUNTS, BRANCHES, STATES, random_row

CASES = [f"c{number:026}" for number in range(12)]
DAYS = ("2026-11-20", "2026-11-26", "2026-12-03")
OPERATIONS, WRITERS = 100, 4
RECOUNTED: tuple[tuple[Table, Callable[[Connection], None]], ...] = (
    (live_case_totals, CASE_TOTALS.recount),
    (review_totals, REVIEW_TOTALS.recount),
    (retention_counts, _kept.recount),
)


class BrokenOffError(Exception):
    """What ends a transaction half-way."""


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    bring_schema(engine)
    yield engine
    engine.dispose()


def test_after_any_changes_totals_are_what_counting_says(database: Engine) -> None:
    chance = random.Random(20261127)
    positions = iter(range(10**6))
    for number in range(OPERATIONS):
        try:
            with transaction(database) as connection:
                for _ in range(chance.randint(1, 4)):
                    chance.choice(OPERATE)(connection, chance, positions)
                if chance.random() < 0.2:
                    raise BrokenOffError
        except BrokenOffError:
            pass
        if number % 20 == 0:
            assert_counted(database)
    assert_counted(database)
    with transaction(database, writes=False) as connection:
        assert all(connection.execute(select(table)).first() for table, _ in RECOUNTED), "there was something to count"


def test_lists_and_statistics_of_reviews_are_told_as_single_reviews_say(database: Engine) -> None:
    chance = random.Random(7)
    with transaction(database) as connection:
        for _ in range(120):
            change_reviews(connection, chance, iter(()))
    with transaction(database) as connection:
        rows = [row for case in CASES for row in review_records.tasks_of(connection, TENANT, case)]
        for today in DAYS:
            whole = work_counts(connection, Asked(TENANT, today))
            assert whole == sum((work_counts(connection, Asked(TENANT, today, case)) for case in CASES), Counter())
            assert sum(n for key, n in whole.items() if key[6]) == sum(row.is_late(today) for row in rows)
            for agent in ("", *ACCOUNTS):
                counts = review_records.count_lists(connection, TENANT, _lists("zhou", agent, today), agent=agent)
                mine = [row for row in rows if agent in ("", row.agent)]
                assert counts["all"] == len(mine)
                assert counts["done"] == sum(row.state == TaskState.DONE for row in mine)
                assert counts["late"] == sum(row.state != TaskState.DONE and row.due_on < today for row in mine)


def test_writers_of_the_same_totals_at_once_neither_wait_for_each_other_nor_miscount(database: Engine) -> None:
    """Each changes cases and reviews of the same kinds in an order of its own; PostgreSQL would end one of two that wait in a ring."""
    failed: list[JianluError] = []
    with transaction(database) as connection:
        for number in range(WRITERS * 3):
            add_case(connection, fixed_row(number))

    def write(writer: int) -> None:
        chance = random.Random(writer)
        try:
            for _ in range(30):
                with transaction(database) as connection:
                    for number in sorted(chance.sample(range(3), k=2)):
                        change_case(connection, TENANT, fixed_row(writer * 3 + number).case, state=chance.choice(STATES[:3]))
        except JianluError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert_counted(database)


def test_of_two_who_claim_a_review_one_is_counted(database: Engine) -> None:
    with transaction(database) as connection:
        review_records.add_tasks(connection, TENANT, [task(random.Random(1), CASES[0], "first", TaskState.OPEN)])
    claimed: list[bool] = []

    def claim(who: str) -> None:
        with transaction(database) as connection:
            claimed.append(review_records.claim_task(connection, TENANT, CASES[0], "first", who, "2026-11-26T08:00:00.000Z"))

    threads = [threading.Thread(target=claim, args=(who,)) for who in ACCOUNTS]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(claimed) == [False] * (len(ACCOUNTS) - 1) + [True]
    assert_counted(database)


def test_a_database_from_before_there_were_totals_has_them_counted(database_url: str) -> None:
    engine, chance = open_database(database_url), random.Random(3)
    with transaction(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0021")
        names = {"case": "case_ref"}
        rows = [random_row(chance, number) for number in range(40)]
        connection.execute(insert(live_cases), [{names.get(k, k): v for k, v in asdict(row).items()} for row in rows])
        tasks = [task(chance, case, stage, chance.choice(list(TaskState))) for case in CASES for stage in ("first", "second")]
        connection.execute(insert(review_tasks), [{"tenant": TENANT, **review_records._values(row)} for row in tasks])
        kept = [retention(chance, position) for position in range(30)]
        connection.execute(insert(retentions), [_records._columns_of(row) for row in kept])
        gone = [sealed(position, CASES[position], SHREDDED if position < 3 else SEALED) for position in range(6)]
        connection.execute(insert(objects), [_records._columns_of(row) for row in gone])
        command.upgrade(config, "head")
    assert_counted(engine)
    engine.dispose()


def assert_counted(database: Engine) -> None:
    """Every total is what a recount says; the recount is rolled back."""
    try:
        with transaction(database) as connection:
            for table, recount in RECOUNTED:
                kept = sorted(map(tuple, connection.execute(select(table))))
                recount(connection)
                assert kept == sorted(map(tuple, connection.execute(select(table)))), table.name
            raise BrokenOffError
    except BrokenOffError:
        pass


def change_cases(connection: Connection, chance: random.Random, _: Iterator[int]) -> None:
    known = list(connection.execute(select(live_cases.c.tenant, live_cases.c.case_ref)))
    if not known or chance.random() < 0.3:
        add_case(connection, random_row(chance, chance.randrange(10**9)))
        return
    tenant, case = chance.choice(known)
    acts: list[Callable[[], object]] = [
        lambda: change_case(connection, tenant, case, state=chance.choice(STATES)),
        lambda: change_case(connection, tenant, case, showing="a document"),
        lambda: change_case(connection, tenant, case, agent=chance.choice(ACCOUNTS), branch=chance.choice(BRANCHES)),
        lambda: claim_agent(connection, tenant, case, chance.choice(ACCOUNTS), "Lin"),
        lambda: forget_row(connection, tenant, case),
    ]
    chance.choice(acts)()


def change_reviews(connection: Connection, chance: random.Random, _: Iterator[int]) -> None:
    case, stage, at = (
        chance.choice(CASES),
        chance.choice(["first", "second"]),
        f"{chance.choice(DAYS)}T{chance.randint(10, 20)}:00:00.000Z",
    )
    done: dict[str, Any] = {
        "state": "done",
        "outcome": chance.choice(["confirmed", "overturned"]),
        "asks_redo": chance.random() < 0.3,
    }
    acts: list[Callable[[], object]] = [
        lambda: review_records.add_tasks(connection, TENANT, [task(chance, case, stage, TaskState.OPEN)]),
        lambda: review_records.add_tasks(connection, TENANT, [task(chance, case, "first", TaskState.OPEN)]),
        lambda: review_records.claim_task(connection, TENANT, case, stage, chance.choice(ACCOUNTS), at),
        lambda: review_records.change_task(connection, TENANT, case, stage, state="open", reviewer="", taken_at=None),
        lambda: review_records.change_task(connection, TENANT, case, stage, decided_at=at, **done),
        lambda: review_records.change_task(connection, TENANT, case, stage, appealed_at=at),
        lambda: review_records.change_task(connection, TENANT, case, stage, alarmed_at=at),
        lambda: review_records.forget_case(connection, TENANT, case),
    ]
    chance.choice(acts)()


def change_retentions(connection: Connection, chance: random.Random, positions: Iterator[int]) -> None:
    case = chance.choice(CASES)
    if chance.random() < 0.1:
        _records.set_object_states(connection, TENANT, case, chance.choice([SHREDDED, SHREDDED, SEALED]))
        return
    rows: list[Any] = [retention(chance, next(positions)) for _ in range(chance.randint(0, 3))]
    _records.insert_rows(connection, [*rows, sealed(next(positions), case, SEALED)])
    if chance.random() < 0.1:
        _records.set_states(connection, [sealed(0, case, SHREDDED)])


OPERATE = (change_cases, change_reviews, change_retentions)


def fixed_row(number: int) -> Any:
    row = random_row(random.Random(number), number)
    return type(row)(**{**asdict(row), "tenant": TENANT, "state": STATES[0], "agent": "", "branch": "", "place": "", "level": 1})


def task(chance: random.Random, case: str, stage: str, state: TaskState) -> TaskRow:
    is_done, day = state == TaskState.DONE, chance.choice(DAYS)
    return TaskRow(
        case=case,
        stage=stage,
        plan=chance.choice(["pack:plan", "pack:other"]),
        roll=chance.randint(1, 2),
        cause="drawn",
        stratum="all",
        due_on=chance.choice(DAYS),
        state=state,
        agent=chance.choice(ACCOUNTS),
        barred=(),
        reviewer="",
        outcome="confirmed" if is_done else "",
        asks_redo=False,
        opened_at="2026-11-19T02:00:00.000Z",
        decided_at=f"{day}T{chance.randint(10, 20)}:00:00.000Z" if is_done else None,
    )


def retention(chance: random.Random, position: int) -> RetentionRow:
    until = chance.choice(["open", "none", *DAYS])
    return RetentionRow(position, TENANT, chance.choice(CASES), chance.choice(["recording", "plan"]), until, "pack:clause")


def sealed(position: int, case: str, state: str) -> ObjectRow:
    return ObjectRow(position, "object", TENANT, case, "plan", 1, 1, "0" * 64, 1, 1, "0" * 64, state)
