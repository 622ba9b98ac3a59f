"""Days that pass undone: each is alarmed once, in the chain of the case's reviews and to whoever watches the service.

Who is late, and how near the others are, lists show by themselves (`TaskRow.is_late`).
"""

from __future__ import annotations

from jianlu.core.terms.events import EventType
from jianlu.judge.review import _records
from jianlu.judge.review.days import day_at, days_after
from jianlu.judge.review.drawing import now_text
from jianlu.judge.review.model import TaskRow, TaskState
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.database import transaction

SOON_DAYS = 3
"""A review whose last day is this near is shown as urgent: a reviewer who is ill can still be stood in for."""


def alarm_overdue(using: ReviewPorts) -> list[TaskRow]:
    """The reviews whose last day passed undone since the last call, now on the record. UnavailableError when the ledger fails."""
    today = day_at(using.sessions.clock.now())
    with transaction(using.sessions.database, writes=False) as connection:
        late = _records.overdue_tasks(connection, using.tenant, today)
    for task in late:
        with using.writing(using.case_chain(task.case)) as log:
            told = (e for e in log.events if e.type is EventType.REVIEW_DEADLINE_ALARMED and e.body["stage"] == task.stage)
            if next(told, None) is None:
                log.append(EventType.REVIEW_DEADLINE_ALARMED, {"of": task.case, "stage": task.stage, "due": task.due_on})
        with transaction(using.sessions.database) as connection:
            _records.change_task(connection, using.tenant, task.case, task.stage, alarmed_at=now_text(using))
    return late


def urgency(task: TaskRow, today: str) -> str:
    """`late`, `soon`, `due`, or `done` in time: how a list shows the task's last day."""
    if task.is_late(today):
        return "late"
    if task.state == TaskState.DONE:
        return "done"
    return "soon" if task.due_on <= days_after(today, SOON_DAYS) else "due"
