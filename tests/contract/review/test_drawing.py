"""Rolls and draws over a real ledger: every closed case in one roll, the share reached, repeated by an auditor, never drawn anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from jianlu.core.errors import IntegrityError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.judge.review import _records
from jianlu.judge.review._tables import review_schema
from jianlu.judge.review.documents import parse_roll
from jianlu.judge.review.drawing import check_draw, draw_due
from jianlu.judge.review.model import TaskRow, Tree
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import open_case_log
from tests.fakes.review.worlds import COUNTER, PLAN, ReviewWorld
from tests.fakes.vault.home import TENANT
from tests.fakes.vault.sale import destroy

DAY_MS = 24 * 3_600_000


def all_tasks(reviews: ReviewWorld) -> list[TaskRow]:
    with transaction(reviews.using.sessions.database) as connection:
        return _records.all_tasks(connection, TENANT)


def plan_chain(reviews: ReviewWorld) -> list[EventType]:
    return [event.type for event in open_case_log(reviews.world.vault, TENANT, reviews.using.plan_chain(PLAN)).events]


def test_the_migrations_make_exactly_the_tables_of_reviews(reviews: ReviewWorld) -> None:
    with reviews.using.sessions.database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [
            change for change in compare_metadata(context, review_schema) if change[0] not in ("remove_table", "remove_index")
        ]
    assert found == []


def test_a_group_is_reviewed_whole_and_of_the_others_three_in_ten(reviews: ReviewWorld) -> None:
    old = [reviews.close(f"old-{number}") for number in range(2)]
    young = [reviews.close(f"young-{number}", scene=COUNTER, age=35) for number in range(5)]
    (sample,) = draw_due(reviews.using)
    assert list(sample.grouped) == old
    assert len(sample.drawn) == 2
    assert set(sample.drawn) < set(young)
    firsts = [task for task in all_tasks(reviews) if task.stage == "first"]
    assert {task.case for task in firsts} == {*old, *sample.drawn}
    assert {task.cause for task in firsts if task.case in old} == {"group"}
    assert {task.stratum for task in firsts if task.case in old} == {"elder"}


def test_the_last_day_is_the_end_of_the_cases_own_cooling_off_period(reviews: ReviewWorld) -> None:
    reviews.drawn("sale-1")
    (task, *_) = all_tasks(reviews)
    ended = next(event.at for event in reviews.log(task.case).events if event.type is EventType.RECORDING_ENDED)
    assert (ended[:10], task.due_on) == ("2026-11-20", "2026-12-05")


def test_cases_under_other_rules_and_talks_that_came_to_nothing_do_not_count(reviews: ReviewWorld) -> None:
    remote_young = reviews.close("young", age=35)
    refused = reviews.close("refused", reason="refused")
    destroyed = reviews.close("destroyed")
    destroy(open_case_log(reviews.world.vault, TENANT, destroyed), reviews.world.vault)
    (sample,) = draw_due(reviews.using)
    roll = parse_roll(open_case_log(reviews.world.vault, TENANT, reviews.using.plan_chain(PLAN)).open_object("roll-1"))
    assert {each.case: each.out for each in roll.cases} == {
        remote_young: "other_rules",
        refused: "not_concluded",
        destroyed: "destroyed",
    }
    assert (sample.grouped, sample.drawn) == ((), ())
    assert all_tasks(reviews) == []


def test_every_closed_case_is_in_exactly_one_roll(reviews: ReviewWorld) -> None:
    cases: list[str] = []
    for day in range(3):
        cases += [reviews.close(f"day-{day}-{number}", scene=COUNTER, age=40) for number in range(2)]
        assert len(draw_due(reviews.using)) == 1
        cases.append(reviews.close(f"late-{day}", scene=COUNTER, age=40))
        assert draw_due(reviews.using) == []
        reviews.world.clock.move(DAY_MS)
    draw_due(reviews.using)
    log = open_case_log(reviews.world.vault, TENANT, reviews.using.plan_chain(PLAN))
    rolls = [parse_roll(log.open_object(f"roll-{no}")) for no in range(1, 5)]
    assert [each.case for roll in rolls for each in roll.cases] == cases
    assert all(one.end == other.first for one, other in pairwise(rolls))


def test_nothing_is_drawn_where_nothing_was_closed(reviews: ReviewWorld) -> None:
    assert draw_due(reviews.using, is_asked=True) == []
    assert plan_chain(reviews) == []


def test_an_auditor_repeats_the_draw_from_the_ledger(reviews: ReviewWorld) -> None:
    reviews.close("old-1")
    (sample,) = draw_due(reviews.using)
    assert check_draw(PLAN, 1, reviews.using) == sample
    with pytest.raises(NotFoundError, match="no draw"):
        check_draw(PLAN, 2, reviews.using)


def test_a_tree_that_is_not_the_ledgers_is_found_out(reviews: ReviewWorld) -> None:
    reviews.close("old-1")
    draw_due(reviews.using)
    forged = replace(reviews.using, tree_at=lambda size: replace(reviews.using.tree_at(size), root="00" * 32))
    with pytest.raises(IntegrityError, match="another tree"):
        check_draw(PLAN, 1, forged)


def test_a_case_closed_after_the_roll_changes_nothing_of_the_draw(reviews: ReviewWorld) -> None:
    for number in range(4):
        reviews.close(f"young-{number}", scene=COUNTER, age=35)
    (sample,) = draw_due(reviews.using)
    reviews.close("afterwards", scene=COUNTER, age=35)
    assert check_draw(PLAN, 1, reviews.using) == sample
    draw_due(reviews.using, is_asked=True)
    assert check_draw(PLAN, 1, reviews.using) == sample


def test_a_crash_after_the_roll_is_drawn_from_that_roll(reviews: ReviewWorld) -> None:
    reviews.close("old-1")
    broken = replace(reviews.using, tree_at=_fails)
    with pytest.raises(UnavailableError):
        draw_due(broken)
    assert plan_chain(reviews) == [EventType.REVIEW_ROLL_FROZEN]
    reviews.close("old-2")
    (sample,) = draw_due(reviews.using)
    assert len(sample.grouped) == 1
    assert plan_chain(reviews) == [EventType.REVIEW_ROLL_FROZEN, EventType.REVIEW_SAMPLE_DRAWN]
    assert [task.case for task in all_tasks(reviews) if task.stage == "first"] == list(sample.grouped)
    check_draw(PLAN, 1, reviews.using)


def test_a_crash_before_the_tasks_were_opened_is_made_good(reviews: ReviewWorld) -> None:
    cases = reviews.drawn("old-1", "old-2")
    with transaction(reviews.using.sessions.database) as connection:
        connection.execute(review_schema.tables["review_tasks"].delete())
        connection.execute(review_schema.tables["review_rolls"].delete())
    assert draw_due(reviews.using) == []
    assert {task.case for task in all_tasks(reviews)} == set(cases)
    assert plan_chain(reviews).count(EventType.REVIEW_SAMPLE_DRAWN) == 1


def _fails(_: int) -> Tree:
    raise UnavailableError("the ledger is away: try again")
