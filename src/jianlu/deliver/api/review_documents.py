"""What reviews look like to pages and clients: the JSON of `review.py`'s answers, in the words of the packs and the report.

Nothing is decided here but what a person is offered; names of accounts are looked up, customers' stay masked as lists have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from jianlu.capture.cases.find_cases import row_of, rows_of
from jianlu.core.errors import DeniedError, JianluError, NotFoundError
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.masking import shown_numbers
from jianlu.deliver.api.paging import behind
from jianlu.deliver.api.review_redos import linked_cases, redo_of
from jianlu.deliver.reports.course import sealed_script
from jianlu.govern.access.model import Attribute, Resource, tenant_wide
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff
from jianlu.govern.policy.model import ReviewGroup
from jianlu.govern.script_texts import facts_in, filled, sentences_that_apply, steps_that_apply
from jianlu.judge.review.agreement import CATEGORIES, Agreement, Interval
from jianlu.judge.review.assignment import Claimant, check_separation
from jianlu.judge.review.days import day_at
from jianlu.judge.review.deadlines import urgency
from jianlu.judge.review.deciding import appeal_days, read_appeal, read_review
from jianlu.judge.review.decisions import shown_stages
from jianlu.judge.review.documents import appeal_fields, review_fields
from jianlu.judge.review.model import Stage, TaskRow, TaskState
from jianlu.judge.review.plans import ReviewPlan, plans_in
from jianlu.judge.review.statistics import statistics
from jianlu.judge.review.taking import claimant, find_tasks
from jianlu.judge.review.work_list import find_reviews, find_rolls, reviews_after
from jianlu.vault.case_log import CaseLog

_Groups = Mapping[tuple[str, str], ReviewGroup]

_UNKNOWN = {"number": "", "title": "", "template": "", "customer": "", "agent": ""}
"""Of a case that came as a file: the work list of live cases knows nothing of it."""


def reviews_document(deps: Deps, staff: Staff, which: str, page: int, cursor: str = "") -> dict[str, Any]:
    """The answer of `/reviews`: all for those who review or watch over it, for anybody else those of their own cases."""
    sees_all = deps.access.decide(staff, "review.list", tenant_wide(deps.tenant)).is_allowed
    deps.access.require(staff, "review.list" if sees_all else "case.list", tenant_wide(deps.tenant))
    account = staff.account.id
    agent = "" if sees_all else account
    if cursor:
        found = reviews_after(which, behind(cursor), using=deps.reviews, account=account, agent=agent)
    else:
        found = find_reviews(which, using=deps.reviews, account=account, agent=agent, page=page)
    names = shown_names(deps.identity, deps.tenant, {task.reviewer for task in found.tasks})
    groups, cases = _groups(deps), _cases(deps, staff, [task.case for task in found.tasks])
    rows = [{**_task(groups, task, found.today, names), **cases[task.case]} for task in found.tasks]
    return {
        "reviews": rows,
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "counts": dict(found.counts),
        "today": found.today,
        "sees_all": sees_all,
        "next": found.next,
    }


def review_document(deps: Deps, staff: Staff, case: str) -> dict[str, Any]:
    """The answer of `/cases/{case}/review`."""
    tasks = find_tasks(case, using=deps.reviews)
    log = deps.reader.log(case)
    plan = parse_plan(log.open_object("plan"))
    may_decide = deps.access.decide(staff, "review.decide", review_resource(deps, tasks)).is_allowed
    shown = shown_stages(tasks, staff.account.id, may_decide=may_decide)
    appeal = read_appeal(case, using=deps.reviews)
    said = {stage: review_fields(read_review(case, stage, using=deps.reviews)) for stage in sorted(shown)}
    names = shown_names(deps.identity, deps.tenant, {*(task.reviewer for task in tasks), *([appeal.by] if appeal else [])})
    today, groups = day_at(deps.clock.now()), _groups(deps)
    return {
        "case": case,
        **_cases(deps, staff, [case])[case],
        "tasks": [_task(groups, task, today, names, is_told=task.stage in shown) for task in tasks],
        "clauses": _clauses(log, plan),
        "script": _script(log, plan),
        "decisions": [{**each, "reviewer_name": names.get(each["reviewer"], "")} for each in said.values()],
        "appeal": {**appeal_fields(appeal), "by_name": names.get(appeal.by, "")}
        if appeal and (shown or not may_decide)
        else None,
        "redo": redo_of(deps, staff, case) if shown else None,
        "links": linked_cases(deps, staff, [case]).get(case),
        "may": {
            **_may(deps, staff, tasks, log, may_decide),
            "redo": deps.access.decide(staff, "review.redo", review_resource(deps, tasks)).is_allowed,
        },
        "appeal_days": appeal_days(tasks[0].plan, deps.reviews),
        "today": today,
    }


def draws_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/reviews/draws`."""
    on = day_at(deps.clock.now())
    return {"plans": [_plan(plan, on) for plan in plans_in(deps.sessions.rules.packs)], "draws": find_rolls(deps.reviews)}


def statistics_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/reviews/statistics`."""
    found = statistics(deps.reviews)
    names = shown_names(deps.identity, deps.tenant, {each.account for each in found.reviewers})
    titles = _titles(deps)
    on = day_at(deps.clock.now())
    shares = {plan.key: plan.amount(plan.rule.share_permille, on) for plan in plans_in(deps.sessions.rules.packs)}
    return {
        "categories": [each.value for each in CATEGORIES],
        "coverage": [
            {**asdict(each), "permille": each.permille, "wanted_permille": shares.get(each.plan, 0)} for each in found.coverage
        ],
        "states": dict(found.states),
        "machine": _agreement(found.machine),
        "clauses": [
            {"clause": key, **titles.get(key, _no_title(key)), **_agreement(each)} for key, each in found.clauses.items()
        ],
        "people": _agreement(found.people),
        "reviewers": [{**asdict(each), "name": names.get(each.account, "")} for each in found.reviewers],
        "second_looks": found.second_looks,
        "ended": found.ended,
        "first_stood": found.first_stood,
    }


def review_resource(deps: Deps, tasks: Sequence[TaskRow]) -> Resource:
    """A case's review as policies see it: whose case it is, and who reviews it."""
    task = tasks[0]
    try:
        row = row_of(task.case, using=deps.sessions)
        people: dict[str, Attribute] = {"owner": row.agent, "maker": row.created_by, "level": row.level, "branch": row.branch}
    except NotFoundError:
        people = {"owner": task.agent, "maker": ""}
    return Resource("review", task.case, deps.tenant, {**people, "state": task.state})


def _task(groups: _Groups, task: TaskRow, today: str, names: Mapping[str, str], *, is_told: bool = True) -> dict[str, Any]:
    """A task as lists show it; what it came to only where that `is_told`: a second look must not know it."""
    group = groups.get((task.plan, task.stratum))
    return {
        "case": task.case,
        "stage": task.stage,
        "plan": task.plan,
        "draw": task.roll,
        "cause": task.cause,
        "group": dict(group.title) if group else None,
        "due_on": task.due_on,
        "urgency": urgency(task, today),
        "state": task.state,
        "reviewer": task.reviewer,
        "reviewer_name": names.get(task.reviewer, ""),
        "outcome": task.outcome if is_told else "",
        "asks_redo": task.asks_redo and is_told,
        "taken_at": task.taken_at,
        "decided_at": task.decided_at,
        "appealed_at": task.appealed_at,
    }


def _cases(deps: Deps, staff: Staff, cases: Sequence[str]) -> dict[str, dict[str, str]]:
    """What a list says of each of these cases."""
    rows = rows_of(cases, using=deps.sessions)
    shown = {
        row.case: {
            "number": number,
            "title": row.title,
            "customer": row.customer,
            "template": row.scene,
            "agent": row.agent_display,
        }
        for row, number in zip(rows, shown_numbers(deps, staff, rows), strict=True)
    }
    return {case: shown.get(case) or dict(_UNKNOWN) for case in cases}


def _clauses(log: CaseLog, plan: Plan) -> list[dict[str, Any]]:
    found = []
    for each in parse_verdicts(log.open_object("verdicts")):
        stated = plan.clause_of(f"{each.pack}:{each.clause}")
        shown = [one.from_ms for one in each.evidence] + [one.from_ms for one in each.reasons if one.to_ms]
        found.append(
            {
                "clause": stated.key,
                "citation": stated.citation,
                "title": dict(stated.title),
                "machine": each.verdict.value,
                "at_ms": min(shown, default=None),
            }
        )
    return found


def _script(log: CaseLog, plan: Plan) -> list[dict[str, Any]]:
    """The steps that applied, with what was to be said; nothing where the case has no script or does not state what it says."""
    script = sealed_script(log)
    if script is None:
        return []
    facts = facts_in(plan)
    try:
        return [
            {
                "id": step.id,
                "no": no,
                "title": filled(step.title, facts),
                "say": [filled(sentence.text, facts) for sentence in sentences_that_apply(step, facts)],
            }
            for no, step in enumerate(steps_that_apply(script, facts), 1)
        ]
    except JianluError:
        return []


def _may(deps: Deps, staff: Staff, tasks: Sequence[TaskRow], log: CaseLog, may_decide: bool) -> dict[str, Any]:
    account = staff.account.id
    who = claimant(log, account, deps.reviews) if may_decide else None
    free = [task for task in tasks if who is not None and task.state == TaskState.OPEN and _is_separate(task, tasks, who)]
    mine = [task for task in tasks if task.state == TaskState.TAKEN and task.reviewer == account]
    first = next((task for task in tasks if task.stage == Stage.FIRST), None)
    second_done = any(task.stage == Stage.SECOND and task.state == TaskState.DONE for task in tasks)
    may_appeal = first is not None and first.agent == account and first.decided_at is not None and not first.appealed_at
    return {
        "take": [task.stage for task in free],
        "decide": [task.stage for task in mine],
        "appeal": may_appeal and not second_done,
    }


def _is_separate(task: TaskRow, tasks: Sequence[TaskRow], who: Claimant) -> bool:
    try:
        check_separation(task, tasks, who)
    except DeniedError:
        return False
    return True


def _plan(plan: ReviewPlan, on: str) -> dict[str, Any]:
    clause = next(each for each in plan.pack.clauses if each.id == plan.rule.clause)
    return {
        "plan": plan.key,
        "title": dict(plan.rule.title),
        "citation": clause.citation,
        "clause": f"{plan.pack.id}:{clause.id}",
        "mark": clause.mark,
        "confidence": clause.confidence,
        "share_permille": plan.amount(plan.rule.share_permille, on),
        "second_permille": plan.amount(plan.rule.second_permille, on),
        "appeal_days": plan.amount(plan.rule.appeal_days, on),
        "redo_days": plan.amount(plan.rule.redo_days, on),
        "groups": [
            {"group": each.id, "title": dict(each.title), "mark": each.mark, "note": dict(each.note)} for each in plan.rule.groups
        ],
    }


def _groups(deps: Deps) -> _Groups:
    return {(plan.key, group.id): group for plan in plans_in(deps.sessions.rules.packs) for group in plan.rule.groups}


def _titles(deps: Deps) -> dict[str, dict[str, Any]]:
    return {
        f"{pack.id}:{clause.id}": {"title": dict(clause.title), "citation": clause.citation}
        for pack in deps.sessions.rules.packs
        for clause in pack.clauses
    }


def _no_title(key: str) -> dict[str, Any]:
    return {"title": {"zh": key, "en": key}, "citation": ""}


def _agreement(found: Agreement) -> dict[str, Any]:
    return {
        "n": found.n,
        "table": [list(row) for row in found.table],
        "share": _interval(found.share),
        "kappa": _interval(found.kappa),
    }


def _interval(found: Interval | None) -> dict[str, float] | None:
    return {name: round(value, 4) for name, value in asdict(found).items()} if found else None
