"""A talk that is done again: asked for by whoever looked last, made once from what was stated, linked both ways, followed to its end."""

from __future__ import annotations

import json

import pytest

from jianlu.capture.cases.case_rows import change_case
from jianlu.core.errors import ConflictError, DeniedError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.deliver.reports.course import act_text, acts_of
from jianlu.judge.judge_case import judge_case
from jianlu.judge.review._redos import change_redo
from jianlu.judge.review.deciding import appeal
from jianlu.judge.review.export import export_reviews
from jianlu.judge.review.model import RedoState
from jianlu.judge.review.redoing import RedoLink, find_redo, find_redos, follow_redos, links_of, redo_case
from jianlu.judge.review.work_list import find_reviews
from jianlu.runtime.database import transaction
from tests.fakes.review.worlds import REVIEWER, SECOND_REVIEWER, Changes, ReviewWorld
from tests.fakes.sessions.world import AGENT, SUPERVISOR
from tests.fakes.vault.home import TENANT

DAY_MS = 24 * 3_600_000
OVERTURN: Changes = {"CN-IN-5a": (Verdict.MET, "证件在画面中出示", 1_000, 4_000)}
WHY = "画面过暗，请重新录制"


def asked(reviews: ReviewWorld, number: str = "sale-1") -> str:
    """A case whose review is done and asks for the talk to be done again."""
    (case,) = reviews.drawn(number)
    reviews.decided(case, redo=WHY)
    return case


def held(reviews: ReviewWorld, case: str, reason: str = "completed") -> None:
    """Let the talk of `case` happen, be judged and closed."""
    log = reviews.world.using.desk.log(TENANT, case)
    log.append(EventType.SESSION_ENDED, {"reason": reason, "by": "agent", "at_ms": 60_000})
    log.append(EventType.RECORDING_ENDED, {"segments": 30, "duration_ms": 60_000, "media_bytes": 1})
    judge_case(log)
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    reviews.world.using.desk.release(TENANT, case)
    with transaction(reviews.world.using.database) as connection:
        change_case(connection, TENANT, case, state="sealed")


def test_a_redo_is_a_new_case_of_the_same_facts_and_each_names_the_other(reviews: ReviewWorld) -> None:
    case = asked(reviews)
    row = redo_case(case, "sale-1-r", using=reviews.using, by=AGENT)
    old, new = reviews.log(case), reviews.log(row.successor)
    for name in ("customer", "product"):
        assert parse_plan(old.open_object("plan")).facts[name] == parse_plan(new.open_object("plan")).facts[name]
    people = [parse_canonical(log.open_object("particulars"))["people"] for log in (old, new)]
    assert people[0] == people[1]
    (declared,) = [event for event in new.events if event.type is EventType.PREDECESSOR_DECLARED]
    asking = next(e for e in reviews.chain(case).events if e.type is EventType.REVIEW_DECISION_RECORDED)
    assert declared.body == {"of": case, "review": asking.digest}
    (told,) = [event for event in reviews.chain(case).events if event.type is EventType.REVIEW_REDO_ASSIGNED]
    assert told.body == {"of": case, "to": row.successor, "due": "2026-11-25"}
    assert links_of([case, row.successor], using=reviews.using) == {
        case: RedoLink(after=row.successor),
        row.successor: RedoLink(before=case),
    }
    (act,) = [each for each in acts_of(new.events) if each.event is declared]
    assert case in act_text(act, parse_plan(new.open_object("plan")), None, "zh")


def test_the_closed_case_is_as_it_was(reviews: ReviewWorld) -> None:
    case = asked(reviews)
    before = [event.digest for event in reviews.log(case).events]
    redo_case(case, "sale-1-r", using=reviews.using, by=AGENT)
    assert [event.digest for event in reviews.log(case).events] == before


def test_the_same_call_again_is_the_same_case_also_when_its_row_was_lost(reviews: ReviewWorld) -> None:
    case = asked(reviews)
    row = redo_case(case, "sale-1-r", using=reviews.using, by=AGENT)
    with transaction(reviews.using.sessions.database) as connection:
        change_redo(connection, TENANT, case, state="asked", successor="", assigned_at=None)
    assert redo_case(case, "sale-1-r", using=reviews.using, by=AGENT).successor == row.successor
    kinds = [event.type for event in (*reviews.chain(case).events, *reviews.log(row.successor).events)]
    assert (kinds.count(EventType.REVIEW_REDO_ASSIGNED), kinds.count(EventType.PREDECESSOR_DECLARED)) == (1, 1)
    with pytest.raises(ConflictError, match="there already"):
        redo_case(case, "sale-1-r2", using=reviews.using, by=AGENT)


def test_nobody_redoes_what_no_review_asks_for(reviews: ReviewWorld) -> None:
    (case,) = reviews.drawn("sale-1")
    with pytest.raises(ConflictError, match="no review asks"):
        redo_case(case, "sale-1-r", using=reviews.using, by=AGENT)
    reviews.decided(case)
    with pytest.raises(ConflictError, match="no review asks"):
        redo_case(case, "sale-1-r", using=reviews.using, by=SUPERVISOR)
    with pytest.raises(DeniedError):
        redo_case(asked(reviews, "sale-2"), "sale-2-r", using=reviews.using, by=REVIEWER)


def test_a_number_that_is_taken_by_another_talk_is_refused(reviews: ReviewWorld) -> None:
    case, other = asked(reviews, "sale-1"), asked(reviews, "sale-2")
    redo_case(case, "sale-r", using=reviews.using, by=AGENT)
    with pytest.raises(ConflictError, match="another talk"):
        redo_case(other, "sale-r", using=reviews.using, by=AGENT)
    with pytest.raises(ConflictError, match="another number"):
        redo_case(other, "sale-2", using=reviews.using, by=AGENT)
    assert find_redo(other, using=reviews.using).successor == ""  # type: ignore[union-attr]


def test_the_second_person_has_the_last_word_on_a_redo(reviews: ReviewWorld) -> None:
    lifted, kept = reviews.drawn("lifted", "kept")
    for case in (lifted, kept):
        reviews.decided(case, OVERTURN, redo=WHY)
        with pytest.raises(ConflictError, match="second person has not looked"):
            redo_case(case, f"{case[:8]}-r", using=reviews.using, by=AGENT)
    reviews.decided(lifted, by=SECOND_REVIEWER, stage="second")
    reviews.decided(kept, OVERTURN, by=SECOND_REVIEWER, stage="second", redo=WHY)
    with pytest.raises(ConflictError, match="no review asks"):
        redo_case(lifted, "lifted-r", using=reviews.using, by=AGENT)
    assert [row.case for row in find_redos(using=reviews.using)] == [kept]
    assert redo_case(kept, "kept-r", using=reviews.using, by=AGENT).state == RedoState.ASSIGNED


def test_an_appeal_holds_up_a_redo_until_a_second_person_has_looked(reviews: ReviewWorld) -> None:
    case = asked(reviews)
    appeal(case, ["cn-insurance-dual-recording:CN-IN-5a"], "画面足够清楚", using=reviews.using, by=AGENT)
    with pytest.raises(ConflictError, match="second person has not looked"):
        redo_case(case, "sale-1-r", using=reviews.using, by=AGENT)


def test_a_redo_is_due_within_its_days_and_within_the_cooling_off_period(reviews: ReviewWorld) -> None:
    early, late, over = reviews.drawn("early", "late", "over")
    reviews.decided(early, redo=WHY)
    assert find_redo(early, using=reviews.using).due_on == "2026-11-25"  # type: ignore[union-attr]
    reviews.world.clock.move(12 * DAY_MS)
    reviews.decided(late, redo=WHY)
    assert find_redo(late, using=reviews.using).due_on == "2026-12-05"  # type: ignore[union-attr]
    reviews.world.clock.move(6 * DAY_MS)
    reviews.decided(over, redo=WHY)
    assert find_redo(over, using=reviews.using).due_on == "2026-12-13"  # type: ignore[union-attr]


def test_a_day_that_passes_is_alarmed_once_and_the_new_talk_ends_it(reviews: ReviewWorld) -> None:
    case = asked(reviews)
    assert follow_redos(reviews.using) == []
    reviews.world.clock.move(6 * DAY_MS)
    assert [row.case for row in follow_redos(reviews.using)] == [case]
    assert follow_redos(reviews.using) == []
    assert find_reviews("redo", using=reviews.using, account="anybody").total == 1
    row = redo_case(case, "sale-1-r", using=reviews.using, by=SUPERVISOR)
    held(reviews, row.successor)
    assert follow_redos(reviews.using) == []
    done = find_redo(case, using=reviews.using)
    assert done is not None and (done.state, done.is_late("2027-01-01")) == ("done", True)
    kinds = [event.type for event in reviews.chain(case).events]
    assert [kinds.count(kind) for kind in (EventType.REVIEW_REDO_ALARMED, EventType.REVIEW_REDO_COMPLETED)] == [1, 1]
    assert find_reviews("redo", using=reviews.using, account="anybody").total == 0
    first = next(e for e in json.loads(export_reviews("2026-11-01", "2026-12-31", using=reviews.using)[0])["reviews"])
    assert (first["redo_asked"]["case"], len(first["redo_asked"]["events"])) == (row.successor, 3)


def test_a_new_talk_that_was_broken_off_may_be_followed_by_another(reviews: ReviewWorld) -> None:
    case = asked(reviews)
    row = redo_case(case, "sale-1-r", using=reviews.using, by=AGENT)
    held(reviews, row.successor, reason="refused")
    assert follow_redos(reviews.using) == []
    assert find_redo(case, using=reviews.using).state == RedoState.ASSIGNED  # type: ignore[union-attr]
    second = redo_case(case, "sale-1-r2", using=reviews.using, by=AGENT)
    assert second.successor != row.successor
    held(reviews, second.successor)
    follow_redos(reviews.using)
    assert find_redo(case, using=reviews.using).state == RedoState.DONE  # type: ignore[union-attr]
