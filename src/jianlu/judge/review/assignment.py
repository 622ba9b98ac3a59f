"""Who may review what: separation of duties. Nobody reviews a case that they led, made, supervised or reviewed before, nor does an
account that was used on the same device as one that did.

Roles are policies' business (`policies/`); these are facts of the case, partly known from its row, partly only from what its events
commit to, so they hold when the row was edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import ConflictError, DeniedError
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.judge.review.model import TaskRow, TaskState
from jianlu.vault.case_log import CaseLog

_PEOPLE: dict[EventType, tuple[str, ...]] = {
    EventType.SEAT_ASSIGNED: ("from", "to"),
    EventType.SEAT_TAKEN: ("who",),
    EventType.CHECK_WAIVED: ("who",),
    EventType.MESSAGE_RECORDED: ("who",),
}
"""Fields of events that commit to an account which led or supervised."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who wants to review: their account, others used on the same device, and whether they or those had part in the talk."""

    account: str
    beside: frozenset[str] = frozenset()
    has_part: bool = False
    shares_part: bool = False


def claimant_of(log: CaseLog, account: str, beside: frozenset[str]) -> Claimant:
    """The claimant, by what the case's own events commit to."""
    return Claimant(account, beside, took_part(log, account), any(took_part(log, each) for each in sorted(beside)))


def took_part(log: CaseLog, account: str) -> bool:
    """Whether the account led the session at any time, supervised it or wrote into it, by what the case's own events commit to."""
    digest = digest_of(account.encode())
    return any(
        opens(event.body[name], digest, log.salt(f"{event.n}/{name}"))
        for event in log.events
        for name in _PEOPLE.get(event.type, ())
        if name in event.body
    )


def check_separation(task: TaskRow, tasks: Sequence[TaskRow], who: Claimant) -> None:
    """DeniedError, saying why, when `who` may not review `task`; `tasks` are all of the case."""
    people = {*task.barred, task.agent} - {""}
    others = {other.reviewer for other in tasks if other.stage != task.stage} - {""}
    if who.has_part or who.account in people - others:
        raise DeniedError("nobody reviews a case that they led, made or supervised: leave it to another reviewer")
    if who.account in others:
        raise DeniedError("the second look is another person's: leave it to another reviewer")
    if who.shares_part or who.beside & (people | others):
        raise DeniedError(
            "an account that had part in this case was used on your device: leave it to a reviewer who works on another one"
        )


def check_free(task: TaskRow, account: str) -> None:
    """ConflictError unless the task is open, or taken by `account`."""
    if task.state == TaskState.DONE:
        raise ConflictError("this review is done: look at what was decided")
    if task.state == TaskState.TAKEN and task.reviewer != account:
        raise ConflictError("another reviewer has this case: take another one")


def check_held(task: TaskRow, account: str) -> None:
    """DeniedError unless `account` holds the task; ConflictError when it is done."""
    check_free(task, account)
    if task.reviewer != account:
        raise DeniedError("take the review before you decide it")
