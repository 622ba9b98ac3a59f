"""Taking, deciding, appealing: duties kept apart, the machine's verdict as it was, second looks, deadlines, a regulator's record."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.govern.identity.model import Role, Staff
from jianlu.judge.review import _records
from jianlu.judge.review._tables import review_tasks, review_verdicts
from jianlu.judge.review.deadlines import alarm_overdue, urgency
from jianlu.judge.review.deciding import appeal, decide_task, read_appeal, read_review
from jianlu.judge.review.decisions import Said, shown_stages
from jianlu.judge.review.export import COLUMNS, export_reviews
from jianlu.judge.review.model import Outcome
from jianlu.judge.review.statistics import statistics
from jianlu.judge.review.taking import find_tasks, leave_task, take_task
from jianlu.runtime.database import transaction
from tests.fakes.review.worlds import REVIEWER, SECOND_REVIEWER, Changes, ReviewWorld, review_world, without_ledger
from tests.fakes.sessions.world import AGENT, OTHER_AGENT, SUPERVISOR, staff
from tests.fakes.vault.home import TENANT

DAY_MS = 24 * 3_600_000
OVERTURN: Changes = {"CN-IN-5a": (Verdict.MET, "证件在画面中出示", 1_000, 4_000)}
THIRD = staff("wen", Role.REVIEWER)


def one_case(reviews: ReviewWorld, number: str = "sale-1") -> str:
    (case,) = reviews.drawn(number)
    return case


def test_a_decision_stands_beside_the_machines_verdict_and_changes_nothing_of_it(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    before = reviews.log(case)
    review = reviews.decided(case, OVERTURN)
    after = reviews.log(case)
    assert [event.digest for event in after.events] == [event.digest for event in before.events]
    assert after.events[-1].type is EventType.CASE_CLOSED
    assert after.open_object("verdicts") == before.open_object("verdicts")
    judged = next(event for event in after.events if event.type is EventType.VERDICTS_JUDGED)
    (event,) = [e for e in reviews.chain(case).events if e.type is EventType.REVIEW_DECISION_RECORDED]
    assert (event.body["of"], event.body["judged"], event.body["overturned"]) == (case, judged.digest, 1)
    assert read_review(case, "first", using=reviews.using) == review
    (said,) = [each for each in review.clauses if each.is_overturned]
    assert (said.machine, said.verdict, said.from_ms, said.to_ms) == (Verdict.NOT_EVIDENCED, Verdict.MET, 1_000, 4_000)


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(replace(AGENT, account=replace(AGENT.account, roles=frozenset({Role.AGENT, Role.REVIEWER}))), id="agent"),
        pytest.param(SUPERVISOR, id="supervisor"),
    ],
)
def test_nobody_reviews_a_case_that_they_led_or_supervised(reviews: ReviewWorld, who: Staff) -> None:
    case = reviews.supervised("sale-1")
    reviews.drawn()
    with pytest.raises(DeniedError, match="led, made or supervised"):
        take_task(case, "first", using=reviews.using, by=who)
    assert take_task(case, "first", using=reviews.using, by=REVIEWER).reviewer == REVIEWER.account.id


def test_a_session_handed_over_is_reviewed_by_neither_of_its_agents(reviews: ReviewWorld) -> None:
    case = reviews.world.create("sale-1")
    log = reviews.world.using.desk.log(TENANT, case)
    commits = {"from": digest_of(AGENT.account.id.encode()), "to": digest_of(OTHER_AGENT.account.id.encode())}
    log.append(EventType.SEAT_ASSIGNED, {"seat": "agent", "reason": "other", "at_ms": 5}, commits=commits)
    reviews.close("sale-1", by=THIRD)
    reviews.drawn()
    for who in (AGENT, OTHER_AGENT, THIRD):
        with pytest.raises(DeniedError):
            take_task(case, "first", using=reviews.using, by=who)


def test_what_events_commit_to_holds_when_the_row_was_edited(reviews: ReviewWorld) -> None:
    case = reviews.supervised("sale-1")
    reviews.drawn()
    with transaction(reviews.using.sessions.database) as connection:
        _records.change_task(connection, TENANT, case, "first", agent="", barred="[]")
    with pytest.raises(DeniedError):
        take_task(case, "first", using=reviews.using, by=SUPERVISOR)


def test_one_person_a_task_and_taking_again_is_fine(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    take_task(case, "first", using=reviews.using, by=REVIEWER)
    assert take_task(case, "first", using=reviews.using, by=REVIEWER).state == "taken"
    with pytest.raises(ConflictError, match="another reviewer"):
        take_task(case, "first", using=reviews.using, by=SECOND_REVIEWER)
    assert [event.type for event in reviews.chain(case).events] == [EventType.REVIEW_TASK_TAKEN]
    leave_task(case, "first", using=reviews.using, by=REVIEWER)
    assert take_task(case, "first", using=reviews.using, by=SECOND_REVIEWER).reviewer == SECOND_REVIEWER.account.id
    with pytest.raises(ConflictError):
        leave_task(case, "first", using=reviews.using, by=REVIEWER)


def test_a_task_whose_event_could_not_be_written_is_free_again(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    with pytest.raises(UnavailableError):
        take_task(case, "first", using=without_ledger(reviews.using), by=REVIEWER)
    assert [task.state for task in find_tasks(case, using=reviews.using)] == ["open"]
    assert take_task(case, "first", using=reviews.using, by=SECOND_REVIEWER).reviewer == SECOND_REVIEWER.account.id


def test_only_who_holds_a_review_decides_it_and_only_once(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    said = reviews.said(case)
    with pytest.raises(DeniedError, match="take the review"):
        decide_task(case, "first", said, "", using=reviews.using, by=REVIEWER)
    reviews.decided(case)
    with pytest.raises(ConflictError, match="done"):
        decide_task(case, "first", said, "", using=reviews.using, by=REVIEWER)
    with pytest.raises(NotFoundError):
        take_task(case, "second", using=reviews.using, by=SECOND_REVIEWER)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda said: said[1:], "missing"),
        (lambda said: [*said, said[0]], "twice"),
        (lambda said: [replace(said[0], clause="no:such"), *said[1:]], "no:such"),
        (lambda said: [replace(said[0], verdict=Verdict.MET, from_ms=0, to_ms=9), *said[1:]], "reason"),
        (lambda said: [replace(said[0], verdict=Verdict.MET, reason="看得到证件"), *said[1:]], "where the recording shows"),
        (lambda said: [replace(said[0], verdict=Verdict.MET, reason="看得到证件", from_ms=9, to_ms=60_001), *said[1:]], "within"),
        (lambda said: [replace(said[0], from_ms=9), *said[1:]], "both ends"),
        (lambda said: [replace(said[0], reason="x"), *said[1:]], "reason"),
    ],
)
def test_a_decision_that_is_not_whole_is_refused_and_leaves_nothing(reviews: ReviewWorld, change: object, named: str) -> None:
    assert callable(change)
    case = one_case(reviews)
    take_task(case, "first", using=reviews.using, by=REVIEWER)
    said: list[Said] = change(reviews.said(case))
    with pytest.raises(InvalidError, match=named):
        decide_task(case, "first", said, "", using=reviews.using, by=REVIEWER)
    assert [event.type for event in reviews.chain(case).events] == [EventType.REVIEW_TASK_TAKEN]


def test_an_overturned_verdict_goes_to_a_second_person(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    assert reviews.decided(case, OVERTURN).outcome is Outcome.OVERTURNED
    second = find_tasks(case, using=reviews.using)[1]
    assert (second.stage, second.cause, second.state) == ("second", "overturned", "open")
    with pytest.raises(DeniedError):
        take_task(case, "second", using=reviews.using, by=REVIEWER)
    reviews.decided(case, OVERTURN, by=SECOND_REVIEWER, stage="second")
    found = statistics(reviews.using)
    assert (found.second_looks, found.first_stood) == (1, 1)


def test_a_confirmed_review_needs_no_second_person_until_the_agent_appeals(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    with pytest.raises(ConflictError, match="nothing to appeal"):
        appeal(case, ["cn-insurance-dual-recording:CN-IN-5a"], "当时已经出示证件", using=reviews.using, by=AGENT)
    reviews.decided(case)
    assert len(find_tasks(case, using=reviews.using)) == 1
    with pytest.raises(DeniedError):
        appeal(case, ["cn-insurance-dual-recording:CN-IN-5a"], "当时已经出示证件", using=reviews.using, by=OTHER_AGENT)
    with pytest.raises(InvalidError):
        appeal(case, ["no:such"], "当时已经出示证件", using=reviews.using, by=AGENT)
    made = appeal(case, ["cn-insurance-dual-recording:CN-IN-5a"], "当时已经出示证件", using=reviews.using, by=AGENT)
    assert read_appeal(case, using=reviews.using) == made
    second = find_tasks(case, using=reviews.using)[1]
    assert (second.cause, second.due_on) == ("appealed", find_tasks(case, using=reviews.using)[0].due_on)
    again = appeal(case, ["cn-insurance-dual-recording:CN-IN-5a"], "当时已经出示证件", using=reviews.using, by=AGENT)
    assert again == made
    with pytest.raises(ConflictError, match="already"):
        appeal(case, ["cn-insurance-dual-recording:CN-IN-5a"], "另一个理由", using=reviews.using, by=AGENT)


def test_an_appeal_comes_within_its_days_and_before_the_second_look_is_done(reviews: ReviewWorld) -> None:
    late, settled = one_case(reviews, "late"), one_case(reviews, "settled")
    reviews.decided(late)
    reviews.decided(settled, OVERTURN)
    reviews.decided(settled, by=SECOND_REVIEWER, stage="second")
    with pytest.raises(ConflictError, match="second person has looked"):
        appeal(settled, ["cn-insurance-dual-recording:CN-IN-5a"], "理由充分", using=reviews.using, by=AGENT)
    reviews.world.clock.move(8 * DAY_MS)
    with pytest.raises(ConflictError, match="days"):
        appeal(late, ["cn-insurance-dual-recording:CN-IN-5a"], "理由充分", using=reviews.using, by=AGENT)


def test_two_who_look_apart_do_not_read_each_other_before_both_are_done(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    reviews.decided(case, OVERTURN)
    tasks = find_tasks(case, using=reviews.using)
    assert shown_stages(tasks, SECOND_REVIEWER.account.id, may_decide=True) == frozenset()
    assert shown_stages(tasks, REVIEWER.account.id, may_decide=True) == {"first"}
    assert shown_stages(tasks, AGENT.account.id, may_decide=False) == {"first"}
    reviews.decided(case, by=SECOND_REVIEWER, stage="second")
    assert shown_stages(find_tasks(case, using=reviews.using), THIRD.account.id, may_decide=True) == {"first", "second"}


def test_a_day_that_passes_is_shown_and_alarmed_once(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    (task,) = find_tasks(case, using=reviews.using)
    assert [urgency(task, day) for day in ("2026-11-21", "2026-12-02", "2026-12-05", "2026-12-06")] == [
        "due",
        "soon",
        "soon",
        "late",
    ]
    assert alarm_overdue(reviews.using) == []
    reviews.world.clock.move(16 * DAY_MS)
    assert [each.case for each in alarm_overdue(reviews.using)] == [case]
    assert alarm_overdue(reviews.using) == []
    alarms = [event for event in reviews.chain(case).events if event.type is EventType.REVIEW_DEADLINE_ALARMED]
    assert [event.body for event in alarms] == [{"of": case, "stage": "first", "due": "2026-12-05"}]
    reviews.decided(case)
    (coverage,) = statistics(reviews.using).coverage
    assert (coverage.wanted, coverage.in_time, coverage.late, coverage.waiting, coverage.permille) == (1, 0, 1, 0, 0)


def test_statistics_count_machine_against_people_by_clause(reviews: ReviewWorld) -> None:
    for number in range(4):
        case = one_case(reviews, f"sale-{number}")
        reviews.decided(case, OVERTURN if number == 0 else None)
    found = statistics(reviews.using)
    clause = found.clauses["cn-insurance-dual-recording:CN-IN-5a"]
    assert (clause.n, clause.share.value if clause.share else None) == (4, 0.75)
    assert clause.table == ((0, 0, 0), (0, 0, 0), (1, 0, 3))
    assert (found.states["done"], found.states["overturned"], found.states["open"]) == (4, 1, 1)
    assert [(each.reviews, each.overturned) for each in found.reviewers] == [(4, 1)]
    assert (found.people.n, found.people.kappa) == (0, None)
    assert sum(each.eligible for each in found.coverage) == sum(each.in_time for each in found.coverage) == 4


def test_the_record_for_a_regulator_names_positions_and_digests_that_hold(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    changes: Changes = {"CN-IN-5a": (Verdict.MET, "=HYPERLINK(1)", 1_000, 4_000)}
    reviews.decided(case, changes, redo="画面过暗，请重新录制")
    appeal(case, ["cn-insurance-dual-recording:CN-IN-5b"], "当时已经出示三份材料", using=reviews.using, by=AGENT)
    content, table = export_reviews("2026-11-01", "2026-11-30", using=reviews.using)
    document = json.loads(content)
    assert document["csv_sha256"] == digest_of(table)
    first = next(entry for entry in document["reviews"] if entry["stage"] == "first")
    decision, chain = first["decision"], reviews.chain(case)
    event = next(e for e in chain.events if e.type is EventType.REVIEW_DECISION_RECORDED)
    assert decision["event_sha256"] == event.digest
    assert decision["document_sha256"] == digest_of(chain.open_object("review-first"))
    assert digest_of(reviews.world.vault.ledger.read(decision["ledger_position"], 1)[0]) == event.digest
    assert first["appeal"]["clauses"] == ["cn-insurance-dual-recording:CN-IN-5b"]
    assert document["draws"][0]["root"] == reviews.using.tree_at(document["draws"][0]["tree_size"]).root
    lines = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert tuple(lines[0]) == COLUMNS
    overturned = [line for line in lines if line["machine"] != line["reviewer_verdict"] and line["stage"] == "first"]
    assert [(line["clause"], line["reason"]) for line in overturned] == [
        ("cn-insurance-dual-recording:CN-IN-5a", "'=HYPERLINK(1)")
    ]
    assert "王小明".encode() not in content + table
    assert json.loads(export_reviews("2026-12-01", "2026-12-31", using=reviews.using)[0])["reviews"] == []
    with pytest.raises(InvalidError):
        export_reviews("2026-12-01", "2026-11-30", using=reviews.using)


def test_a_decision_whose_row_was_lost_is_made_good_by_the_same_call(reviews: ReviewWorld) -> None:
    case = one_case(reviews)
    reviews.decided(case, OVERTURN)
    with transaction(reviews.using.sessions.database) as connection:
        _records.change_task(connection, TENANT, case, "first", state="taken", outcome="", decided_at=None)
        connection.execute(review_verdicts.delete())
        connection.execute(review_tasks.delete().where(review_tasks.c.stage == "second"))
    decide_task(case, "first", reviews.said(case), "", using=reviews.using, by=REVIEWER)
    first, second = find_tasks(case, using=reviews.using)
    assert (first.outcome, second.cause) == ("overturned", "overturned")
    assert [event.type for event in reviews.chain(case).events].count(EventType.REVIEW_DECISION_RECORDED) == 1


def test_two_people_apart_are_compared_with_each_other(database_url: str) -> None:
    with review_world(database_url, second_permille=1000) as reviews:
        case, other = reviews.drawn("sale-1", "sale-2")
        reviews.decided(case, OVERTURN)
        reviews.decided(case, by=SECOND_REVIEWER, stage="second")
        reviews.decided(other, by=SECOND_REVIEWER, stage="second")
        with pytest.raises(DeniedError):
            take_task(other, "first", using=reviews.using, by=SECOND_REVIEWER)
        found, clauses = statistics(reviews.using), len(reviews.said(case))
        assert {task.cause for task in find_tasks(case, using=reviews.using)} == {"group", "twice"}
        assert (found.people.n, sum(found.people.table[place][place] for place in range(3))) == (clauses, clauses - 1)
        assert (found.second_looks, found.machine.n) == (0, clauses)
