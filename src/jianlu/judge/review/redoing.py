"""A talk that a review wants done again: a new case, made from what the old one stated, each naming the other in the ledger.

The new case's own chain says whose place it takes, so that its package says so too; the old case is closed, and its review's chain says
who took its place. A crash between the two is made good by the same call again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from jianlu.capture.cases.create_case import create_case
from jianlu.capture.cases.model import CaseRequest, Person, Scene
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, derive_case_ref
from jianlu.govern.identity.model import Staff
from jianlu.govern.policy.facts import LIFE_MONTHS
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import facts_in
from jianlu.judge.review import _records, _redos
from jianlu.judge.review.days import day_at, day_of, days_after
from jianlu.judge.review.drawing import now_text
from jianlu.judge.review.model import RedoRow, RedoState, Review, Stage, TaskRow, TaskState
from jianlu.judge.review.plans import is_concluded, plans_in
from jianlu.judge.review.ports import ReviewPorts
from jianlu.judge.review.taking import find_tasks
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog

REDO_DAYS_UNSTATED = 5
"""Where the pack that drew the case is no longer installed."""


@dataclass(frozen=True, slots=True)
class RedoLink:
    """How a case stands to its like: the one whose place it takes, and the one that takes its place; "" for none."""

    before: str = ""
    after: str = ""


def settle_redo(connection: Connection, review: Review, first: TaskRow, using: ReviewPorts) -> None:
    """Enter what a decision means for the talk, in the caller's transaction: asked for, or lifted by the second person."""
    kept = _redos.find_redo(connection, using.tenant, review.case, lock=True)
    if kept is not None and kept.successor:
        return
    if review.redo:
        row = RedoRow(review.case, RedoState.ASKED.value, review.at, due_of(first, review.at, using), first.agent)
        _redos.put_redo(connection, using.tenant, row)
    elif kept is not None and review.stage is Stage.SECOND:
        _redos.change_redo(connection, using.tenant, review.case, state=RedoState.LIFTED.value)


def due_of(first: TaskRow, decided_at: str, using: ReviewPorts) -> str:
    """The last day of a redo: so many days after the decision, and within the term of the review unless that is over already."""
    decided = day_of(decided_at)
    plan = next((each for each in plans_in(using.sessions.rules.packs) if each.key == first.plan), None)
    due = days_after(decided, plan.amount(plan.rule.redo_days, decided) if plan else REDO_DAYS_UNSTATED)
    return first.due_on if decided < first.due_on < due else due


def find_redo(case: str, *, using: ReviewPorts) -> RedoRow | None:
    """What the case's review asked for, or None."""
    with transaction(using.sessions.database, writes=False) as connection:
        return _redos.find_redo(connection, using.tenant, case_ref(case))


def find_redos(*, using: ReviewPorts) -> list[RedoRow]:
    """Every talk that is still to be done again, the most urgent first."""
    with transaction(using.sessions.database, writes=False) as connection:
        return _redos.open_redos(connection, using.tenant)


def links_of(cases: Iterable[str], *, using: ReviewPorts) -> Mapping[str, RedoLink]:
    """How each of `cases` stands to another; those that stand alone are left out."""
    wanted = set(cases)
    with transaction(using.sessions.database, writes=False) as connection:
        rows = _redos.redos_about(connection, using.tenant, wanted)
    found: dict[str, RedoLink] = {}
    for row in rows:
        if row.successor and row.case in wanted:
            found[row.case] = replace(found.get(row.case, RedoLink()), after=row.successor)
        if row.successor in wanted:
            found[row.successor] = replace(found.get(row.successor, RedoLink()), before=row.case)
    return found


def redo_case(case: str, number: str, *, using: ReviewPorts, by: Staff) -> RedoRow:
    """Make the case in which the talk is done again, under `number`; the same call again is the same case.

    ConflictError unless the review asks for it, everybody who must has looked, and no other case stands for it that can still be held;
    errors as `create_case`.
    """
    with using.writing(using.case_chain(case)) as chain:
        row = _asked(case, find_tasks(case, using=using), using)
        _check_vacant(row, number, using)
        made = create_case(_request(using.read(case), number, using), using=using.sessions, by=by)
        if made == case:
            raise ConflictError("the talk is done again under another number: choose one")
        _declare(made, case, _asking(chain), using)
        if not _is_assigned(chain, made):
            chain.append(EventType.REVIEW_REDO_ASSIGNED, {"of": case, "to": made, "due": row.due_on})
        values = {"state": RedoState.ASSIGNED.value, "successor": made, "assigned_at": now_text(using)}
        with transaction(using.sessions.database) as connection:
            _redos.change_redo(connection, using.tenant, case, **values)
    return _found(case, using)


def follow_redos(using: ReviewPorts) -> list[RedoRow]:
    """Record which talks were done again meanwhile, and alarm once each whose day passed; those that were alarmed now.

    UnavailableError when the ledger fails: call again.
    """
    today, late = day_at(using.sessions.clock.now()), []
    for row in find_redos(using=using):
        closed = _closing(using.read(row.successor)) if row.successor else None
        if closed is not None:
            _complete(row, closed, using)
        elif row.is_late(today) and row.alarmed_at is None and _is_settled(row.case, using):
            _alarm(row, using)
            late.append(row)
    return late


def _complete(row: RedoRow, closed: Event, using: ReviewPorts) -> None:
    with using.writing(using.case_chain(row.case)) as chain:
        if not any(e.type is EventType.REVIEW_REDO_COMPLETED and e.body["to"] == row.successor for e in chain.events):
            body = {"of": row.case, "to": row.successor, "closed": closed.digest}
            chain.append(EventType.REVIEW_REDO_COMPLETED, body)
        with transaction(using.sessions.database) as connection:
            values = {"state": RedoState.DONE.value, "completed_at": closed.at}
            _redos.change_redo(connection, using.tenant, row.case, **values)


def _alarm(row: RedoRow, using: ReviewPorts) -> None:
    with using.writing(using.case_chain(row.case)) as chain:
        if not any(e.type is EventType.REVIEW_REDO_ALARMED and e.body["due"] == row.due_on for e in chain.events):
            chain.append(EventType.REVIEW_REDO_ALARMED, {"of": row.case, "due": row.due_on})
        with transaction(using.sessions.database) as connection:
            _redos.change_redo(connection, using.tenant, row.case, alarmed_at=now_text(using))


def _asked(case: str, tasks: list[TaskRow], using: ReviewPorts) -> RedoRow:
    with transaction(using.sessions.database, writes=False) as connection:
        row = _redos.find_redo(connection, using.tenant, case)
    if row is None or row.state == RedoState.LIFTED:
        raise ConflictError("no review asks for this talk to be done again: look at what was decided")
    if any(task.state != TaskState.DONE for task in tasks):
        raise ConflictError("a second person has not looked yet: their answer stands, wait for it")
    return row


def _check_vacant(row: RedoRow, number: str, using: ReviewPorts) -> None:
    is_same = row.successor == derive_case_ref(using.sessions.tenant_secret, number)
    if row.successor and not is_same and not _is_over(using.read(row.successor)):
        raise ConflictError("a case for this talk is there already: open that one")


def _request(record: CaseLog, number: str, using: ReviewPorts) -> CaseRequest:
    """The request of the old case under another number, as its own sealed documents state it."""
    if not any(event.type is EventType.SCRIPT_FROZEN for event in record.events):
        raise ConflictError("this recording came as a file, without particulars: make the new case by hand")
    told: Any = parse_canonical(record.open_object("particulars"))
    scene = using.sessions.scenes.get(str(told["scene"]))
    if scene is None:
        raise InvalidError("the template of this case is no longer installed: make the new case by hand")
    facts = facts_in(parse_plan(record.open_object("plan")))
    return CaseRequest(
        scene=scene.id,
        number=number,
        title=str(told["title"]),
        language=str(told["language"]),
        profile=str(told["profile"]),
        facts=_stated(facts, scene),
        people={seat: Person(str(each["name"]), str(each["phone"])) for seat, each in told["people"].items()},
        seats=_seats_beyond(scene, told["seats"]),
        end_to_end=bool(told.get("end_to_end")),
    )


def _stated(facts: Mapping[str, FactValue], scene: Scene) -> dict[str, object]:
    """The facts as a form states them: what the template asks for, and the term once."""
    stated: dict[str, object] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in facts.items() if name in scene.asks
    }
    if "product.term_years" in stated:
        stated.pop("product.term_months", None)
    elif facts.get("product.term_months") == LIFE_MONTHS:
        stated.pop("product.term_months", None)
        stated["product.term_life"] = True
    return stated


def _seats_beyond(scene: Scene, seats: Iterable[str]) -> tuple[str, ...]:
    return tuple(seat for seat in seats if (rule := scene.seat_of(seat)) is not None and not rule.is_required)


def _declare(made: str, case: str, review: str, using: ReviewPorts) -> None:
    """Let the new case's own chain say whose place it takes, before anything else happens in it."""
    with using.sessions.switchboard.turn(case_ref(made)):
        log = using.sessions.desk.log(using.tenant, case_ref(made))
        declared = next((event for event in log.events if event.type is EventType.PREDECESSOR_DECLARED), None)
        if declared is not None and declared.body["of"] == case:
            return
        if declared is not None or any(event.type is EventType.RECORDING_STARTED for event in log.events):
            raise ConflictError("the case of that number is another talk's: choose another number")
        log.append(EventType.PREDECESSOR_DECLARED, {"of": case, "review": review})


def _asking(chain: CaseLog) -> str:
    """The digest of the newest decision that asks for the redo."""
    asked = [e for e in chain.events if e.type is EventType.REVIEW_DECISION_RECORDED and e.body["redo"]]
    if not asked:
        raise ConflictError("no review asks for this talk to be done again: look at what was decided")
    return asked[-1].digest


def _is_assigned(chain: CaseLog, made: str) -> bool:
    assigned = [e for e in chain.events if e.type is EventType.REVIEW_REDO_ASSIGNED]
    return bool(assigned) and assigned[-1].body["to"] == made


def _closing(log: CaseLog) -> Event | None:
    """The closing of a talk that came to its end; None while it has not, or ended otherwise."""
    if not log.events or not is_concluded(log.events):
        return None
    return next((event for event in log.events if event.type is EventType.CASE_CLOSED), None)


def _is_over(log: CaseLog) -> bool:
    """Whether the talk ended without being held to its end: another case may take its place."""
    return any(event.type is EventType.SESSION_ENDED for event in log.events) and not is_concluded(log.events)


def _is_settled(case: str, using: ReviewPorts) -> bool:
    with transaction(using.sessions.database, writes=False) as connection:
        return all(task.state == TaskState.DONE for task in _records.tasks_of(connection, using.tenant, case))


def _found(case: str, using: ReviewPorts) -> RedoRow:
    row = find_redo(case, using=using)
    if row is None:
        raise NotFoundError("no review asks for this talk to be done again: look at what was decided")
    return row
