"""The work list of reviews: what is open, one's own, late or done, the most urgent first, one page at a time.

Who may see which list is decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from jianlu.judge.review import _records
from jianlu.judge.review._records import PAGE_ROWS, Wanted
from jianlu.judge.review._tables import REVIEW_TOTALS
from jianlu.judge.review.days import day_at
from jianlu.judge.review.model import TaskRow, TaskState
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.cursors import cursor_of, opened_cursor
from jianlu.runtime.database import transaction

LISTS = ("open", "mine", "late", "redo", "done", "all")
_UNDONE = (TaskState.OPEN, TaskState.TAKEN)


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of a list, how long each list is, and the day on which that was so; `next` is the cursor of the page behind."""

    tasks: tuple[TaskRow, ...]
    total: int
    page: int
    pages: int
    counts: Mapping[str, int]
    today: str
    next: str = ""


def find_reviews(which: str, *, using: ReviewPorts, account: str, agent: str = "", page: int = 1) -> TaskPage:
    """A page of the list `which` for `account`; with `agent`, only reviews of that account's cases."""
    today = day_at(using.sessions.clock.now())
    lists = _lists(account, agent, today)
    with transaction(using.sessions.database, writes=False) as connection:
        rows = _records.page_of_tasks(connection, using.tenant, lists[which], page=page)
        counts = _records.count_lists(connection, using.tenant, lists, agent=agent)
    total = counts[which]
    return TaskPage(tuple(rows), total, page, max(1, -(-total // PAGE_ROWS)), counts, today)


def reviews_after(which: str, cursor: str, *, using: ReviewPorts, account: str, agent: str = "") -> TaskPage:
    """The page of the list `which` behind `cursor` (empty: its beginning), for a program that goes through all of it: nothing is counted.

    What is opened or done meanwhile neither shifts nor repeats any other. InvalidError for a cursor that is none of ours.
    """
    today, behind = day_at(using.sessions.clock.now()), opened_cursor(cursor)
    with transaction(using.sessions.database, writes=False) as connection:
        rows = _records.tasks_behind(connection, using.tenant, _lists(account, agent, today)[which], behind)
    page = rows[:PAGE_ROWS]
    further = cursor_of(page[-1].due_on, f"{page[-1].case}.{page[-1].stage}") if len(rows) > PAGE_ROWS else ""
    return TaskPage(tuple(page), 0, 0, 0, {}, today, further)


def recount_reviews(database: Engine) -> None:
    """Count the totals of all reviews again."""
    with transaction(database) as connection:
        REVIEW_TOTALS.recount(connection)


def _lists(account: str, agent: str, today: str) -> dict[str, Wanted]:
    return {
        "open": Wanted(_UNDONE, agent=agent),
        "mine": Wanted((TaskState.TAKEN,), reviewer=account, agent=agent),
        "late": Wanted(_UNDONE, agent=agent, due_before=today),
        "redo": Wanted(agent=agent, is_redo=True),
        "done": Wanted((TaskState.DONE,), agent=agent),
        "all": Wanted(agent=agent),
    }


def find_rolls(using: ReviewPorts) -> list[dict[str, Any]]:
    """Every roll and what was drawn of it, the newest first."""
    with transaction(using.sessions.database, writes=False) as connection:
        return [
            {name: value for name, value in row.items() if name != "tenant"}
            for row in _records.rolls_of(connection, using.tenant)
        ]
