"""What reviews answer: work list, workbench, draws, statistics.

The documents are made in `review_documents.py`; the record for a regulator describes itself.
"""

from __future__ import annotations

from typing import Any, Literal

from jianlu.deliver.api.answer_checks import Answer, Words

Verdict = Literal["met", "not_met", "not_evidenced"]


class ReviewTask(Answer):
    """A review to be done, or done: what it came to is told once that can no longer steer a second look."""

    case: str
    stage: Literal["first", "second"]
    plan: str
    draw: int
    cause: Literal["drawn", "group", "twice", "overturned", "appealed"]
    group: Words | None
    due_on: str
    urgency: Literal["late", "soon", "due", "done"]
    state: Literal["open", "taken", "done"]
    reviewer: str
    reviewer_name: str
    outcome: Literal["", "confirmed", "overturned"]
    asks_redo: bool
    taken_at: str | None
    decided_at: str | None
    appealed_at: str | None


class ReviewEntry(ReviewTask):
    """A review with what lists show of its case; the customer's name is masked."""

    number: str
    title: str
    template: str
    customer: str
    agent: str


class ReviewList(Answer):
    """One page of reviews, the most urgent first, and how long each list is; `sees_all` is false for who sees those of their own cases.

    By cursor nothing is counted, and `next` is empty on the last page.
    """

    reviews: list[ReviewEntry]
    total: int
    page: int
    pages: int
    counts: dict[str, int]
    today: str
    sees_all: bool
    next: str


class JudgedClause(Answer):
    """A clause, the machine's verdict on it, and where to look first."""

    clause: str
    citation: str
    title: Words
    machine: Verdict
    at_ms: int | None


class ScriptStep(Answer):
    """A step of the sealed script that applied, with what was to be said."""

    id: str
    no: int
    title: dict[str, str]
    say: list[dict[str, str]]


class ClauseDecision(Answer):
    """A person's verdict beside the machine's."""

    clause: str
    machine: Verdict
    verdict: Verdict
    reason: str
    from_ms: int | None
    to_ms: int | None


class ReviewDecision(Answer):
    """What one person said of a case; `judged` is the digest of the event of the machine's verdicts."""

    case: str
    stage: str
    cause: str
    plan: str
    reviewer: str
    reviewer_name: str
    at: str
    judged: str
    redo: str
    clauses: list[ClauseDecision]


class ReviewAppeal(Answer):
    """The agent's appeal."""

    case: str
    by: str
    by_name: str
    at: str
    clauses: list[str]
    reason: str


class LinkedCase(Answer):
    """A case that stands for another; its number is empty where it came as a file."""

    case: str
    number: str
    state: str


class CaseLinks(Answer):
    """The case whose place this one takes, and the one that takes its place."""

    before: LinkedCase | None
    after: LinkedCase | None


class Redo(Answer):
    """A talk that is to be done again; `proposed` is a number for the new case, empty for who may not see the old one's."""

    case: str
    number: str
    title: str
    agent: str
    state: Literal["asked", "assigned", "done", "lifted"]
    asked_at: str
    due_on: str
    is_late: bool
    successor: LinkedCase | None
    completed_at: str | None
    proposed: str


class RedoList(Answer):
    """The talks that are still to be done again; `sees_all` is false for who sees those of their own cases."""

    redos: list[Redo]
    today: str
    sees_all: bool


class ReviewActs(Answer):
    """What the caller may do now: stages to take, stages to decide, appealing, arranging the talk anew where one is asked for."""

    take: list[str]
    decide: list[str]
    appeal: bool
    redo: bool


class ReviewBench(Answer):
    """Everything that the workbench shows beside the playback."""

    case: str
    number: str
    title: str
    template: str
    customer: str
    agent: str
    tasks: list[ReviewTask]
    clauses: list[JudgedClause]
    script: list[ScriptStep]
    decisions: list[ReviewDecision]
    appeal: ReviewAppeal | None
    redo: Redo | None
    links: CaseLinks | None
    may: ReviewActs
    appeal_days: int
    today: str


class PlanGroup(Answer):
    """A group of which every case is reviewed."""

    group: str
    title: Words
    mark: str
    note: Words


class PlanOfReviews(Answer):
    """A plan of reviews, as a pack demands it."""

    plan: str
    title: Words
    citation: str
    clause: str
    mark: str
    confidence: str
    share_permille: int
    second_permille: int
    appeal_days: int
    redo_days: int
    groups: list[PlanGroup]


class Draw(Answer):
    """A roll and what was drawn of it; `tree_size` and `root` are the ledger's tree that gave the seed."""

    plan: str
    no: int
    first: int
    end: int
    cases: int
    eligible: int
    grouped: int
    drawn: int
    tree_size: int
    root: str
    frozen_at: str


class DrawList(Answer):
    """Plans and draws."""

    plans: list[PlanOfReviews]
    draws: list[Draw]


class DrawChecked(Answer):
    """A draw that was made again and came out the same."""

    plan: str
    no: int
    is_repeated: Literal[True]
    roll: str
    origin: str
    size: int
    root: str
    grouped: list[str]
    drawn: list[str]
    twice: list[str]


class Interval(Answer):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class Agreement(Answer):
    """Counts (rows: the first judge), the share that agrees, and Cohen's kappa; null where it is undefined."""

    n: int
    table: list[list[int]]
    share: Interval | None
    kappa: Interval | None


class ClauseAgreement(Agreement):
    """Machine against people on one clause."""

    clause: str
    title: Words
    citation: str


class Coverage(Answer):
    """What became of one draw; `permille` of those that counted were reviewed in time."""

    plan: str
    no: int
    on: str
    cases: int
    eligible: int
    wanted: int
    in_time: int
    late: int
    waiting: int
    permille: int | None
    wanted_permille: int


class ReviewerCounts(Answer):
    """What one reviewer did of first looks."""

    account: str
    name: str
    reviews: int
    clauses: int
    overturned: int


class ReviewStatistics(Answer):
    """Shares reached and agreement; "not evidenced" is a category of its own. Of `ended` cases, destroyed since, numbers alone are left."""

    categories: list[str]
    coverage: list[Coverage]
    states: dict[str, int]
    machine: Agreement
    clauses: list[ClauseAgreement]
    people: Agreement
    reviewers: list[ReviewerCounts]
    second_looks: int
    first_stood: int
    ended: int


_REVIEW = "/api/v1/cases/{case}/review"
REVIEW_ANSWERS: dict[str, Any] = {
    "GET /api/v1/reviews": ReviewList,
    "GET /api/v1/reviews/statistics": ReviewStatistics,
    "GET /api/v1/reviews/draws": DrawList,
    "POST /api/v1/reviews/draws": DrawList,
    "GET /api/v1/reviews/draws/{plan}/{no}": DrawChecked,
    f"GET {_REVIEW}": ReviewBench,
    f"POST {_REVIEW}/{{stage}}/take": ReviewBench,
    f"POST {_REVIEW}/{{stage}}/leave": ReviewBench,
    f"POST {_REVIEW}/{{stage}}/decision": ReviewBench,
    f"POST {_REVIEW}/appeal": ReviewBench,
    f"POST {_REVIEW}/redo": Redo,
    "GET /api/v1/reviews/redos": RedoList,
}
"""By operation."""
