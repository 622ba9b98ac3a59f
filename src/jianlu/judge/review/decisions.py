"""What a reviewer says, held to form: every clause once, a reason wherever the machine is overturned, times within the recording. Pure.

The machine's verdicts are taken from the sealed document, never from whoever reviews.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.core.terms.verdicts import ClauseVerdict, Verdict
from jianlu.judge.review.model import Cause, ClauseReview, Outcome, TaskRow, TaskState

REASON_MIN, REASON_MAX = 4, 2_000
"""Characters of a reason: four Chinese characters can say why, and nobody reads a page."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a reviewer submits of one clause; `from_ms` and `to_ms` are None where the recording shows nothing of it."""

    clause: str
    verdict: Verdict
    reason: str = ""
    from_ms: int | None = None
    to_ms: int | None = None


def checked_reviews(said: Sequence[Said], machine: Sequence[ClauseVerdict], duration_ms: int) -> tuple[ClauseReview, ...]:
    """The review of each clause in the machine's order; InvalidError names the clause that is missing, doubled or not said well."""
    due = {f"{each.pack}:{each.clause}": each.verdict for each in machine}
    by_clause: dict[str, Said] = {}
    for each in said:
        if each.clause not in due or each.clause in by_clause:
            raise InvalidError(f"{each.clause} is not a clause of this case, or is answered twice: send each of its clauses once")
        by_clause[each.clause] = each
    if lost := [clause for clause in due if clause not in by_clause]:
        raise InvalidError(f"every clause needs an answer; missing: {', '.join(lost[:5])}")
    return tuple(_checked(by_clause[clause], verdict, duration_ms) for clause, verdict in due.items())


def checked_reason(reason: str, what: str) -> str:
    """`reason` without blanks around it; InvalidError when it is too short to say anything, or too long."""
    stripped = reason.strip()
    if not REASON_MIN <= len(stripped) <= REASON_MAX or "\x00" in stripped:
        raise InvalidError(f"{what} needs a reason of {REASON_MIN} to {REASON_MAX} characters")
    return stripped


def second_cause(outcome: Outcome, tasks: Sequence[TaskRow]) -> Cause | None:
    """Why a second person must look after the first one decided so; None when nobody must, or somebody does already."""
    has_second = len(tasks) > 1
    return Cause.OVERTURNED if outcome is Outcome.OVERTURNED and not has_second else None


def shown_stages(tasks: Sequence[TaskRow], account: str, *, may_decide: bool) -> frozenset[str]:
    """The stages whose decision `account` may read: their own always; others' only when all are done, unless they could not review here.

    A second reviewer who knew the first one's answer would not be a second one.
    """
    done = {task.stage for task in tasks if task.state == TaskState.DONE}
    is_over = len(done) == len(tasks)
    is_barred = any(account in (*task.barred, task.agent) for task in tasks)
    if is_over or is_barred or not may_decide:
        return frozenset(done)
    return frozenset(task.stage for task in tasks if task.stage in done and task.reviewer == account)


def counts_of(reviews: Sequence[ClauseReview]) -> Mapping[str, int]:
    """How many clauses were confirmed and overturned."""
    overturned = sum(each.is_overturned for each in reviews)
    return {"confirmed": len(reviews) - overturned, "overturned": overturned}


def _checked(said: Said, machine: Verdict, duration_ms: int) -> ClauseReview:
    reason = said.reason.strip()
    if said.verdict is not machine or reason:
        reason = checked_reason(reason, f"{said.clause}: an overturned verdict" if said.verdict is not machine else said.clause)
    times = (said.from_ms, said.to_ms)
    if (said.from_ms is None) != (said.to_ms is None):
        raise InvalidError(f"{said.clause}: give both ends of the stretch, or none")
    if said.from_ms is not None and said.to_ms is not None and not 0 <= said.from_ms <= said.to_ms <= duration_ms:
        raise InvalidError(f"{said.clause}: the stretch must lie within the recording of {duration_ms} ms")
    if said.verdict is not machine and said.verdict is not Verdict.NOT_EVIDENCED and said.from_ms is None:
        raise InvalidError(f"{said.clause}: say where the recording shows it; only `not_evidenced` needs no time")
    return ClauseReview(said.clause, machine, said.verdict, reason, *times)
