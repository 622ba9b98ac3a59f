"""Deciding a review, and appealing against one: sealed and in the ledger first, then in the rows.

The machine's verdict is never touched: what people say is a further event in the chain of the case's reviews, and says which verdicts
it is about. A crash between event and row is made good by the same call again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.event import Event
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Staff
from jianlu.judge.judge_case import VERDICTS_OBJECT
from jianlu.judge.review import _records
from jianlu.judge.review.assignment import check_held, check_separation
from jianlu.judge.review.days import day_of, days_after
from jianlu.judge.review.decisions import Said, checked_reason, checked_reviews, counts_of, second_cause
from jianlu.judge.review.documents import appeal_bytes, parse_appeal, parse_review, review_bytes
from jianlu.judge.review.drawing import now_text, second_look
from jianlu.judge.review.model import Appeal, Cause, Review, Stage, TaskRow, TaskState
from jianlu.judge.review.plans import plans_in
from jianlu.judge.review.ports import ReviewPorts
from jianlu.judge.review.redoing import settle_redo
from jianlu.judge.review.taking import chosen, claimant, find_tasks
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog

APPEAL_OBJECT = "appeal"
APPEAL_DAYS_UNSTATED = 7
"""Where the pack that drew the case is no longer installed."""


def decide_task(case: str, stage: str, said: Sequence[Said], redo: str, *, using: ReviewPorts, by: Staff) -> Review:
    """What `by` says of every clause, sealed and in the ledger; `redo` says why the talk should be done again, or is empty.

    InvalidError as `checked_reviews`; DeniedError for whoever does not hold the review or had part in the case; ConflictError when it
    is done.
    """
    account = by.account.id
    record = using.read(case)
    who = claimant(record, account, using)
    with using.writing(using.case_chain(case)) as log:
        tasks = find_tasks(case, using=using)
        task = chosen(tasks, stage)
        if kept := _decided(log, stage):
            return _kept_again(kept, task, tasks, account, using)
        check_held(task, account)
        check_separation(task, tasks, who)
        judged, duration_ms = _judged(record)
        review = Review(
            case=case,
            stage=Stage(stage),
            cause=Cause(task.cause),
            plan=task.plan,
            reviewer=account,
            at=now_text(using),
            judged=judged.digest,
            redo=checked_reason(redo, "asking for the talk to be done again") if redo.strip() else "",
            clauses=checked_reviews(said, parse_verdicts(record.open_object(VERDICTS_OBJECT)), duration_ms),
        )
        body = {
            "of": case,
            "stage": stage,
            "judged": judged.digest,
            "redo": int(bool(review.redo)),
            **counts_of(review.clauses),
        }
        commits = {"by": digest_of(account.encode())}
        log.seal_and_append(EventType.REVIEW_DECISION_RECORDED, f"review-{stage}", review_bytes(review), body, commits=commits)
        _enter(review, task, tasks, using)
    return review


def appeal(case: str, clauses: Sequence[str], reason: str, *, using: ReviewPorts, by: Staff) -> Appeal:
    """The agent's appeal against the first review, once and within the plan's days: a second person looks.

    DeniedError for whoever did not lead the session; ConflictError too late, twice, before the first decision or after the second.
    """
    account = by.account.id
    with using.writing(using.case_chain(case)) as log:
        tasks = find_tasks(case, using=using)
        first = chosen(tasks, Stage.FIRST)
        if account != first.agent:
            raise DeniedError("whoever led the session appeals: ask them")
        done = next((event for event in log.events if event.type is EventType.REVIEW_APPEAL_RECORDED), None)
        if done is not None:
            kept = parse_appeal(log.open_object(APPEAL_OBJECT))
            _enter_appeal(kept, first, tasks, using)
            if kept.by != account or kept.clauses != tuple(clauses) or kept.reason != reason.strip():
                raise ConflictError("an appeal was made already: it stands as it is")
            return kept
        _check_appeal(first, tasks, using)
        known = {each.clause for each in read_review(case, Stage.FIRST, using=using).clauses}
        if not clauses or len(set(clauses)) != len(clauses) or not known.issuperset(clauses):
            raise InvalidError("an appeal names clauses of the review, each once: see what was decided")
        made = Appeal(case, account, now_text(using), tuple(clauses), checked_reason(reason, "an appeal"))
        commits = {"by": digest_of(account.encode())}
        log.seal_and_append(EventType.REVIEW_APPEAL_RECORDED, APPEAL_OBJECT, appeal_bytes(made), {"of": case}, commits=commits)
        _enter_appeal(made, first, tasks, using)
    return made


def read_review(case: str, stage: str, *, using: ReviewPorts) -> Review:
    """What was decided, from the sealed document; NotFoundError while nothing is."""
    found = _decided(using.read(using.case_chain(case)), stage)
    if found is None:
        raise NotFoundError("this review is not decided yet")
    return found


def read_appeal(case: str, *, using: ReviewPorts) -> Appeal | None:
    """The agent's appeal, None where there is none."""
    log = using.read(using.case_chain(case))
    has_one = any(event.type is EventType.REVIEW_APPEAL_RECORDED for event in log.events)
    return parse_appeal(log.open_object(APPEAL_OBJECT)) if has_one else None


def _decided(log: CaseLog, stage: str) -> Review | None:
    is_done = any(e.type is EventType.REVIEW_DECISION_RECORDED and e.body["stage"] == stage for e in log.events)
    return parse_review(log.open_object(f"review-{stage}")) if is_done else None


def _kept_again(kept: Review, task: TaskRow, tasks: list[TaskRow], account: str, using: ReviewPorts) -> Review:
    """The decision that is in the ledger already: its rows are made good; for anybody but who made it, and once it is known, a conflict."""
    if task.state == TaskState.DONE or kept.reviewer != account:
        raise ConflictError("this review is done: look at what was decided")
    _enter(kept, task, tasks, using)
    return kept


def _enter(review: Review, task: TaskRow, tasks: Sequence[TaskRow], using: ReviewPorts) -> None:
    cause = second_cause(review.outcome, tasks) if review.stage is Stage.FIRST else None
    with transaction(using.sessions.database) as connection:
        changes = {
            "state": TaskState.DONE.value,
            "reviewer": review.reviewer,
            "outcome": review.outcome.value,
            "asks_redo": bool(review.redo),
            "decided_at": review.at,
        }
        _records.change_task(connection, using.tenant, review.case, review.stage, **changes)
        _records.add_verdicts(connection, using.tenant, review)
        settle_redo(connection, review, chosen(list(tasks), Stage.FIRST), using)
        if cause is not None:
            second = second_look(replace(task, reviewer=review.reviewer), cause, review.at)
            _records.add_tasks(connection, using.tenant, [second])


def _enter_appeal(made: Appeal, first: TaskRow, tasks: Sequence[TaskRow], using: ReviewPorts) -> None:
    with transaction(using.sessions.database) as connection:
        _records.change_task(connection, using.tenant, made.case, Stage.FIRST, appealed_at=made.at)
        if len(tasks) == 1:
            _records.add_tasks(connection, using.tenant, [second_look(first, Cause.APPEALED, made.at)])


def _check_appeal(first: TaskRow, tasks: Sequence[TaskRow], using: ReviewPorts) -> None:
    if first.decided_at is None:
        raise ConflictError("there is nothing to appeal against yet: the first review is not done")
    if any(task.stage == Stage.SECOND and task.state == TaskState.DONE for task in tasks):
        raise ConflictError("a second person has looked already: their answer stands")
    if day_of(now_text(using)) > days_after(day_of(first.decided_at), appeal_days(first.plan, using)):
        raise ConflictError("the days for an appeal are over: see the plan of reviews")


def appeal_days(plan: str, using: ReviewPorts) -> int:
    """Within how many days an agent may appeal under the plan."""
    found = next((each for each in plans_in(using.sessions.rules.packs) if each.key == plan), None)
    return found.amount(found.rule.appeal_days, day_of(now_text(using))) if found else APPEAL_DAYS_UNSTATED


def _judged(record: CaseLog) -> tuple[Event, int]:
    """The event of the machine's verdicts, and how long the recording is."""
    judged = next((event for event in record.events if event.type is EventType.VERDICTS_JUDGED), None)
    ended = next((event for event in record.events if event.type is EventType.RECORDING_ENDED), None)
    if judged is None or ended is None:
        raise ConflictError("the machine has not judged this case yet: wait for it")
    return judged, ended.body["duration_ms"]
