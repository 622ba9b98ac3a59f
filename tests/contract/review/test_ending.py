"""The end of a review's record: with its case and not before; keys, objects and rows are gone, the numbers are what they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.judge.review._tables import review_counts, review_redos, review_tasks, review_verdicts
from jianlu.judge.review.deciding import appeal, read_review
from jianlu.judge.review.drawing import check_draw, draw_due
from jianlu.judge.review.ending import end_reviews
from jianlu.judge.review.export import export_reviews
from jianlu.judge.review.redoing import redo_case
from jianlu.judge.review.statistics import Statistics, statistics
from jianlu.judge.review.taking import find_tasks, take_task
from jianlu.runtime.database import transaction
from tests.fakes.review.worlds import PLAN, REVIEWER, SECOND_REVIEWER, Changes, ReviewWorld, review_world, without_ledger
from tests.fakes.sessions.world import AGENT
from tests.fakes.vault.home import TENANT
from tests.fakes.vault.sale import destroy

OVERTURN: Changes = {"CN-IN-5a": (Verdict.MET, "王小明的证件在画面中出示", 1_000, 4_000)}


@pytest.fixture
def reviews(database_url: str) -> Iterator[ReviewWorld]:
    """A world in which two people look at every case."""
    with review_world(database_url, second_permille=1000) as opened:
        yield opened


def reviewed(reviews: ReviewWorld) -> list[str]:
    """Cases reviewed by two, appealed against, to be done again; one half done, one not begun."""
    whole, half, fresh = reviews.drawn("sale-1", "sale-2", "sale-3")
    reviews.decided(whole, OVERTURN, redo="请王小明重新录制一次")
    appeal(whole, ["cn-insurance-dual-recording:CN-IN-5b"], "王小明看过材料", using=reviews.using, by=AGENT)
    reviews.decided(whole, by=SECOND_REVIEWER, stage="second", redo="请王小明重新录制一次")
    reviews.decided(half)
    redo_case(whole, "sale-1-r", using=reviews.using, by=AGENT)
    return [whole, half, fresh]


def numbers(found: Statistics) -> object:
    """What must not change when cases go: everything but who reviewed and what is still to be done."""
    return replace(found, reviewers=(), ended=0, states={}, coverage=())


def test_nothing_ends_while_its_case_is_there(reviews: ReviewWorld) -> None:
    cases = reviewed(reviews)
    assert end_reviews(reviews.using) == []
    assert all(find_tasks(case, using=reviews.using) for case in cases)


def test_what_people_said_is_gone_with_the_case_and_the_numbers_stay(reviews: ReviewWorld) -> None:
    cases = reviewed(reviews)
    before = statistics(reviews.using)
    chains = [reviews.using.case_chain(case) for case in cases]
    for case in cases:
        destroy(reviews.log(case), reviews.world.vault)
    assert sorted(end_reviews(reviews.using)) == sorted(cases)
    assert end_reviews(reviews.using) == []
    vault = reviews.using.vault
    for case, chain in zip(cases[:2], chains[:2], strict=True):
        log = reviews.chain(case)
        assert log.events[-1].type is EventType.REVIEW_RECORD_SHREDDED
        assert log.is_shredded
        with pytest.raises(ConflictError, match="destroyed"):
            log.open_object("review-first")
        assert list(vault.blobs.names(f"{TENANT}/{chain}/")) == []
        with pytest.raises(ConflictError):
            log.salt("0/by")
    with transaction(reviews.using.sessions.database, writes=False) as connection:
        for table in (review_tasks, review_verdicts, review_redos):
            assert connection.execute(select(table)).all() == []
        kept = json.dumps([list(row) for row in connection.execute(select(review_counts))])
    assert not any(word in kept for word in (*cases, REVIEWER.account.id, SECOND_REVIEWER.account.id, AGENT.account.id))
    after = statistics(reviews.using)
    assert numbers(after) == numbers(before)
    assert (after.machine.n, after.people.n) == (before.machine.n, before.people.n)
    assert after.people.kappa == before.people.kappa and after.machine.table == before.machine.table
    assert (after.ended, after.reviewers) == (3, ())
    assert (after.states["open"], after.states["taken"], after.states["done"]) == (0, 0, before.states["done"])


def test_a_share_that_was_reached_stays_reached_and_what_was_never_done_is_late_for_good(reviews: ReviewWorld) -> None:
    cases = reviewed(reviews)
    (before,) = statistics(reviews.using).coverage
    for case in cases:
        destroy(reviews.log(case), reviews.world.vault)
    end_reviews(reviews.using)
    (after,) = statistics(reviews.using).coverage
    assert (before.in_time, before.late, before.waiting) == (2, 0, 1)
    assert (after.in_time, after.late, after.waiting) == (2, 1, 0)


def test_the_draw_is_still_repeated_without_the_cases(reviews: ReviewWorld) -> None:
    cases = reviewed(reviews)
    for case in cases:
        destroy(reviews.log(case), reviews.world.vault)
    end_reviews(reviews.using)
    assert set(check_draw(PLAN, 1, reviews.using).grouped) == set(cases)
    draw_due(reviews.using, is_asked=True)
    assert statistics(reviews.using).ended == 3


def test_nobody_reviews_or_reads_what_has_ended(reviews: ReviewWorld) -> None:
    whole, _, fresh = reviewed(reviews)
    for case in (whole, fresh):
        destroy(reviews.log(case), reviews.world.vault)
    with pytest.raises(ConflictError, match="destroyed"):
        take_task(fresh, "first", using=reviews.using, by=REVIEWER)
    end_reviews(reviews.using)
    with pytest.raises(NotFoundError):
        find_tasks(whole, using=reviews.using)
    with pytest.raises((ConflictError, NotFoundError)):
        read_review(whole, "first", using=reviews.using)
    document = json.loads(export_reviews("2026-11-01", "2026-12-31", using=reviews.using)[0])
    assert whole not in {entry["case"] for entry in document["reviews"]}
    assert document["ended"] == 2


def test_an_end_that_a_full_ledger_stopped_is_finished_by_the_next_turn(reviews: ReviewWorld) -> None:
    whole, *_ = reviewed(reviews)
    before = statistics(reviews.using)
    destroy(reviews.log(whole), reviews.world.vault)
    with pytest.raises(UnavailableError):
        end_reviews(without_ledger(reviews.using))
    assert numbers(statistics(reviews.using)) == numbers(before)
    reviews.chain(whole).shred()
    assert end_reviews(reviews.using) == [whole]
    assert numbers(statistics(reviews.using)) == numbers(before)
