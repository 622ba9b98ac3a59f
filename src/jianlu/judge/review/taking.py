"""Taking a review and giving it back: one person a task, under the rules of `assignment.py`.

The row decides who was first, in one transaction over all tasks of the case; the event follows, and a row without its event is made good
when its holder asks again.
"""

from __future__ import annotations

from jianlu.core.errors import ConflictError, JianluError, NotFoundError
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.govern.identity.model import Staff
from jianlu.govern.identity.same_device import accounts_beside
from jianlu.judge.review import _records
from jianlu.judge.review.assignment import Claimant, check_free, check_held, check_separation, claimant_of
from jianlu.judge.review.drawing import now_text
from jianlu.judge.review.model import TaskRow, TaskState
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog


def find_tasks(case: str, *, using: ReviewPorts) -> list[TaskRow]:
    """Every review of the case; NotFoundError when nobody is to review it."""
    with transaction(using.sessions.database, writes=False) as connection:
        found = _records.tasks_of(connection, using.tenant, case_ref(case))
    if not found:
        raise NotFoundError("this case is not under review: see the list of reviews")
    return found


def take_task(case: str, stage: str, *, using: ReviewPorts, by: Staff) -> TaskRow:
    """The review, theirs from now on; theirs already is fine.

    DeniedError for whoever had part in the case or does its other review, ConflictError when somebody else has it or it is done.
    """
    account = by.account.id
    _same_tenant(by, using)
    record = using.read(case)
    if record.is_shredded:
        raise ConflictError("this case was destroyed: nothing of it can be reviewed")
    who = claimant(record, account, using)
    with using.writing(using.case_chain(case)) as log:
        with transaction(using.sessions.database) as connection:
            tasks = _records.tasks_of(connection, using.tenant, case, lock=True)
            task = chosen(tasks, stage)
            check_separation(task, tasks, who)
            check_free(task, account)
            is_new = task.state == TaskState.OPEN
            if is_new and not _records.claim_task(connection, using.tenant, case, stage, account, now_text(using)):
                raise ConflictError("another reviewer was quicker: take another one")
        if is_new or not _is_told(log, stage, account):
            try:
                _tell(log, task, account)
            except JianluError:
                _give_back(case, stage, using)
                raise
    return chosen(find_tasks(case, using=using), stage)


def claimant(record: CaseLog, account: str, using: ReviewPorts) -> Claimant:
    """Who wants to review the case of `record`, with what is known of their device."""
    return claimant_of(record, account, accounts_beside(using.sessions.database, using.tenant, account))


def leave_task(case: str, stage: str, *, using: ReviewPorts, by: Staff) -> TaskRow:
    """Give the review back undone, for others to take; errors as `check_held`."""
    account = by.account.id
    _same_tenant(by, using)
    with using.writing(using.case_chain(case)) as log:
        task = chosen(find_tasks(case, using=using), stage)
        check_held(task, account)
        body = {"of": case, "stage": stage}
        log.append(EventType.REVIEW_TASK_LEFT, body, commits={"by": digest_of(account.encode())})
        _give_back(case, stage, using)
    return chosen(find_tasks(case, using=using), stage)


def chosen(tasks: list[TaskRow], stage: str) -> TaskRow:
    """The task of that stage; NotFoundError when the case has none."""
    found = next((task for task in tasks if task.stage == stage), None)
    if found is None:
        raise NotFoundError("this case has no such review: see the list of reviews")
    return found


def _tell(log: CaseLog, task: TaskRow, account: str) -> None:
    body = {"of": task.case, "stage": task.stage, "due": task.due_on}
    log.append(EventType.REVIEW_TASK_TAKEN, body, commits={"by": digest_of(account.encode())})


def _is_told(log: CaseLog, stage: str, account: str) -> bool:
    """Whether the newest event about who has the review says that it is this account."""
    kinds = (EventType.REVIEW_TASK_TAKEN, EventType.REVIEW_TASK_LEFT)
    told = [event for event in log.events if event.type in kinds and event.body["stage"] == stage]
    if not told or told[-1].type is EventType.REVIEW_TASK_LEFT:
        return False
    return opens(told[-1].body["by"], digest_of(account.encode()), log.salt(f"{told[-1].n}/by"))


def _give_back(case: str, stage: str, using: ReviewPorts) -> None:
    with transaction(using.sessions.database) as connection:
        free = {"state": TaskState.OPEN.value, "reviewer": "", "taken_at": None}
        _records.change_task(connection, using.tenant, case, stage, **free)


def _same_tenant(by: Staff, using: ReviewPorts) -> None:
    if by.tenant != using.tenant:
        raise NotFoundError("this case is not under review: see the list of reviews")
