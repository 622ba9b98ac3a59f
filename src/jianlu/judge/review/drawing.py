"""The draw of a plan: freeze the roll of what was closed since the last one, take the seed from the tree behind it, open the tasks.

Once a day at most, or when somebody who plans reviews asks; each step looks at the chain for what is done, so that a crash anywhere is
repaired by calling again and never draws anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.capture.cases.case_rows import find_case
from jianlu.core.errors import ConflictError, IntegrityError, NotFoundError
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.judge.review import _records
from jianlu.judge.review.days import day_at, day_of
from jianlu.judge.review.documents import parse_roll, parse_sample, roll_bytes, sample_bytes
from jianlu.judge.review.model import Candidate, Cause, Roll, Sample, Stage, TaskRow, TaskState
from jianlu.judge.review.plans import ReviewPlan, candidate, plans_in
from jianlu.judge.review.ports import ReviewPorts
from jianlu.judge.review.sampling import check_sample, draw
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog
from jianlu.vault.index import parse_entry

_BATCH = 4_096
_CLOSED = b'"' + EventType.CASE_CLOSED.value.encode() + b'"'


def draw_due(using: ReviewPorts, *, is_asked: bool = False) -> list[Sample]:
    """The samples drawn now: of each plan what was closed since its last roll, when that is of an earlier day or somebody asks.

    Finishes what a crash left. Raises UnavailableError when the ledger or the database fails.
    """
    drawn = [_draw_plan(plan, using, is_asked) for plan in plans_in(using.sessions.rules.packs)]
    return [sample for sample in drawn if sample is not None]


def check_draw(plan: str, no: int, using: ReviewPorts) -> Sample:
    """The sample `no` of a plan, drawn again from its sealed roll, from the ledger's own tree, and from a count of what was closed there.

    What an auditor runs. IntegrityError says what does not agree; NotFoundError when there is no such draw.
    """
    log = using.read(using.plan_chain(plan))
    frozen, drawn = _numbered(log, EventType.REVIEW_ROLL_FROZEN, no), _numbered(log, EventType.REVIEW_SAMPLE_DRAWN, no)
    roll, sample = _roll(log, no), parse_sample(log.open_object(drawn.body["object"]))
    first = _numbered(log, EventType.REVIEW_ROLL_FROZEN, no - 1).body["end"] if no > 1 else 0
    if (roll.first, roll.end, roll.no, roll.plan) != (first, frozen.body["end"], no, plan):
        raise IntegrityError("the roll is not of the stretch that follows the one before: cases between them are in no roll")
    if {(position, case) for position, case in _closed(using, roll.first, roll.end)} != {(c.closed, c.case) for c in roll.cases}:
        raise IntegrityError("the roll does not list what was closed in its stretch of the ledger: a case was left out or put in")
    check_sample(sample, roll, using.tree_at(log.position_of(frozen.n) + 1))
    return sample


def _draw_plan(plan: ReviewPlan, using: ReviewPorts, is_asked: bool) -> Sample | None:
    now = using.sessions.clock.now()
    with using.writing(using.plan_chain(plan.key)) as log:
        rolls = [event for event in log.events if event.type is EventType.REVIEW_ROLL_FROZEN]
        finished = _finish(plan, rolls[-1], log, using) if rolls else None
        if rolls and not is_asked and day_of(rolls[-1].at) >= day_at(now):
            return finished
        first, end = (rolls[-1].body["end"] if rolls else 0), using.vault.ledger.size
        closed = list(_closed(using, first, end))
        if not closed:
            return finished
        cases = tuple(_candidate(plan, case, position, using) for position, case in closed)
        roll = _fresh_roll(plan, day_at(now), len(rolls) + 1, (first, end), cases)
        body = {
            "plan": plan.key,
            "no": roll.no,
            "first": first,
            "end": end,
            "cases": len(roll.cases),
            "eligible": len(roll.eligible),
        }
        frozen = log.seal_and_append(EventType.REVIEW_ROLL_FROZEN, f"roll-{roll.no}", roll_bytes(roll), body)
        return _finish(plan, frozen, log, using)


def _fresh_roll(plan: ReviewPlan, on: str, no: int, stretch: tuple[int, int], cases: tuple[Candidate, ...]) -> Roll:
    return Roll(
        plan=plan.key,
        pack_version=plan.pack.version,
        pack_digest=plan.pack.digest,
        on=on,
        no=no,
        first=stretch[0],
        end=stretch[1],
        share_permille=plan.amount(plan.rule.share_permille, on),
        second_permille=plan.amount(plan.rule.second_permille, on),
        cases=cases,
    )


def _finish(plan: ReviewPlan, frozen: Event, log: CaseLog, using: ReviewPorts) -> Sample | None:
    """Draw from the newest roll, unless that is done, and open its tasks; the sample when it was drawn now."""
    no = frozen.body["no"]
    roll = _roll(log, no)
    drawn = [e for e in log.events if e.type is EventType.REVIEW_SAMPLE_DRAWN and e.body["no"] == no]
    if drawn:
        _open_tasks(roll, parse_sample(log.open_object(f"sample-{no}")), frozen.at, using)
        return None
    sample = draw(roll, using.tree_at(log.position_of(frozen.n) + 1))
    body = {
        "plan": plan.key,
        "no": no,
        "size": sample.tree.size,
        "root": sample.tree.root,
        "grouped": len(sample.grouped),
        "drawn": len(sample.drawn),
    }
    log.seal_and_append(EventType.REVIEW_SAMPLE_DRAWN, f"sample-{no}", sample_bytes(sample), body)
    _open_tasks(roll, sample, frozen.at, using)
    return sample


def _open_tasks(roll: Roll, sample: Sample, at: str, using: ReviewPorts) -> None:
    known = {each.case: each for each in roll.cases}
    rows: list[TaskRow] = []
    with transaction(using.sessions.database) as connection:
        for case in (*sample.grouped, *sample.drawn):
            found = find_case(connection, using.tenant, case)
            people = {found.agent, found.created_by} - {""} if found else set()
            task = TaskRow(
                case=case,
                stage=Stage.FIRST,
                plan=roll.plan,
                roll=roll.no,
                cause=Cause.GROUP if known[case].groups else Cause.DRAWN,
                stratum=known[case].groups[0] if known[case].groups else "",
                due_on=known[case].due_on,
                state=TaskState.OPEN,
                agent=found.agent if found else "",
                barred=tuple(sorted(people)),
                reviewer="",
                outcome="",
                asks_redo=False,
                opened_at=at,
            )
            rows.append(task)
            if case in sample.twice:
                rows.append(second_look(task, Cause.TWICE, at))
        _records.add_tasks(connection, using.tenant, rows)
        _records.add_roll(connection, using.tenant, roll, sample, at)


def second_look(first: TaskRow, cause: Cause, at: str) -> TaskRow:
    """The task of a second person for the case of `first`, due on the same day: the customer's term does not wait for us."""
    return TaskRow(
        case=first.case,
        stage=Stage.SECOND,
        plan=first.plan,
        roll=first.roll,
        cause=cause,
        stratum=first.stratum,
        due_on=first.due_on,
        state=TaskState.OPEN,
        agent=first.agent,
        barred=tuple(sorted({*first.barred, first.reviewer} - {""})),
        reviewer="",
        outcome="",
        asks_redo=False,
        opened_at=at,
    )


def _closed(using: ReviewPorts, first: int, end: int) -> Iterator[tuple[int, str]]:
    """Position and case of every closing of the tenant in [first, end), from the ledger itself: the index decides nothing."""
    for start in range(first, end, _BATCH):
        for place, entry in enumerate(using.vault.ledger.read(start, min(_BATCH, end - start)), start):
            if _CLOSED in entry:
                event = parse_entry(entry, place)
                if event.type is EventType.CASE_CLOSED and event.tenant == using.tenant:
                    yield place, event.case


def _candidate(plan: ReviewPlan, case: str, closed: int, using: ReviewPorts) -> Candidate:
    log = using.read(case)
    return candidate(plan, case, closed, _sealed_plan(log), log.events)


def _sealed_plan(log: CaseLog) -> Plan | None:
    try:
        return parse_plan(log.open_object("plan"))
    except (ConflictError, NotFoundError):
        return None


def _roll(log: CaseLog, no: int) -> Roll:
    return parse_roll(log.open_object(f"roll-{no}"))


def _numbered(log: CaseLog, kind: EventType, no: int) -> Event:
    found = next((event for event in log.events if event.type is kind and event.body["no"] == no), None)
    if found is None:
        raise NotFoundError("there is no draw of that number: look at the list of draws")
    return found


def now_text(using: ReviewPorts) -> str:
    """The present instant as text."""
    return instant_text(using.sessions.clock.now())
