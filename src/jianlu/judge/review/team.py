"""What the reviews of a team amount to, agent by agent: first looks that were asked for, done and late, and what they came to.

For those who lead the people whose talks are reviewed. Who reviewed, and what was said of a clause, is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy import case as when_then

from jianlu.judge.review._tables import review_tasks
from jianlu.judge.review.days import day_at
from jianlu.judge.review.model import Outcome, Stage, TaskState
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.database import transaction


@dataclass(frozen=True, slots=True)
class AgentReviews:
    """First looks at one agent's talks: `drawn` are all of them, `late` are those not done on their last day."""

    agent: str
    drawn: int
    done: int
    late: int
    overturned: int
    redo: int
    appealed: int


def team_reviews(using: ReviewPorts, *, is_of_team: Callable[[str], bool]) -> list[AgentReviews]:
    """Of every agent for whom `is_of_team` says so, those with the most talks to be done again first."""
    c = review_tasks.c
    is_done = c.state == TaskState.DONE
    today = day_at(using.sessions.clock.now())
    counts: list[ColumnElement[int]] = [
        func.count(),
        _sum(is_done),
        _sum(and_(c.state != TaskState.DONE, c.due_on < today)),
        _sum(and_(is_done, c.outcome == Outcome.OVERTURNED)),
        _sum(c.asks_redo),
        _sum(c.appealed_at.is_not(None)),
    ]
    firsts = select(c.agent, *counts).where(c.tenant == using.tenant, c.stage == Stage.FIRST, c.agent != "").group_by(c.agent)
    with transaction(using.sessions.database, writes=False) as connection:
        found = [AgentReviews(agent, *map(int, numbers)) for agent, *numbers in connection.execute(firsts)]
    return sorted((each for each in found if is_of_team(each.agent)), key=lambda each: (-each.redo, -each.late, each.agent))


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(when_then((condition, 1), else_=0)), 0)
